"""Entities as rows of cells, and the blocks of ids that rows are gathered in.

A block is a fixed range of internal ids. Where its rows hold more text than `BLOCK_CHARACTERS` it
is halved, again and again, so that whether a range is one block depends on nothing but the
entities in it: a block nobody wrote to is the same block in the next backup.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, NamedTuple

from neo4j_r2.archive.cells.encode_column import encode_column
from neo4j_r2.archive.cells.kinds import FLOATS_32, FLOATS_32_WEIGHT
from neo4j_r2.core.entity_record import (
    ENTITY_ID,
    GROUP,
    KEYS,
    NODE_IDS,
    RELATIONSHIP_IDS,
    VALUES,
)

BLOCK_IDS: Final = 8192
"""Ids in a block that was never halved; a power of two."""
BLOCK_CHARACTERS: Final = 1024 * 1024
"""Characters of cells above which a block is halved, down to a single entity."""


class Column(NamedTuple):
    """A property key and the kind (of `kinds.KINDS`) that its cells have."""

    key: str
    kind: str


@dataclass(frozen=True, eq=False)
class RowShape:
    """What many entities have in common: mostly one object for all of them, told by identity."""

    group: tuple[str, ...]
    """A node's labels in ascending order, or a relationship's type."""
    columns: tuple[Column, ...]
    """In ascending order of their keys."""


class Row(NamedTuple):
    """One entity."""

    id: int
    shape: RowShape
    ids: tuple[str, ...]
    """A node's id, or the ids of a relationship's two endpoints, as cells."""
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


def shapes(rows: Iterable[Row]) -> Counter[RowShape]:
    """Return how many rows there are of each shape; two can say the same."""
    return Counter(map(SHAPE, rows))


def weight(rows: Sequence[Row]) -> int:
    """Return the size of rows if their 32-bit floats were written out: of what memory they need."""
    size: int = sum(map(SIZE, rows))
    if any(column.kind == FLOATS_32 for shape in shapes(rows) for column in shape.columns):
        for row in rows:
            for column, cell in zip(row.shape.columns, row.cells, strict=True):
                if column.kind == FLOATS_32:
                    size += (FLOATS_32_WEIGHT - 1) * len(cell)
    return size


def node_rows(records: Sequence[Sequence[Any]]) -> list[Row]:
    """Encode records ``[id, labels, keys, values]``, and return them in the order of their ids."""
    return _rows(records, NODE_IDS)


def relationship_rows(records: Sequence[Sequence[Any]]) -> list[Row]:
    """Encode ``[id, type, start id, end id, keys, values]``; see `node_rows`."""
    return _rows(records, RELATIONSHIP_IDS)


def _rows(records: Sequence[Sequence[Any]], ids: slice) -> list[Row]:
    """Encode the entities that have their group and their keys in common together."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Sequence[Any]]] = {}
    before: tuple[Any, Any] = (None, None)
    some: list[Sequence[Any]] = []
    for record in records:
        group, keys = record[GROUP], record[KEYS]
        if (group, keys) != before:  # mostly like the one before it
            before = group, keys
            some = alike.setdefault((_labels(group), tuple(keys)), [])
        some.append(record)
    rows: list[Row] = []
    for entities in alike.values():
        rows += _rows_alike(entities, ids)
    if len(alike) > 1:
        rows.sort(key=ID)
    return rows


def _labels(group: str | list[str]) -> tuple[str, ...]:
    """Return labels in ascending order, or a type alone."""
    return (group,) if isinstance(group, str) else tuple(sorted(group))


def _rows_alike(records: Sequence[Sequence[Any]], ids: slice) -> Iterable[Row]:
    group, keys = _labels(records[0][GROUP]), tuple(records[0][KEYS])
    fields = list(zip(*records, strict=True))
    values = list(zip(*fields[VALUES], strict=True))
    order = _ascending(keys)
    names = tuple(keys[index] for index in order)
    columns = [encode_column(values[index]) for index in order]
    kinds = [kind for kind, _ in columns]
    cells = [column for _, column in columns]
    id_cells = zip(*(map(str, numbers) for numbers in fields[ids]), strict=True)
    tuples = zip(*cells, strict=True) if cells else repeat(())
    sizes = _sizes(cells) if cells else repeat(_ROW_CHARACTERS)
    each_shape = _shapes(group, names, kinds)
    # Some of these have no end: the ids have one.
    return map(_NEW_ROW, zip(fields[ENTITY_ID], each_shape, id_cells, tuples, sizes, strict=False))


def _shapes(
    group: tuple[str, ...], names: tuple[str, ...], kinds: Sequence[str | Sequence[str]]
) -> Iterable[RowShape]:
    """Return the shape of each entity; without an end if it is the same of all."""
    if all(isinstance(kind, str) for kind in kinds):
        return repeat(_shape(group, names, tuple(kinds)))
    each = (repeat(kind) if isinstance(kind, str) else kind for kind in kinds)
    return (_shape(group, names, row_kinds) for row_kinds in zip(*each, strict=False))


def _sizes(columns: Sequence[Sequence[str]]) -> Iterator[int]:
    fixed = _ROW_CHARACTERS + len(columns)
    lengths = zip(*(map(len, cells) for cells in columns), strict=True)
    return (fixed + sum(each) for each in lengths)


@lru_cache(maxsize=4096)
def _ascending(keys: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(keys)), key=keys.__getitem__))


@lru_cache(maxsize=4096)
def _shape(group: tuple[str, ...], names: tuple[str, ...], kinds: tuple[str, ...]) -> RowShape:
    return RowShape(group, tuple(map(Column, names, kinds)))


ID: Final = attrgetter("id")
SHAPE: Final = attrgetter("shape")
SIZE: Final = attrgetter("size")
_ROW_CHARACTERS: Final = 16
"""What a row counts for besides its cells: its ids."""
_NEW_ROW: Final[Callable[[Iterable[Any]], Row]] = partial(tuple.__new__, Row)
"""What `Row._make` does, without the interpreter's part."""


def blocks(chunks: Iterable[list[Row]]) -> Iterator[RowBlock]:
    """Gather rows, which come in ascending order of their ids, in blocks; none is empty.

    Holds no more than `BLOCK_CHARACTERS` of cells and one chunk.
    """
    source = _RowQueue(chunks)
    while rows := source.take():
        source.give_back(rows)
        first = rows[0].id // BLOCK_IDS * BLOCK_IDS
        yield from _split(first, first + BLOCK_IDS - 1, source)


def _split(first: int, last: int, source: _RowQueue) -> Iterator[RowBlock]:
    taken: list[Row] = []
    size = 0
    while size <= BLOCK_CHARACTERS and (rows := source.take(last)):
        taken += rows
        size += sum(map(SIZE, rows))
    if size <= BLOCK_CHARACTERS or first == last:
        if taken:
            yield RowBlock(first, last, taken)
        return
    source.give_back(taken)
    middle = (first + last) // 2
    yield from _split(first, middle, source)
    yield from _split(middle + 1, last, source)


class _RowQueue:
    """Chunks of rows that can be taken in other pieces, and given back."""

    def __init__(self, chunks: Iterable[list[Row]]) -> None:
        self._chunks = iter(chunks)
        self._ahead: list[Row] = []

    def take(self, last: int | None = None) -> list[Row]:
        """Return the next rows, of ids up to `last`; nothing if there are none."""
        while not self._ahead:
            chunk = next(self._chunks, None)
            if chunk is None:
                return []
            self._ahead = chunk
        rows, self._ahead = self._ahead, []
        if last is not None and rows[-1].id > last:
            end = bisect_right(rows, last, key=ID)
            rows, self._ahead = rows[:end], rows[end:]
        return rows

    def give_back(self, rows: list[Row]) -> None:
        """Make `rows` the next ones again."""
        self._ahead = rows + self._ahead
