"""The manual export: the service reads the whole graph itself. It is the reference for fidelity.

It reads the nodes by their internal ids, then the relationships, then the schema. In memory it
holds one block, what is read ahead, and the set of the nodes' ids.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import chain, count
from typing import Final

from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.archive.row_hashes import sums_of_rows
from neo4j_r2.archive.schema_creation import schema_creation, stated, unstated
from neo4j_r2.archive.script import frame_block, rows_block, with_clearings
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.blocks import (
    BLOCK_CHARACTERS,
    INCREMENT_CHARACTERS,
    RowBlock,
    blocks,
)
from neo4j_r2.archive.text.name_lists import name_statements
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import (
    GONE,
    EntityKind,
    Rows,
    encode_rows,
    number_of,
    weight,
)
from neo4j_r2.backup.changes import Changes
from neo4j_r2.backup.exporter import Lineage
from neo4j_r2.backup.seen_nodes import SeenNodes
from neo4j_r2.core.alike_entities import AlikeEntities
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import GraphError
from neo4j_r2.core.figures import graph_size
from neo4j_r2.core.threads import prefetch
from neo4j_r2.graph.read_names import read_names
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.unfinished_mark import refuse_restore_begun

_READ_AHEAD: Final = 2


class Walk:
    """One export. Exhaust `blocks` before you call `summary`."""

    method = "manual"

    def __init__(
        self,
        graph: Graph,
        database: Database,
        started: datetime,
        on_progress: Callable[[int], None],
        changes: Changes | None = None,
    ) -> None:
        """Prepare an export; `on_progress` is given the number of entities in each batch read.

        :param changes: compares the rows with those of an earlier backup; None takes all rows.
        """
        self._graph = graph
        self._database = database
        self._started = started
        self._on_progress = on_progress
        self._changes = changes
        self.restore_key = free_restore_key(graph)
        self._seen = SeenNodes()
        self._labels: Counter[tuple[str, ...]] = Counter()
        self._types: Counter[str] = Counter()
        self._late: deque[list[Rows]] = deque()
        """Late nodes that stand before the next relationships."""
        self._written: Counter[EntityKind] = Counter()
        """How many entities the text has."""
        self._has_gone = False
        self._largest_mean = 0.0
        """Characters of an entity, the mean of the record with the largest ones so far."""
        self._dangling = 0
        self._schema_sizes = (0, 0)
        self._unstated: list[str] = []
        self.names = ""
        """The statements that make all names known."""
        self.schema = ""
        """The statements that end the text, but for its end marker."""
        self.bookmark: frozenset[str] | None = None
        """The last commit; None if something was committed during the export."""

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the archive's text in its order.

        :raises GraphError: if the graph cannot be read to its end.
        """
        yield from with_clearings(self._content())

    def _content(self) -> Iterator[TextBlock]:
        before = self._graph.connection.applied_bookmark()
        last_node = self._graph.nodes.highest_id()
        yield self._prologue()
        limit = INCREMENT_CHARACTERS if self._is_increment else BLOCK_CHARACTERS
        for block in blocks(self._nodes(last_node), limit):
            yield self._text_block("nodes", block)
        removal_rows = frame.removal_rows(self._largest_mean)
        last_relationship = self._graph.relationships.highest_id()
        for block in blocks(self._relationships(last_relationship), limit):
            yield from self._late_blocks(limit)
            yield self._text_block("relationships", block)
        yield from self._late_blocks(limit)
        constraints, indexes = self._graph.catalogue.schema()
        refuse_restore_begun(indexes, self._database.name)
        self._unstated = unstated([*constraints, *indexes])
        self._schema_sizes = stated(constraints), stated(indexes)
        counts = self._graph.catalogue.counts()
        if self._graph.connection.bookmark() == before:
            self.bookmark = before
        if self.bookmark and counts != (self._labels.total(), self._types.total()):
            raise GraphError(
                f"Neo4j has {graph_size(*counts)}, but gave "
                f"{graph_size(self._labels.total(), self._types.total())}; nothing was backed up"
            )
        # The schema comes last. If others write during the export, the archive can hold a unique
        # value twice. The data is loaded by then, and the failing statement names the constraint.
        self.schema = frame.restore_key_removal(self.restore_key, removal_rows)
        self.schema += schema_creation(constraints, indexes)
        text = self.schema + frame.end(self._written["node"], self._written["relationship"])
        yield frame_block("epilogue", text)

    def lineage(self) -> Lineage | None:
        """Return what the archive needs; None if the rows were not compared."""
        if self._changes is None:
            return None
        return Lineage(self._changes.needs, sums_of_rows(self._changes.sums))

    def summary(self) -> ExportSummary:
        """Return what was exported."""
        labels = {json.dumps(group): number for group, number in sorted(self._labels.items())}
        return ExportSummary(
            method=self.method,
            nodes=self._labels.total(),
            relationships=self._types.total(),
            nodes_by_labels=labels,
            relationships_by_type=dict(sorted(self._types.items())),
            constraints=self._schema_sizes[0],
            indexes=self._schema_sizes[1],
            consistent=self.bookmark is not None,
            dangling_relationships=self._dangling,
            unstated_schema=self._unstated,
        )

    @property
    def has_rows(self) -> bool:
        """Whether the text has anything of the graph but its schema."""
        return self._written.total() > 0 or self._has_gone

    @property
    def _is_increment(self) -> bool:
        return self._changes is not None and not self._changes.is_full

    def _prologue(self) -> TextBlock:
        self.names = name_statements(read_names(self._graph.connection))
        text = (
            frame.increment_header(self._database, self._started)
            if self._is_increment
            else frame.header(self._database, self._started, self.method)
        )
        text += self.names + frame.restore_key_creation(self.restore_key)
        return frame_block("prologue", text)

    def _nodes(self, last: int) -> Iterator[list[Rows]]:
        """Yield the nodes that the text needs, all but late ones."""
        read = self._graph.nodes.read_up_to(last)
        for batch in self._rows(read):
            self._take_nodes(batch)
            yield self._needed("node", batch)
        if self._changes:
            yield from self._changes.rest("node")

    def _relationships(self, last: int) -> Iterator[list[Rows]]:
        """Yield the relationships that the text needs, and read their late endpoints."""
        read = self._graph.relationships.read_up_to(last)
        for batch in map(self._whole, self._rows(read)):
            for rows in batch:
                self._types[rows.shape.group[0]] += len(rows)
            self._refuse_reserved_names(batch)
            yield self._needed("relationship", batch)
        if self._changes:
            yield from self._changes.rest("relationship")

    def _rows(self, read: Iterator[list[AlikeEntities]]) -> Iterator[list[Rows]]:
        for rows in map(encode_rows, prefetch(read, _READ_AHEAD)):
            number = number_of(rows)
            self._on_progress(number)
            characters = weight(rows)
            entities = max(1, number)
            self._largest_mean = max(self._largest_mean, characters / entities)
            self._graph.read_sizes.expect(characters, entities)
            if rows:
                yield rows

    def _take_nodes(self, batch: list[Rows]) -> None:
        self._seen.add([rows.ids for rows in batch])
        for rows in batch:
            self._labels[rows.shape.group] += len(rows)
        self._refuse_reserved_names(batch)

    def _take_late(self, batch: list[Rows]) -> None:
        if not batch:
            return  # they were deleted meanwhile
        self._take_nodes(batch)
        self._late.append(batch)
        if self._changes:
            self._changes.add_late(batch)

    def _needed(self, entity: EntityKind, batch: list[Rows]) -> list[Rows]:
        return self._changes.of(entity, batch) if self._changes else batch

    def _whole(self, batch: list[Rows]) -> list[Rows]:
        """Return relationships with both endpoints; those that were created meanwhile are read."""
        missing = self._missing(batch)
        if not missing:
            return batch
        for late in map(encode_rows, self._graph.nodes.read_ids(missing)):
            self._take_late(late)
        gone = self._missing(batch)
        rows = [left for rows in batch if (left := rows.without(gone))]
        self._dangling += number_of(batch) - number_of(rows)
        return rows

    def _missing(self, relationships: Iterable[Rows]) -> set[int]:
        """Return the endpoints that were not read yet."""
        return self._seen.missing(chain.from_iterable(rows.names for rows in relationships))

    def _late_blocks(self, characters: int) -> Iterator[TextBlock]:
        while self._late:
            for block in blocks([self._late.popleft()], characters):
                yield self._text_block("late nodes", block)

    def _text_block(self, kind: str, block: RowBlock) -> TextBlock:
        made = rows_block(kind, block, self.restore_key)
        self._written["relationship" if kind == "relationships" else "node"] += made.entities
        self._has_gone |= any(each.shape == GONE for each in block.rows)
        return made

    def _refuse_reserved_names(self, rows: Iterable[Rows]) -> None:
        """Fail if somebody has begun to use the names of the restore key during the export."""
        if any(
            self.restore_key.label in group
            or any(self.restore_key.key == column.key for column in columns)
            for group, columns in {each.shape for each in rows}
        ):
            raise GraphError(
                f"The name {self.restore_key.label} or {self.restore_key.key} came into use during "
                "the export; run the backup again"
            )


def free_restore_key(graph: Graph) -> RestoreKey:
    """Return the first restore key whose names the graph does not use."""
    constraints, indexes = graph.catalogue.schema()
    names = {schema_object.name for schema_object in (*constraints, *indexes)}
    for number in count():
        restore_key = RestoreKey.numbered(number)
        if (
            restore_key.constraint not in names
            and not graph.catalogue.uses_label(restore_key.label)
            and not graph.catalogue.knows_property(restore_key.key)
        ):
            return restore_key
    raise AssertionError("unreachable: numbers do not end")
