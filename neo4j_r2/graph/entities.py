"""Reads the nodes, or the relationships, of a graph by their internal ids."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final

from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable

from neo4j_r2.core.alike_entities import AlikeEntities
from neo4j_r2.graph.connection import Connection, complete_records
from neo4j_r2.graph.float_widths import FloatWidths, Place, stored_place
from neo4j_r2.graph.queries import TOO_LARGE, EntityQueries
from neo4j_r2.graph.read_sizes import UNLIMITED, VALUE_CHARACTERS

LATE_IDS: Final = 16
"""Ids read at once if they are not a range. They are few, because such a read is not made smaller
when it fails."""
_FETCH_RECORDS: Final = 32


class Entities:
    """All nodes of a database, or all its relationships."""

    def __init__(self, connection: Connection, queries: EntityQueries) -> None:
        self._connection = connection
        self._queries = queries
        self._widths = FloatWidths(self._floats_32)

    def highest_id(self) -> int:
        """Return the highest internal id, -1 if there is none; a scan that reads no properties."""
        return int(self._connection.row(self._queries.highest_id)["id"])

    def read_all(self) -> Iterator[list[AlikeEntities]]:
        """Yield all entities that there are now; see `read_up_to`."""
        return self.read_up_to(self.highest_id())

    def read_up_to(self, last: int) -> Iterator[list[AlikeEntities]]:
        """Yield the entities of all ids up to the last, one range of ids after another.

        Their values are those that `encode.encode` takes. After a failure that can heal, the read
        goes on where it was.

        :raises GraphError: if the graph cannot be read to its end.
        """
        if self._connection.has_one_transaction:
            self._connection.read_sizes.end_each_query()
        following, progress = 0, time.monotonic()
        while following <= last:
            limits = self._connection.read_sizes.limits(following, last)
            start = following
            try:
                with self._connection.session(_FETCH_RECORDS) as session:
                    result = session.run(self._queries.by_range, limits)
                    for record in complete_records(result):
                        if record["start"] != start:
                            raise ServiceUnavailable("a part of the result is missing")
                        yield from self._without_signs(record["entities"])
                        start += limits["batch"]
                        following, progress = start, time.monotonic()
                        self._connection.made_progress()
            except (DriverError, Neo4jError) as error:
                self._connection.wait_or_raise(error, time.monotonic() - progress)

    def read_ids(self, ids: Iterable[int]) -> Iterator[list[AlikeEntities]]:
        """Yield entities as `read_up_to` does, a few at once, of those of `ids` that exist.

        :raises GraphError: if they cannot be read.
        """
        ordered = sorted(ids)
        for first in range(0, len(ordered), LATE_IDS):
            some = ordered[first : first + LATE_IDS]
            yield from self._without_signs(self._read_few(some, VALUE_CHARACTERS // LATE_IDS))

    def _read_few(self, ids: Sequence[int], limit: int) -> list[Any]:
        """Read entities; a failure that can heal is waited for.

        :raises GraphError: if they cannot be read.
        """
        row = self._connection.row(self._queries.by_ids, ids=ids, limit=limit)
        found: list[Any] = row["entities"]
        return found

    def _without_signs(self, found: Iterable[Sequence[Any]]) -> Iterator[list[AlikeEntities]]:
        """Yield entities without the signs of the read query.

        An entity with a value that was left out is read again, and comes alone.
        """
        entities = list(map(AlikeEntities.of, found))
        if not any(map(_has_lists, entities)):
            yield entities  # the usual case: without a list there is no sign
            return
        for part in filter(None, self._large_ones_alone(entities)):
            for each in part:
                self._widths.settle(each)
            yield part

    def _large_ones_alone(self, entities: list[AlikeEntities]) -> Iterator[list[AlikeEntities]]:
        """Yield entities in the order of their ids, those with a value that was left out alone."""
        for number in sorted(chain.from_iterable(map(_left_out, entities))):
            pairs = [each.parts_without(number) for each in entities]
            yield [below for below, _ in pairs if below]
            # Nothing if it was deleted since.
            yield list(map(AlikeEntities.of, self._read_few([number], UNLIMITED)))
            entities = [above for _, above in pairs if above]
        yield entities

    def _floats_32(self) -> set[Place]:
        rows = self._connection.rows(self._queries.floats_32)
        return {stored_place(row["group"], row["key"]) for row in rows}


def _has_lists(entities: AlikeEntities) -> bool:
    return list in map(type, chain.from_iterable(entities.values))


def _left_out(entities: AlikeEntities) -> Iterator[int]:
    """Yield the ids of the entities with a value that was left out."""
    for number, values in zip(entities.ids, entities.values, strict=True):
        if TOO_LARGE in values:
            yield number
