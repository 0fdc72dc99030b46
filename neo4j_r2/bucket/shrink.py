"""Tells whether a graph has shrunk by more than it may: pure arithmetic with whole numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """The size of a backup's graph, and the size before it, in nodes and relationships."""

    entities: int
    last_accepted: int
    """The entities of the last accepted backup before it; 0 if there was none."""
    is_accepted: bool = False
    """Whether somebody has accepted that the backup is so small."""

    def least(self, percent: int) -> int:
        """Return the fewest entities with which the backup has not shrunk."""
        return -(-self.last_accepted * (100 - percent) // 100)

    def has_shrunk(self, percent: int) -> bool:
        """Whether it is more than `percent` below the last accepted size; 0 turns the alarm off."""
        return percent > 0 and self.entities < self.least(percent)

    def is_alarming(self, percent: int) -> bool:
        """Whether it has shrunk and nobody has accepted it."""
        return self.has_shrunk(percent) and not self.is_accepted

    def reference(self, percent: int) -> int:
        """Return the size that the next backup is compared with: of the last accepted backup."""
        return self.last_accepted if self.is_alarming(percent) else self.entities
