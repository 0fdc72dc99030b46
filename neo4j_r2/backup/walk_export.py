"""The manual export: the service reads the whole graph itself. It is the reference for fidelity.

It reads the nodes by their internal ids, then the relationships, then the schema. In memory it
holds one block, what is read ahead, and the set of the nodes' ids.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, count
from typing import Any, Final

from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.archive.schema_creation import schema_creation, stated, unstated
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.blocks import RowBlock, blocks
from neo4j_r2.archive.text.name_lists import name_statements
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import (
    Rows,
    characters_of_floats,
    node_rows,
    number_of,
    relationship_rows,
    weight,
)
from neo4j_r2.archive.text.statements import node_statements, relationship_statements
from neo4j_r2.backup.seen_nodes import SeenNodes
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import GraphError
from neo4j_r2.core.figures import graph_size
from neo4j_r2.core.threads import prefetch
from neo4j_r2.graph.read_names import read_names
from neo4j_r2.graph.reader import Graph

_READ_AHEAD: Final = 2
_CHARACTERS_BETWEEN_CLEARINGS: Final = 16 * 1024 * 1024


class Walk:
    """One export. Exhaust `blocks` before you call `summary`."""

    method = "manual"

    def __init__(
        self,
        graph: Graph,
        database: Database,
        started: datetime,
        on_progress: Callable[[int], None],
    ) -> None:
        """Prepare an export; `on_progress` is given the number of entities in each batch read."""
        self._graph = graph
        self._database = database
        self._started = started
        self._on_progress = on_progress
        self.restore_key = free_restore_key(graph)
        self._seen = SeenNodes()
        self._labels: Counter[tuple[str, ...]] = Counter()
        self._types: Counter[str] = Counter()
        self._largest_mean = 0.0
        """Characters of an entity, the mean of the record with the largest ones so far."""
        self._dangling = 0
        self._schema_sizes = (0, 0)
        self._unstated: list[str] = []
        self._consistent = False

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the archive's text in its order.

        :raises GraphError: if the graph cannot be read to its end.
        """
        characters = 0
        for block in self._content():
            yield block
            characters += len(block.text)
            if characters > _CHARACTERS_BETWEEN_CLEARINGS:
                yield TextBlock("clearing", -1, -1, 0, frame.CACHE_CLEARING.encode("ascii"))
                characters = 0

    def _content(self) -> Iterator[TextBlock]:
        before = self._graph.connection.bookmark()
        last_node = self._graph.nodes.highest_id()
        yield self._prologue()
        for block in blocks(self._rows(self._graph.nodes.read_up_to(last_node), node_rows)):
            yield self._node_block(block)
        removal_rows = frame.removal_rows(self._largest_mean)
        last_relationship = self._graph.relationships.highest_id()
        relationships = self._graph.relationships.read_up_to(last_relationship)
        for block in blocks(self._rows(relationships, relationship_rows)):
            yield from self._relationship_blocks(block)
        constraints, indexes = self._graph.catalogue.schema()
        self._unstated = unstated([*constraints, *indexes])
        self._schema_sizes = stated(constraints), stated(indexes)
        counts = self._graph.catalogue.counts()
        self._consistent = self._graph.connection.bookmark() == before
        if self._consistent and counts != (self._labels.total(), self._types.total()):
            raise GraphError(
                f"Neo4j has {graph_size(*counts)}, but gave "
                f"{graph_size(self._labels.total(), self._types.total())}; nothing was backed up"
            )
        # The schema comes last. If others write during the export, the archive can hold a unique
        # value twice. The data is loaded by then, and the failing statement names the constraint.
        text = frame.restore_key_removal(self.restore_key, removal_rows)
        text += schema_creation(constraints, indexes)
        text += frame.end(self._labels.total(), self._types.total())
        yield TextBlock("epilogue", -1, -1, 0, text.encode("ascii"))

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
            consistent=self._consistent,
            dangling_relationships=self._dangling,
            unstated_schema=self._unstated,
        )

    def _rows(
        self, batches: Iterator[list[Any]], encode: Callable[[Sequence[Any]], list[Rows]]
    ) -> Iterator[list[Rows]]:
        for batch in prefetch(batches, _READ_AHEAD):
            rows = encode(batch)
            self._on_progress(len(batch))
            characters = weight(rows)
            entities = max(1, len(batch))
            self._largest_mean = max(self._largest_mean, characters / entities)
            self._graph.read_sizes.expect(characters, entities)
            yield rows

    def _prologue(self) -> TextBlock:
        text = frame.header(self._database, self._started, self.method)
        text += name_statements(read_names(self._graph.connection))
        text += frame.restore_key_creation(self.restore_key)
        return TextBlock("prologue", -1, -1, 0, text.encode("ascii"))

    def _node_block(self, block: RowBlock, kind: str = "nodes") -> TextBlock:
        self._seen.add([rows.ids for rows in block.rows])
        for rows in block.rows:
            self._labels[rows.shape.group] += len(rows)
        self._refuse_reserved_names(block.rows)
        return _text_block(kind, block, node_statements(block.rows, self.restore_key))

    def _relationship_blocks(self, block: RowBlock) -> Iterator[TextBlock]:
        """Yield a block of relationships. Endpoints that were created meanwhile come before it."""
        if missing := self._missing(block.rows):
            for late in blocks(map(node_rows, self._graph.nodes.read_ids(missing))):
                yield self._node_block(late, "late nodes")
            block = self._without_dangling(block)
        for rows in block.rows:
            self._types[rows.shape.group[0]] += len(rows)
        self._refuse_reserved_names(block.rows)
        if block.rows:
            text = relationship_statements(block.rows, self.restore_key)
            yield _text_block("relationships", block, text)

    def _without_dangling(self, block: RowBlock) -> RowBlock:
        """Return a block without the relationships whose endpoints are in no block."""
        gone = self._missing(block.rows)
        rows = [left for rows in block.rows if (left := rows.without(gone))]
        self._dangling += number_of(block.rows) - number_of(rows)
        return replace(block, rows=rows)

    def _missing(self, relationships: Iterable[Rows]) -> set[int]:
        """Return the endpoints that are in no block yet."""
        return self._seen.missing(chain.from_iterable(rows.names for rows in relationships))

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


def _text_block(kind: str, block: RowBlock, statements: str) -> TextBlock:
    text = f":begin\n{statements}:commit\n".encode("ascii")
    is_base64 = 2 * sum(map(characters_of_floats, block.rows)) > len(text)
    return TextBlock(kind, block.first, block.last, number_of(block.rows), text, is_base64)
