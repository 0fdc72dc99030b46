"""The nodes of an archive by what relationships name them with."""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Iterable
from typing import Final

from neo4j_r2.core.errors import CorruptError

_PAGE_BITS: Final = 10
_PAGE_MASK: Final = (1 << _PAGE_BITS) - 1
_EMPTY_PAGE: Final = b"\xff" * 8 * (1 << _PAGE_BITS)


class Identities:
    """The internal id of each node by its identity.

    Our archives name a node by its former id: such numbers are dense, and cost 8 bytes each.
    """

    def __init__(self) -> None:
        self._pages: dict[int, array[int]] = {}
        self._others: dict[Hashable, int] = {}

    def put(self, identity: Hashable, number: int) -> None:
        """Remember a node, unless it has no identity (None).

        :raises CorruptError: if there is a node of this identity already.
        """
        if identity is None:
            return
        if isinstance(identity, int):
            page = self._pages.get(identity >> _PAGE_BITS)
            if page is None:
                page = self._pages[identity >> _PAGE_BITS] = array("q", _EMPTY_PAGE)
            is_known = page[identity & _PAGE_MASK] >= 0
            page[identity & _PAGE_MASK] = number
        else:
            is_known = identity in self._others
            self._others[identity] = number
        if is_known:
            raise CorruptError(f"there are two nodes {_shown(identity)}")

    def get(self, identities: Iterable[Hashable]) -> list[int]:
        """Return the internal ids of nodes.

        :raises CorruptError: if one of them is unknown.
        """
        return [self._id(identity) for identity in identities]

    def _id(self, identity: Hashable) -> int:
        if isinstance(identity, int):
            page = self._pages.get(identity >> _PAGE_BITS)
            number = page[identity & _PAGE_MASK] if page is not None else -1
        else:
            number = self._others.get(identity, -1)
        if number < 0:
            raise CorruptError(f"a relationship's node {_shown(identity)} is not there")
        return number


def _shown(identity: Hashable) -> str:
    text = repr(identity)
    return text if len(text) <= 80 else f"{text[:77]}..."
