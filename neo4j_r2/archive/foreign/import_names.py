"""APOC's temporary names: those of a label and of properties that its files add and remove again.

They have a module of their own, because every backup needs the grammar of schema statements, which
knows them, but not the rest of what reads other programs' files.
"""

from __future__ import annotations

from typing import Final

IMPORT_LABEL: Final = "UNIQUE IMPORT LABEL"
IMPORT_KEY: Final = "UNIQUE IMPORT ID"
"""APOC finds nodes without a unique property by these two."""
RELATIONSHIP_IMPORT_KEY: Final = "UNIQUE IMPORT ID REL"
