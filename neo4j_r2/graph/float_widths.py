"""The width of floats for which the query cannot tell it: the same text in 32 bits and in 64."""

from __future__ import annotations

from collections.abc import Callable, Collection

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.core.alike_entities import AlikeEntities

Place = tuple[tuple[str, ...], str]
"""A node's labels in ascending order, or a relationship's type; and a property key."""


class FloatWidths:
    """Knows the places where every list of floats has 32 bits a number."""

    def __init__(self, read: Callable[[], Collection[Place]]) -> None:
        """:param read: asks the store for the places, once, when they are first needed."""
        self._read = read
        self._places: Collection[Place] | None = None

    def settle(self, entities: AlikeEntities) -> None:
        """Replace each value of either width by one of a known width, which `encode.encode` takes.

        The values are replaced in their lists: most entities have none, and are not copied.
        """
        for values in entities.values:
            for index, value in enumerate(values):
                # A list of one list: the read query's sign. Not a function: it runs for each value.
                if type(value) is list and value and type(value[0]) is list:
                    floats = value[0]
                    is_32_bit = place(entities.group, entities.keys[index]) in self._known()
                    values[index] = {"type": FLOATS_32, "text": floats} if is_32_bit else floats

    def _known(self) -> Collection[Place]:
        if self._places is None:
            self._places = self._read()
        return self._places


def place(group: str | list[str], key: str) -> Place:
    """Return the place of a property in entities of a group."""
    return (group,) if isinstance(group, str) else tuple(sorted(group)), key


def stored_place(group: str | list[str], key: str) -> Place:
    """Return a place as the store's own procedures name it: they write a type T as ``:`T```."""
    if isinstance(group, str):
        group = group.removeprefix(":`").removesuffix("`")
    return place(group, key)
