"""Entities as rows of cells, and the blocks of ids that rows are gathered in.

A block is a fixed range of internal ids. Where its rows hold more text than `BLOCK_CHARACTERS` it
is halved, again and again, so that whether a range is one block depends on nothing but the
entities in it: a block nobody wrote to is the same block in the next backup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from neo4j_r2.values import encode

BLOCK_IDS: Final = 8192
"""Ids in a block that was never halved; a power of two."""
BLOCK_CHARACTERS: Final = 1024 * 1024
"""Characters of cells above which a block is halved, down to a single entity."""


class Column(NamedTuple):
    """A property key and the kind (of `values.KINDS`) that its cells have."""

    key: str
    kind: str


class Row(NamedTuple):
    """One entity."""

    id: int
    group: tuple[str, ...]
    """A node's labels in ascending order, or a relationship's type."""
    identity: tuple[str, ...]
    """A node's id, or the ids of a relationship's two endpoints, as cells."""
    columns: tuple[Column, ...]
    """In ascending order of their keys."""
    cells: tuple[str, ...]
    """One for each column."""
    size: int
    """Characters of all cells and their separators."""


@dataclass(frozen=True)
class RowBlock:
    """All rows of the ids `first` to `last`, both included, in ascending order of their ids."""

    first: int
    last: int
    rows: Sequence[Row]


def node_row(record: Sequence[Any]) -> Row:
    """Encode ``[id, labels, keys, values]``."""
    identity, labels, keys, values = record
    return _row(identity, tuple(sorted(labels)), (str(identity),), tuple(keys), values)


def relationship_row(record: Sequence[Any]) -> Row:
    """Encode ``[id, type, start id, end id, keys, values]``."""
    identity, kind, start, end, keys, values = record
    return _row(identity, (kind,), (str(start), str(end)), tuple(keys), values)


def _row(
    number: int,
    group: tuple[str, ...],
    identity: tuple[str, ...],
    keys: tuple[str, ...],
    values: Sequence[Any],
) -> Row:
    encoded = [encode(values[index]) for index in _ascending(keys)]
    columns = _columns(keys, tuple(value.kind for value in encoded))
    cells = tuple(value.cell for value in encoded)
    return Row(number, group, identity, columns, cells, 16 + sum(map(len, cells)) + len(cells))


@lru_cache(maxsize=4096)
def _ascending(keys: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(keys)), key=keys.__getitem__))


@lru_cache(maxsize=4096)
def _columns(keys: tuple[str, ...], kinds: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(map(Column, sorted(keys), kinds))


def blocks(rows: Iterator[Row]) -> Iterator[RowBlock]:
    """Gather rows, which come in ascending order of their ids, in blocks; none is empty.

    Holds no more than `BLOCK_CHARACTERS` of cells and one row.
    """
    source = _Source(rows)
    while (row := source.take()) is not None:
        source.give_back([row])
        first = row.id // BLOCK_IDS * BLOCK_IDS
        yield from _split(first, first + BLOCK_IDS - 1, source)


def _split(first: int, last: int, source: _Source) -> Iterator[RowBlock]:
    taken: list[Row] = []
    size = 0
    while size <= BLOCK_CHARACTERS and (row := source.take(last)) is not None:
        taken.append(row)
        size += row.size
    if size <= BLOCK_CHARACTERS or first == last:
        if taken:
            yield RowBlock(first, last, taken)
        return
    source.give_back(taken)
    middle = (first + last) // 2
    yield from _split(first, middle, source)
    yield from _split(middle + 1, last, source)


class _Source:
    """An iterator of rows that takes rows back."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._returned: list[Row] = []

    def take(self, last: int | None = None) -> Row | None:
        """Return the next row, or None if there is none with an id up to `last`."""
        row = self._returned.pop() if self._returned else next(self._rows, None)
        if row is not None and last is not None and row.id > last:
            self._returned.append(row)
            return None
        return row

    def give_back(self, rows: list[Row]) -> None:
        """Make `rows` the next ones again."""
        self._returned.extend(reversed(rows))
