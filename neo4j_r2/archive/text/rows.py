"""Entities as rows: one row is a node or a relationship, with a cell for each property.

Every entity of a graph passes through here. So rows that are alike are held together, by columns,
and no entity has an object of its own. What is done for all of them is done by the interpreter's
own loops (`map`, `zip`): that costs half the time of a loop over entities.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, compress
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar

from neo4j_r2.archive.cells.decode import decode_column
from neo4j_r2.archive.cells.encode_column import encode_column
from neo4j_r2.archive.cells.kinds import FLOATS_32, FLOATS_32_WEIGHT
from neo4j_r2.core.alike_entities import AlikeEntities

EntityKind = Literal["node", "relationship"]
ID_CELLS: Final[dict[EntityKind, int]] = {"node": 1, "relationship": 2}
"""How many ids of nodes a row has before the cells of its properties."""
ROW_CHARACTERS: Final = 16
"""How many characters a row counts for besides its cells: about those of its ids."""
_Item = TypeVar("_Item")


class Column(NamedTuple):
    """A property key and the kind (of `kinds.KINDS`) that its cells have."""

    key: str
    kind: str


class RowShape(NamedTuple):
    """What rows that are alike have in common: labels or type, and columns."""

    group: tuple[str, ...]
    """A node's labels in ascending order, or a relationship's type."""
    columns: tuple[Column, ...]
    """In ascending order of their keys."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of one shape, at least one, in ascending order of their ids.

    Each of their columns has one item for each row.
    """

    shape: RowShape
    ids: Sequence[int]
    names: Sequence[Sequence[int]]
    """The columns of ids that become cells: of a node its own, of a relationship its endpoints'."""
    cells: Sequence[Sequence[str]]
    """One column for each of the shape's."""
    size: int
    """Characters of all cells, their separators and ids, about."""

    @classmethod
    def of(
        cls,
        shape: RowShape,
        ids: Sequence[int],
        names: Sequence[Sequence[int]],
        cells: Sequence[Sequence[str]],
    ) -> Self:
        """Return rows of these columns, with their size."""
        size = len(ids) * (ROW_CHARACTERS + len(cells))
        return cls(shape, ids, names, cells, size + sum(map(_characters, cells)))

    def __len__(self) -> int:
        return len(self.ids)

    def values(self) -> Iterator[Sequence[Any]]:
        """Yield the values of each row as query parameters; see `decode`."""
        columns = zip(self.shape.columns, self.cells, strict=True)
        values = [decode_column(column.kind, cells, None) for column, cells in columns]
        return zip(*values, strict=True) if values else iter([()] * len(self))

    def cut_behind(self, last: int) -> tuple[Self | None, Self | None]:
        """Return the rows of ids up to the last, and the others; None for none."""
        place = bisect_right(self.ids, last)
        if place in (0, len(self)):
            return (self, None) if place else (None, self)
        return self._slice(slice(place)), self._slice(slice(place, None))

    def without(self, gone: set[int]) -> Self | None:
        """Return the rows that name none of these nodes; None if there are none."""
        return self.chosen([gone.isdisjoint(names) for names in zip(*self.names, strict=True)])

    def chosen(self, flags: Sequence[bool]) -> Self | None:
        """Return the rows whose flags are set; None if there are none."""
        if all(flags):
            return self
        if not any(flags):
            return None
        ids = list(compress(self.ids, flags))
        return self.of(self.shape, ids, _chosen(self.names, flags), _chosen(self.cells, flags))

    def in_order(self) -> Self:
        """Return rows that are in any order in ascending order of their ids."""
        order = sorted(range(len(self)), key=self.ids.__getitem__)
        names, cells = in_order(self.names, order), in_order(self.cells, order)
        return replace(self, ids=[self.ids[place] for place in order], names=names, cells=cells)

    def _slice(self, place: slice) -> Self:
        names, cells = [each[place] for each in self.names], [each[place] for each in self.cells]
        return self.of(self.shape, self.ids[place], names, cells)


GONE: Final = RowShape((), (Column("", "gone"),))
"""The shape that stands for ids of entities that are no more. No entity has it."""


def gone_rows(ids: Sequence[int]) -> Rows:
    """Return ids of entities that are no more, in ascending order, as rows."""
    return Rows(GONE, ids, (), (), len(ids) * ROW_CHARACTERS)


def joined(parts: Sequence[Rows]) -> Rows:
    """Return rows of one shape together, those of each part behind those of the part before.

    :param parts: at least one.
    """
    if len(parts) == 1:
        return parts[0]
    ids = list(chain.from_iterable(part.ids for part in parts))
    names = concatenated([part.names for part in parts])
    cells = concatenated([part.cells for part in parts])
    return Rows(parts[0].shape, ids, names, cells, sum(part.size for part in parts))


def number_of(rows: Iterable[Rows]) -> int:
    """Return how many rows there are."""
    return sum(map(len, rows))


def weight(rows: Iterable[Rows]) -> int:
    """Return the size of rows as if their 32-bit floats were written out.

    That is about the memory that they need in the server.
    """
    return sum(each.size + (FLOATS_32_WEIGHT - 1) * characters_of_floats(each) for each in rows)


def characters_of_floats(rows: Rows) -> int:
    """Return how many characters the cells of 32-bit floats have."""
    columns = zip(rows.shape.columns, rows.cells, strict=True)
    return sum(_characters(cells) for column, cells in columns if column.kind == FLOATS_32)


def encode_rows(entities: Iterable[AlikeEntities]) -> list[Rows]:
    """Encode nodes, or relationships, that were read together.

    No two of the results have the same shape.
    """
    return by_shape(chain.from_iterable(map(_rows, entities)))


def by_shape(some: Iterable[Rows]) -> list[Rows]:
    """Return rows with those of one shape together.

    A read gives several such parts if the server has the labels or the keys of some entities in
    another order.
    """
    parts_of: dict[RowShape, list[Rows]] = {}
    for rows in some:
        parts_of.setdefault(rows.shape, []).append(rows)
    return [
        parts[0] if len(parts) == 1 else joined(parts).in_order() for parts in parts_of.values()
    ]


def _rows(entities: AlikeEntities) -> Iterator[Rows]:
    group, keys, ids = entities.group, tuple(entities.keys), entities.ids
    labels = (group,) if isinstance(group, str) else tuple(sorted(group))
    values = list(zip(*entities.values, strict=True))
    order = _ascending(keys)
    encoded = [encode_column(values[index]) for index in order]
    sorted_keys = [keys[index] for index in order]
    kinds, cells = [kind for kind, _ in encoded], [column for _, column in encoded]
    single_kinds = [kind for kind in kinds if isinstance(kind, str)]
    if len(single_kinds) == len(kinds):
        shape = RowShape(labels, tuple(map(Column, sorted_keys, single_kinds)))
        yield Rows.of(shape, ids, entities.names, cells)
        return
    repeated = ([kind] * len(ids) if isinstance(kind, str) else kind for kind in kinds)
    each_kinds = list(zip(*repeated, strict=True))
    for row_kinds in dict.fromkeys(each_kinds):
        flags = [kinds == row_kinds for kinds in each_kinds]
        shape = RowShape(labels, tuple(map(Column, sorted_keys, row_kinds)))
        some_ids = list(compress(ids, flags))
        names = _chosen(entities.names, flags)
        yield Rows.of(shape, some_ids, names, _chosen(cells, flags))


def in_order(columns: Iterable[Sequence[_Item]], order: Sequence[int]) -> list[list[_Item]]:
    """Return columns with their items in an order, which names their places."""
    return [list(map(column.__getitem__, order)) for column in columns]


def _chosen(columns: Iterable[Sequence[_Item]], flags: Sequence[bool]) -> list[list[_Item]]:
    return [list(compress(column, flags)) for column in columns]


def concatenated(parts: Iterable[Sequence[Sequence[_Item]]]) -> list[list[_Item]]:
    """Return the columns of several parts as one."""
    return [list(chain.from_iterable(columns)) for columns in zip(*parts, strict=True)]


def _characters(cells: Sequence[str]) -> int:
    return sum(map(len, cells))


@lru_cache(maxsize=4096)
def _ascending(keys: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(keys)), key=keys.__getitem__))
