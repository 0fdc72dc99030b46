"""The name by which people start this program: messages with commands have it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

FILE_NAME: Final = "backup.py"
PROGRAM_NAMES: Final = (FILE_NAME, "neo4j-r2-backup")
"""The file's name, and the name of the console script that a package installs."""


def program_name() -> str:
    """Return the name of the running program; the file's name if another program uses its code."""
    name = Path(sys.argv[0]).name
    return name if name in PROGRAM_NAMES else FILE_NAME
