"""Rows gathered into tables: the rows of one statement, all with the same columns.

Rows of one group that have different columns share a table where they can. Otherwise a label with
ten optional properties would need a statement, and a plan in the server, for each combination.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import Final

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.rows import (
    ROW_CHARACTERS,
    Column,
    Rows,
    RowShape,
    concatenated,
    in_order,
    joined,
    number_of,
)

STATEMENT_ROWS: Final = 1000
STATEMENT_CHARACTERS: Final = 512 * 1024
"""A statement holds at most this many rows, and takes no further row at this many characters."""


@dataclass(frozen=True, slots=True)
class RowTable:
    """Rows of one group that share columns, in ascending order of their ids."""

    group: tuple[str, ...]
    """A node's labels, or a relationship's type."""
    columns: Sequence[Column]
    """In ascending order of their keys."""
    ids: Sequence[int]
    names: Sequence[Sequence[int]]
    """See `Rows`."""
    cells: Sequence[Sequence[str | None]]
    """One column for each of `columns`. None stands for a property that a row lacks."""
    lacking: Collection[Column] = ()
    """The columns that have a None."""

    def __len__(self) -> int:
        return len(self.ids)

    def sizes(self) -> list[int]:
        """Return the size of each row, as `Rows` counts it: a cell counts one more than it has."""
        fixed = ROW_CHARACTERS + len(self.cells)
        lengths = map(self._lengths, self.columns, self.cells)
        return [fixed + sum(each) for each in zip(*lengths, strict=True)] or [fixed] * len(self)

    def _lengths(self, column: Column, cells: Sequence[str | None]) -> Iterable[int]:
        if column in self.lacking:
            return [-1 if cell is None else len(cell) for cell in cells]
        return map(len, cells)  # type: ignore[arg-type]  # none of them is None

    def piece(self, place: slice) -> RowTable:
        """Return the table of some of its rows."""
        names, cells = [each[place] for each in self.names], [each[place] for each in self.cells]
        return replace(self, ids=self.ids[place], names=names, cells=cells)


def row_tables(rows: Iterable[Rows]) -> Iterator[RowTable]:
    """Gather rows into tables, one for each statement.

    The order of the tables, and that of their rows, depends on nothing but the rows.

    :param rows: those of one shape come in ascending order of their ids.
    """
    for parts in _whole_tables(rows):
        table = _merged(parts)
        for place in pieces(len(table), sum(part.size for part in parts), table.sizes):
            yield table.piece(place)


def _whole_tables(rows: Iterable[Rows]) -> Iterator[list[Rows]]:
    """Yield the rows of each table, those of one shape together."""
    by_shape: dict[RowShape, list[Rows]] = {}
    for each in rows:
        by_shape.setdefault(each.shape, []).append(each)
    before: list[Rows] = []
    for shape in sorted(by_shape, key=_order):
        alike = joined(by_shape[shape])
        if before and not _share_table(before, alike):
            yield before
            before = []
        before.append(alike)
    if before:
        yield before


def _share_table(parts: Sequence[Rows], rows: Rows) -> bool:
    """Whether rows fit into a table: no kinds conflict, and at least half of the cells are there.

    A list of 32-bit floats cannot be missing, because its procedure takes no null.
    """
    if parts[0].shape.group != rows.shape.group:
        return False
    kinds = dict(chain.from_iterable(part.shape.columns for part in parts))
    if any(kinds.get(key, kind) != kind for key, kind in rows.shape.columns):
        return False
    if _vectors(parts[0].shape) != _vectors(rows.shape):
        return False
    together = [*parts, rows]
    width = len(kinds.keys() | {column.key for column in rows.shape.columns})
    filled = sum(len(part) * len(part.cells) for part in together)
    return width * number_of(together) <= 2 * filled


def _merged(parts: Sequence[Rows]) -> RowTable:
    """Return the table of some rows."""
    if len(parts) == 1:
        [rows] = parts
        group, own_columns = rows.shape
        return RowTable(group, own_columns, rows.ids, rows.names, rows.cells)
    columns = sorted(set(chain.from_iterable(part.shape.columns for part in parts)))
    ids = list(chain.from_iterable(part.ids for part in parts))
    order = sorted(range(len(ids)), key=ids.__getitem__)
    by_column = [dict(zip(part.shape.columns, part.cells, strict=True)) for part in parts]
    cells = [
        list(
            chain.from_iterable(
                present.get(column, [None] * len(part))
                for part, present in zip(parts, by_column, strict=True)
            )
        )
        for column in columns
    ]
    return RowTable(
        parts[0].shape.group,
        columns,
        [ids[place] for place in order],
        in_order(concatenated([part.names for part in parts]), order),
        in_order(cells, order),
        [column for column in columns if any(column not in present for present in by_column)],
    )


def pieces(number: int, size: int, sizes: Callable[[], Sequence[int]]) -> Iterator[slice]:
    """Yield the places of the rows of each statement.

    :param number: of all rows.
    :param size: of all rows.
    :param sizes: returns the size of each row; is called only if the rows are large.
    """
    if size <= STATEMENT_CHARACTERS:
        for first in range(0, number, STATEMENT_ROWS):
            yield slice(first, first + STATEMENT_ROWS)
        return
    first, each = 0, sizes()
    while first < number:
        sums = list(accumulate(each[first : first + STATEMENT_ROWS]))
        last = first + min(len(sums), bisect_left(sums, STATEMENT_CHARACTERS) + 1)
        yield slice(first, last)
        first = last


def _order(shape: RowShape) -> tuple[tuple[str, ...], list[str], tuple[Column, ...]]:
    """Return by what shapes are sorted: those with the same lists of 32-bit floats together."""
    return shape.group, _vectors(shape), shape.columns


def _vectors(shape: RowShape) -> list[str]:
    return [key for key, kind in shape.columns if kind == FLOATS_32]
