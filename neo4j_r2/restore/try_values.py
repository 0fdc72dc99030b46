"""Tries on the target what an archive's values need, before a restore changes anything.

Only the server knows which dates, zones and points are valid. A value of a proved archive was valid
where it was read, but the target's Java may have other time zones. So of such an archive, the
values in named zones are tried. A file of another program has no hashes that prove it. All its
values that are sent as text are tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from neo4j_r2.archive.cells.decode import expression, is_typed
from neo4j_r2.archive.cells.temporal import hours_in_zones, named_zones
from neo4j_r2.archive.items import Item, MatchBatch, NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.core.errors import CorruptError, GraphError, GraphUnavailableError
from neo4j_r2.graph.reader import Graph

_SHOWN: Final = 60
_REMEMBERED: Final = 100_000
"""The most hours that are remembered, about: those of ten years in a zone."""
_IN_A_ZONE: Final = frozenset(
    f"{prefix}zoned datetime{suffix}" for prefix in ("", "list of ") for suffix in ("", " of parts")
)
"""The kinds of values that can be in a named zone."""


class Trial:
    """Lets the target make an archive's values; nothing is stored."""

    def __init__(self, graph: Graph, *, is_proved: bool) -> None:
        """:param is_proved: whether the archive has a manifest that proves it."""
        self._graph = graph
        self._is_proved = is_proved
        self._zones: dict[str, bool] = {}
        """The named zones so far, and whether the target knows them."""
        self._tried: set[tuple[str, str, str]] = set()
        """Hours in a zone of which a value was tried. Hardly any zone changes within an hour."""

    def add(self, item: Item) -> None:
        """Try an item's values.

        :raises CorruptError: naming the first value that is none of its kind.
        :raises GraphError: if the target has other rules for a time zone.
        """
        for column, cells in _columns(item):
            if is_typed(column.kind):
                continue
            texts = sorted({cell for cell in cells if cell is not None})
            if column.kind in _IN_A_ZONE:
                self._try_zones(column, texts)
            elif not self._is_proved:
                self._try(column, texts)

    def finish(self) -> None:
        """Name the time zones that the target does not know.

        :raises GraphError: if there are any.
        """
        unknown = sorted(zone for zone, is_known in self._zones.items() if not is_known)
        if unknown:
            raise GraphError(
                f"The archive has times in {', '.join(unknown)}, and "
                f"{self._graph.connection.uri} does not know "
                f"{'this time zone' if len(unknown) == 1 else 'these time zones'}; run it on a "
                "newer Java, which has newer time zone data, and restore again"
            )

    def _try_zones(self, column: Column, texts: Sequence[str]) -> None:
        zones = {text: named_zones(text) for text in texts}
        for zone in set().union(*zones.values()) - self._zones.keys():
            self._zones[zone] = self._can_be_made("zoned datetime of parts", [f"0 0 {zone}"])
        known = [text for text in texts if all(self._zones[zone] for zone in zones[text])]
        self._try(column, self._in_new_hours(known) if self._is_proved else known)

    def _in_new_hours(self, texts: Sequence[str]) -> list[str]:
        """Return the texts that have an hour in a zone that was not tried yet."""
        if len(self._tried) > _REMEMBERED:
            self._tried.clear()
        found = []
        for text in texts:
            if not self._tried.issuperset(hours := hours_in_zones(text)):
                self._tried |= hours
                found.append(text)
        return found

    def _try(self, column: Column, texts: Sequence[str]) -> None:
        if not texts or self._can_be_made(column.kind, texts):
            return
        bad = next(text for text in texts if not self._can_be_made(column.kind, [text]))[:_SHOWN]
        if self._is_proved:
            raise GraphError(
                f"{self._graph.connection.uri} has other rules for the time "
                f"zone of {bad!r} of {column.key!r}; run it on the Java, or with the time zone "
                "data, of the Neo4j that was backed up, and restore again"
            )
        raise CorruptError(f"{bad!r} of {column.key!r} is no {column.kind}")

    def _can_be_made(self, kind: str, texts: Sequence[str]) -> bool:
        query = f"UNWIND $texts AS c RETURN count({expression(kind, 'c')}) AS number"
        try:
            self._graph.connection.rows(query, texts=texts)
        except GraphUnavailableError:
            raise
        except GraphError:
            return False
        return True


def _columns(item: Item) -> Iterator[tuple[Column, list[Any]]]:
    tables: list[tuple[Sequence[Column], list[list[Any]]]] = []
    if isinstance(item, NodeBatch | RelationshipBatch | MatchBatch):
        tables.append((item.columns, item.rows))
    if isinstance(item, MatchBatch):
        ends = ((item.start, item.starts), (item.end, item.ends))
        tables += [(pattern.columns, rows) for pattern, rows in ends if pattern]
    for columns, rows in tables:
        for index, column in enumerate(columns):
            yield column, [row[index] for row in rows]
