"""What the check of an archive has read: kept for the replay, if it is little."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from neo4j_r2.archive.contents import rows_in
from neo4j_r2.archive.items import AnyStatement, Item, SchemaStatement

KEPT_CHARACTERS: Final = 16 * 1024 * 1024
"""Of text, and `_ROW_CHARACTERS` for each row; more than that is read a second time instead."""
_ROW_CHARACTERS: Final = 100


class ItemCache:
    """All items of a small archive, or none of a larger one."""

    def __init__(self) -> None:
        self.is_whole = True
        self._items: deque[Item] = deque()
        self._characters = 0

    def add(self, item: Item) -> None:
        """Keep an item, unless that is too much; then keep nothing."""
        if isinstance(item, SchemaStatement | AnyStatement):
            self._characters += len(item.text)
        else:
            self._characters += item.size + _ROW_CHARACTERS * rows_in(item)
        self.is_whole = self._characters <= KEPT_CHARACTERS
        if self.is_whole:
            self._items.append(item)
        else:
            self._items.clear()

    def release(self) -> Iterator[Item]:
        """Yield the items, and hold them no more."""
        while self._items:
            yield self._items.popleft()
