"""The width of floats that are the same text in 32 bits and in 64, as 0.5 and 1.0 are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

from neo4j_r2.archive.cells.kinds import FLOATS_32

Place = tuple[tuple[str, ...], str]
"""A node's labels in ascending order, or a relationship's type; and a key."""


class Widths:
    """Knows the places whose lists of floats are all of 32 bits."""

    def __init__(self, read: Callable[[], Collection[Place]]) -> None:
        """:param read: asks the store for them; it is called once, and only if it has to be."""
        self._read = read
        self._places: Collection[Place] | None = None

    def settle(self, record: Sequence[Any]) -> None:
        """Replace each value that may be of either width by one that `encode.encode` takes.

        :param record: ``[id, group, …, keys, values]``; such a value is a list of one list.
        """
        group, keys, values = record[1], record[-2], record[-1]
        for index, value in enumerate(values):
            if type(value) is list and value and type(value[0]) is list:
                is_narrow = (_group(group), keys[index]) in self._known()
                values[index] = {"type": FLOATS_32, "text": value[0]} if is_narrow else value[0]

    def _known(self) -> Collection[Place]:
        if self._places is None:
            self._places = self._read()
        return self._places


def _group(group: str | list[str]) -> tuple[str, ...]:
    return (group,) if isinstance(group, str) else tuple(sorted(group))
