"""Whether a graph has shrunk by more than it may: pure arithmetic with whole numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How large a backup's graph is, and was; in entities: nodes and relationships."""

    entities: int
    last_accepted: int
    """In the last accepted backup before it; 0 if there was none."""
    is_accepted: bool = False
    """Whether somebody has accepted the backup as small as it is."""

    def least(self, percent: int) -> int:
        """Return how many entities the backup has to have not to have shrunk."""
        return -(-self.last_accepted * (100 - percent) // 100)

    def has_shrunk(self, percent: int) -> bool:
        """Whether it is more than `percent` below the last accepted one; of 0 none is."""
        return percent > 0 and self.entities < self.least(percent)

    def is_alarming(self, percent: int) -> bool:
        """Whether it has shrunk, and nobody has accepted that."""
        return self.has_shrunk(percent) and not self.is_accepted

    def reference(self, percent: int) -> int:
        """Return the entities of the last accepted backup, this one included."""
        return self.last_accepted if self.is_alarming(percent) else self.entities
