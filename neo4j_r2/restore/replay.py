"""Replays an archive's data into an empty database.

Rows are sent as parameters. Relationships find their endpoints by the internal ids that the server
gave to the new nodes: that is a seek, and it leaves nothing to remove.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, Final

from neo4j_r2.archive.contents import rows_in
from neo4j_r2.archive.items import (
    Batch,
    MatchBatch,
    NodeBatch,
    RelationshipBatch,
    parameters,
)
from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.archive.text.mixed_table import split_off_rare
from neo4j_r2.archive.text.quoting import quote_name
from neo4j_r2.core.threads import Lanes
from neo4j_r2.graph.writer import Target, TooLargeError, Write, halves
from neo4j_r2.restore.mixed_write import mixed_node_write, mixed_relationship_write
from neo4j_r2.restore.replay_queries import match_query, node_query, relationship_query

log = logging.getLogger(__name__)

_TRANSACTION_ROWS: Final = 5_000
_TRANSACTION_CHARACTERS: Final = 1024 * 1024
_TRANSACTIONS_AT_ONCE: Final = 2
"""One is committed while the other is executed. More would wait for locks on the same nodes."""
_HELPER: Final = "_restore_pattern_"


@dataclass(frozen=True)
class _Creation:
    """A statement that creates entities, and what relationships call its nodes."""

    write: Write
    names: list[Hashable]


class Replay:
    """Writes nodes, then relationships. The caller creates the schema after them."""

    def __init__(self, target: Target, build: Callable[[str], None]) -> None:
        """:param build: creates an index by a statement, and returns when it is built."""
        self._build = build
        self.node_ids = NodeIds()
        self.unmatched = 0
        """Relationships that were not created: no pair of nodes matches their patterns."""
        self.ambiguous = 0
        """Relationships that were created more than once: several pairs of nodes match."""
        self._target = target
        self._lanes = Lanes(_TRANSACTIONS_AT_ONCE)
        self._taking: type[Batch] | None = None
        self._batches: list[NodeBatch | RelationshipBatch] = []
        """The batches of the next transaction, all of one type."""
        self._rows = self._characters = 0
        self._helpers: dict[tuple[str, str], str] = {}
        """The name of the index that helps to find patterns by a label and a property."""
        self._has_told_of_size = False

    def add(self, batch: Batch) -> None:
        """Take a batch, to write it together with others; `flush` writes the rest.

        :raises GraphError: if the server fails, at this batch or at one before.
        :raises CorruptError: if an endpoint of a relationship was in no batch before.
        """
        if type(batch) is not self._taking:  # relationships need the ids of all nodes before them
            self.flush()
            self._taking = type(batch)
        if isinstance(batch, MatchBatch):
            self._write_matches(batch)
            return
        self._batches.append(batch)
        self._rows += len(batch.rows)
        self._characters += batch.size
        if self._rows >= _TRANSACTION_ROWS or self._characters >= _TRANSACTION_CHARACTERS:
            self._begin_transaction()

    def flush(self) -> None:
        """Write all batches that are left, and wait for the server; raises what `add` does."""
        self._begin_transaction()
        self._lanes.drain()

    def remove_helpers(self) -> None:
        """Drop the indexes that helped to find patterns."""
        for name in self._helpers.values():
            self._target.run(f"DROP INDEX {name} IF EXISTS")

    def _begin_transaction(self) -> None:
        """Begin to write the batches so far, while the transaction before may still be running."""
        alike, rare = split_off_rare(self._batches, rows_in)
        creations = [self._creation(batch) for batch in alike]
        creations += self._mixed_creation(rare)
        self._batches = []
        self._rows = self._characters = 0
        if creations:
            writes = [creation.write for creation in creations]
            names = [creation.names for creation in creations]
            self._lanes.begin(partial(self._write, writes), partial(self._remember, names))

    def _creation(self, batch: NodeBatch | RelationshipBatch) -> _Creation:
        values = parameters(batch)
        if isinstance(batch, NodeBatch):
            rows = [[index, *row] for index, row in enumerate(values)]
            write = Write(node_query(batch.labels, batch.columns), rows, len(rows))
            return _Creation(write, batch.names)
        rows = _joined(self.node_ids.get(batch.starts), self.node_ids.get(batch.ends), values)
        return _Creation(Write(relationship_query(batch.type, batch.columns), rows, len(rows)), [])

    def _mixed_creation(
        self, batches: Sequence[NodeBatch | RelationshipBatch]
    ) -> Iterator[_Creation]:
        """Yield the creation of batches of a few rows each, if there are any."""
        nodes = [batch for batch in batches if isinstance(batch, NodeBatch)]
        relationships = [batch for batch in batches if isinstance(batch, RelationshipBatch)]
        if nodes:
            names = list(chain.from_iterable(batch.names for batch in nodes))
            yield _Creation(mixed_node_write(nodes), names)
        if relationships:
            starts = list(chain.from_iterable(batch.starts for batch in relationships))
            ends = list(chain.from_iterable(batch.ends for batch in relationships))
            pairs = zip(self.node_ids.get(starts), self.node_ids.get(ends), strict=True)
            yield _Creation(mixed_relationship_write(relationships, list(pairs)), [])

    def _remember(self, names: list[list[Hashable]], ids: list[list[list[int]]]) -> None:
        """Keep the ids that the server gave to new nodes."""
        for named, pairs in zip(names, ids, strict=True):
            for index, number in pairs:
                self.node_ids.put(named[index], number)

    def _write(self, writes: list[Write]) -> list[list[list[int]]]:
        """Write in one transaction, or in smaller ones if that is too large for the server."""
        try:
            return [result.ids for result in self._target.write(writes)]
        except TooLargeError:
            self._tell_of_size()
            if len(writes) > 1:
                return [ids for write in writes for ids in self._write([write])]
            if len(writes[0].rows) == 1:
                raise
            parts = [self._write([half])[0] for half in halves(writes[0])]
            return [[pair for ids in parts for pair in ids]]

    def _tell_of_size(self) -> None:
        """Say once that transactions get smaller: each large one can be refused anew."""
        if not self._has_told_of_size:
            self._has_told_of_size = True
            log.warning("Neo4j refused a write for its size, writing in smaller steps")

    def _write_matches(self, batch: MatchBatch) -> None:
        self._prepare(batch)
        starts = batch.starts if batch.start else self.node_ids.get(batch.starts)
        ends = batch.ends if batch.end else self.node_ids.get(batch.ends)
        query = match_query(batch.type, batch.columns, batch.start, batch.end)
        joined = _joined(starts, ends, batch.rows)
        rows = [[*row, number] for number, row in enumerate(joined)]
        write = partial(self._write, [Write(query, rows, None)])
        self._lanes.begin(write, partial(self._count_matches, len(rows)))
        self._lanes.drain()

    def _count_matches(self, rows: int, ids: list[list[list[int]]]) -> None:
        """Count the rows that made no relationship, and those that made several."""
        [pairs] = ids
        self.unmatched += rows - len(pairs)
        self.ambiguous += sum(number > 1 for _, number in pairs)

    def _prepare(self, batch: MatchBatch) -> None:
        """Create the indexes that make each pattern of a batch a seek."""
        for pattern in (batch.start, batch.end):
            if pattern is None or not pattern.labels or not pattern.columns:
                continue
            place = (pattern.labels[0], pattern.columns[0].key)
            if place not in self._helpers:
                name = self._helpers[place] = f"{_HELPER}{len(self._helpers)}"
                label, key = map(quote_name, place)
                self._build(f"CREATE RANGE INDEX {name} FOR (n:{label}) ON (n.{key})")


def _joined(starts: list[Any], ends: list[Any], rows: list[list[Any]]) -> list[list[Any]]:
    return [[start, end, *row] for start, end, row in zip(starts, ends, rows, strict=True)]
