"""An entity as the graph is read: a plain list, and the names of its places.

A node is ``[id, labels, keys, values]``. A relationship is
``[id, type, start id, end id, keys, values]``. A record stays the list that the driver makes:
an export reads over 100,000 a second, and an object for each of them would slow it down.
"""

from __future__ import annotations

from typing import Any, Final

EntityRecord = list[Any]

ENTITY_ID: Final = 0
GROUP: Final = 1
"""A list of labels, or a type."""
NODE_IDS: Final = slice(0, 1)
"""The ids that name a node in an archive: its own."""
RELATIONSHIP_IDS: Final = slice(2, 4)
"""The ids that name a relationship in an archive: those of its start and its end."""
KEYS: Final = -2
"""The property keys; the values are in the same order."""
VALUES: Final = -1
