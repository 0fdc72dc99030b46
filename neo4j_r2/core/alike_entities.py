"""Entities that were read together, with the same labels or type and the same keys."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class AlikeEntities:
    """Some entities, at least one, in ascending order of their ids.

    An export reads over 100,000 entities a second. So what they have in common is there once, and
    the lists stay those that the driver makes: an object for each entity would slow it down.
    """

    group: str | list[str]
    """A list of labels, or a type."""
    keys: Sequence[str]
    """The property keys."""
    values: Sequence[list[Any]]
    """The values of each entity, in the order of the keys."""
    ids: Sequence[int]
    names: Sequence[Sequence[int]]
    """The columns of ids that name them in an archive: of nodes their own, of relationships those
    of their starts and those of their ends."""

    @classmethod
    def of(cls, item: Sequence[Any]) -> Self:
        """Return entities as the server gives them.

        :param item: ``[labels, keys, values, ids]`` of nodes, or
            ``[type, keys, values, ids, ids of starts, ids of ends]`` of relationships.
        """
        group, keys, values, ids, *ends = item
        return cls(group, keys, values, ids, ends or [ids])

    def __len__(self) -> int:
        return len(self.ids)

    def parts_without(self, number: int) -> tuple[Self | None, Self | None]:
        """Return the entities with ids below a number, and those above it; None for none."""
        below = bisect_left(self.ids, number)
        above = below + (number in self.ids[below : below + 1])
        return self.piece(slice(below)), self.piece(slice(above, None))

    def piece(self, place: slice) -> Self | None:
        """Return some of the entities; None for none."""
        ids = self.ids[place]
        names = [each[place] for each in self.names]
        return type(self)(self.group, self.keys, self.values[place], ids, names) if ids else None
