"""Entities as rows: one row is a node or a relationship, with a cell for each property.

Every entity of a graph passes through here. So the work is done for many entities at once, by the
interpreter's own loops (`map`, `zip`), and not entity by entity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, Literal, NamedTuple

from neo4j_r2.archive.cells.decode import decode
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

EntityKind = Literal["node", "relationship"]
ID_CELLS: Final[dict[EntityKind, int]] = {"node": 1, "relationship": 2}
"""How many ids of nodes a row has before the cells of its properties."""


class Column(NamedTuple):
    """A property key and the kind (of `kinds.KINDS`) that its cells have."""

    key: str
    kind: str


@dataclass(frozen=True, eq=False)
class RowShape:
    """What the rows of many entities have in common: labels or type, and columns.

    Compared by object identity, which is fast; alike entities mostly share one object.
    """

    group: tuple[str, ...]
    """A node's labels in ascending order, or a relationship's type."""
    columns: tuple[Column, ...]
    """In ascending order of their keys."""


class Row(NamedTuple):
    """One node or relationship."""

    id: int
    shape: RowShape
    ids: tuple[str, ...]
    """A node's id, or the ids of a relationship's two endpoints, as cells."""
    cells: tuple[str, ...]
    """One for each column of the shape."""
    size: int
    """Characters of all cells, their separators and ids, about."""


def row_values(row: Row) -> list[Any]:
    """Return a row's values as query parameters, one for each column; see `decode`."""
    columns = zip(row.shape.columns, row.cells, strict=True)
    return [decode(column.kind, cell) for column, cell in columns]


def shapes(rows: Iterable[Row]) -> Counter[RowShape]:
    """Return how many rows each shape has. Equal shapes that are different objects are
    counted separately.
    """
    return Counter(map(SHAPE, rows))


def weight(rows: Sequence[Row]) -> int:
    """Return the size of rows as if their 32-bit floats were written out.

    That is about the memory that they need in the server.
    """
    size: int = sum(map(SIZE, rows))
    if any(column.kind == FLOATS_32 for shape in shapes(rows) for column in shape.columns):
        for row in rows:
            for column, cell in zip(row.shape.columns, row.cells, strict=True):
                if column.kind == FLOATS_32:
                    size += (FLOATS_32_WEIGHT - 1) * len(cell)
    return size


def node_rows(records: Sequence[Sequence[Any]]) -> list[Row]:
    """Encode nodes, records ``[id, labels, keys, values]``; the rows are in order of their ids."""
    return _rows(records, NODE_IDS)


def relationship_rows(records: Sequence[Sequence[Any]]) -> list[Row]:
    """Encode relationships, records ``[id, type, start id, end id, keys, values]``, likewise."""
    return _rows(records, RELATIONSHIP_IDS)


def _rows(records: Sequence[Sequence[Any]], ids: slice) -> list[Row]:
    """Encode entities, those with the same group and keys together.

    :param ids: where in a record the ids are that become cells.
    """
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Sequence[Any]]] = {}
    before: tuple[Any, Any] = (None, None)
    some: list[Sequence[Any]] = []
    for record in records:
        group, keys = record[GROUP], record[KEYS]
        # Most records are like the one before: for them one comparison is cheaper than a tuple and
        # a look into `alike`.
        if (group, keys) != before:
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
    """Return labels in ascending order, or a type as a tuple of one."""
    return (group,) if isinstance(group, str) else tuple(sorted(group))


def _rows_alike(records: Sequence[Sequence[Any]], ids: slice) -> Iterable[Row]:
    """Encode records with the same group and keys, column by column."""
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
    # Not strict: what is the same for all rows is a `repeat` without an end. The ids end.
    return map(_NEW_ROW, zip(fields[ENTITY_ID], each_shape, id_cells, tuples, sizes, strict=False))


def _shapes(
    group: tuple[str, ...], names: tuple[str, ...], kinds: Sequence[str | Sequence[str]]
) -> Iterable[RowShape]:
    """Return the shape of each entity, or one shape repeated without an end if all have it."""
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
"""How many characters a row counts for besides its cells: about those of its ids."""
_NEW_ROW: Final[Callable[[Iterable[Any]], Row]] = partial(tuple.__new__, Row)
"""Makes a `Row` of its fields. `Row._make` does the same, but as a Python function: it would run
once for every entity. This partial of a built-in function stays inside the interpreter."""
