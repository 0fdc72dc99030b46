"""What the check of an archive has read: kept for the replay, if it is little."""

from __future__ import annotations

from typing import Final

from neo4j_r2.batches import SchemaStatement
from neo4j_r2.foreign import AnyStatement, Item

KEPT_CHARACTERS: Final = 8 * 1024 * 1024
"""Of text; more than that is read a second time instead."""


class Kept:
    """All items of a small archive, or none of a larger one."""

    def __init__(self) -> None:
        self.items: list[Item] | None = []
        """None once they were of too much text."""
        self._characters = 0

    def add(self, item: Item) -> None:
        """Keep an item, unless that is too much; then keep nothing."""
        if isinstance(item, SchemaStatement | AnyStatement):
            self._characters += len(item.text)
        else:
            self._characters += item.size
        if self._characters > KEPT_CHARACTERS:
            self.items = None
        elif self.items is not None:
            self.items.append(item)
