"""Rows gathered into tables: the rows of one statement, all with the same columns.

Rows of one group that have different columns share a table where they can. Otherwise a label with
ten optional properties would need a statement, and a plan in the server, for each combination.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import attrgetter
from typing import Final

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.missing_cells import missing_markers
from neo4j_r2.archive.text.rows import ID, SIZE, Column, Row, RowShape, shapes

STATEMENT_ROWS: Final = 1000
STATEMENT_CHARACTERS: Final = 512 * 1024
"""A statement holds at most this many rows, and takes no further row at this many characters."""

_IDS: Final = attrgetter("ids")
_CELLS: Final = attrgetter("cells")


@dataclass
class RowTable:
    """Rows of one group that share columns; a row may lack some of the properties."""

    group: tuple[str, ...]
    """A node's labels, or a relationship's type."""
    kinds: dict[str, str] = field(default_factory=dict)
    """The kind of each column, by its property key."""
    rows: list[Row] = field(default_factory=list)
    cells: int = 0
    """How many cells of the table are not missing."""

    def takes(self, columns: Sequence[Column], rows: int) -> bool:
        """Whether so many rows with these columns fit: no kinds conflict, half the cells filled."""
        if any(self.kinds.get(key, kind) != kind for key, kind in columns):
            return False
        if _vectors(self.kinds.items()) != _vectors(columns):
            return False  # a list of 32-bit floats cannot be missing: its procedure takes no null
        width = len(self.kinds.keys() | {column.key for column in columns})
        filled = self.cells + rows * len(columns)
        return width * (len(self.rows) + rows) <= 2 * filled

    def add(self, columns: Sequence[Column], rows: list[Row]) -> None:
        """Add rows that all have these columns."""
        self.kinds.update(columns)
        self.rows.extend(rows)
        self.cells += len(columns) * len(rows)

    def columns(self) -> tuple[dict[str, str], list[Sequence[str]]]:
        """Return the marker of a missing cell for each key that needs one, and all cells by column.

        The columns of ids come first, then those of the properties in the order of their keys.
        """
        keys = sorted(self.kinds)
        ids = list(zip(*map(_IDS, self.rows), strict=True))
        if all(len(shape.columns) == len(keys) for shape in shapes(self.rows)):
            return {}, [*ids, *zip(*map(_CELLS, self.rows), strict=True)]
        present = [
            {column.key: cell for column, cell in zip(row.shape.columns, row.cells, strict=True)}
            for row in self.rows
        ]
        markers = missing_markers(present, keys)
        cells = ([each.get(key, markers.get(key, "")) for each in present] for key in keys)
        return markers, [*ids, *cells]


def row_tables(rows: Iterable[Row]) -> Iterator[RowTable]:
    """Gather rows into tables, one for each statement.

    The order of the tables, and that of their rows, depends on nothing but the rows.
    """
    for table in _whole_tables(rows):
        yield from _cut(table)


def _whole_tables(rows: Iterable[Row]) -> Iterator[RowTable]:
    by_shape: dict[RowShape, list[Row]] = {}
    for row in rows:
        by_shape.setdefault(row.shape, []).append(row)
    groups: dict[tuple[str, ...], dict[tuple[Column, ...], list[Row]]] = {}
    for shape, alike in by_shape.items():
        groups.setdefault(shape.group, {}).setdefault(shape.columns, []).extend(alike)
    for group in sorted(groups):
        table = RowTable(group)
        for columns, alike in sorted(groups[group].items(), key=_order):
            if table.rows and not table.takes(columns, len(alike)):
                yield table
                table = RowTable(group)
            table.add(columns, alike)
        yield table


def _cut(table: RowTable) -> Iterator[RowTable]:
    """Cut a table into tables for one statement each, in ascending order of the rows' ids."""
    for some in pieces(sorted(table.rows, key=ID)):
        yield RowTable(table.group, table.kinds, some)


def pieces(rows: list[Row]) -> Iterator[list[Row]]:
    """Cut rows into pieces for one statement each."""
    first = 0
    while first < len(rows):
        some = rows[first : first + STATEMENT_ROWS]
        sizes = list(accumulate(map(SIZE, some)))
        some = some[: bisect_left(sizes, STATEMENT_CHARACTERS) + 1]
        yield some
        first += len(some)


def _order(rows: tuple[tuple[Column, ...], list[Row]]) -> tuple[list[str], tuple[Column, ...]]:
    """Return by what rows are sorted: those with the same lists of 32-bit floats stay together."""
    return _vectors(rows[0]), rows[0]


def _vectors(columns: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(key for key, kind in columns if kind == FLOATS_32)
