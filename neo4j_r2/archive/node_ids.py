"""Finds the internal id of each node of an archive by the name that relationships use."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from typing import Final

from neo4j_r2.core.errors import CorruptError

_PAGE_BITS: Final = 10
_PAGE_MASK: Final = (1 << _PAGE_BITS) - 1
_EMPTY_PAGE: Final = b"\xff" * 8 * (1 << _PAGE_BITS)


class NodeIds:
    """The internal id of each node by its name.

    In our archives a name is the id that the node had. Such numbers are dense: in pages of 1,024
    places each costs 8 bytes.
    """

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}
        self._others: dict[Hashable, int] = {}

    def put(self, name: Hashable, number: int) -> None:
        """Remember a node. One without a name (None) is ignored.

        :raises CorruptError: if there is already a node with this name.
        """
        if name is None:
            return
        if isinstance(name, int):
            page = self._pages.get(name >> _PAGE_BITS)
            if page is None:
                page = self._pages[name >> _PAGE_BITS] = array("q", _EMPTY_PAGE)
            is_known = page[name & _PAGE_MASK] >= 0
            page[name & _PAGE_MASK] = number
        else:
            is_known = name in self._others
            self._others[name] = number
        if is_known:
            raise CorruptError(f"there are two nodes {_shown(name)}")

    def get(self, names: Iterable[Hashable]) -> list[int]:
        """Return the internal ids of the nodes with these names.

        :raises CorruptError: if one of them is unknown.
        """
        return [self._id(name) for name in names]

    def _id(self, name: Hashable) -> int:
        if isinstance(name, int):
            page = self._pages.get(name >> _PAGE_BITS)
            number = page[name & _PAGE_MASK] if page is not None else -1
        else:
            number = self._others.get(name, -1)
        if number < 0:
            raise CorruptError(f"a relationship's node {_shown(name)} is not there")
        return number


def _shown(name: Hashable) -> str:
    text = repr(name)
    return text if len(text) <= 80 else f"{text[:77]}..."
