"""Keeps what the check of a small archive has read, so that the replay need not read it again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from neo4j_r2.archive.contents import rows_in
from neo4j_r2.archive.items import Adaptation, AnyStatement, Item, NameList, SchemaStatement

KEPT_CHARACTERS: Final = 16 * 1024 * 1024
"""The most that is kept: characters of text, and `_ROW_CHARACTERS` for each row. A larger archive
is read a second time."""
_ROW_CHARACTERS: Final = 100


class ItemCache:
    """All items of a small archive, or none of a larger one."""

    def __init__(self) -> None:
        self.is_whole = True
        self._items: deque[Item] = deque()
        self._characters = 0

    def add(self, item: Item) -> None:
        """Keep an item. Once the items are too much, drop all, and keep nothing from then on."""
        if isinstance(item, SchemaStatement | AnyStatement):
            self._characters += len(item.text)
        elif isinstance(item, NameList):
            self._characters += sum(map(len, item.names)) + _ROW_CHARACTERS * len(item.names)
        elif isinstance(item, Adaptation):
            self._characters += len(item.old)
        else:
            self._characters += item.size + _ROW_CHARACTERS * rows_in(item)
        self.is_whole = self._characters <= KEPT_CHARACTERS
        if self.is_whole:
            self._items.append(item)
        else:
            self._items.clear()

    def release(self) -> Iterator[Item]:
        """Yield the items, and forget each of them."""
        while self._items:
            yield self._items.popleft()
