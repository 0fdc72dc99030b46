"""Remembers the restore points of each database, as the bucket had them after the last prune.

Only the page for people reads them, so that it costs the bucket nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

FORMAT_VERSION: Final = 1
FILE_NAME: Final = "restore-points.json"
KEPT_POINTS: Final = 200


@dataclass(frozen=True)
class RestorePoint:
    """A complete backup, as a page for people shows it."""

    taken: datetime
    key: str
    """The key of its archive."""
    size: int
    """Bytes of its own objects in the bucket."""
    kind: str
    """full or incremental; empty if that is not known."""
    is_proved: bool
    is_before_restore: bool
    """Whether it was made because a restore was about to replace the graph."""


@dataclass(frozen=True)
class DatabasePoints:
    """The restore points of one database, and what the bucket holds of it."""

    points: tuple[RestorePoint, ...]
    """The newest `KEPT_POINTS`, oldest first."""
    backups: int
    """How many there are altogether."""
    size: int
    """The bytes of all objects, those of incomplete backups included."""


@dataclass(frozen=True)
class RestorePoints:
    """The content of the file."""

    bucket: str
    prefix: str
    looked: datetime
    """When the bucket was listed."""
    databases: Mapping[str, DatabasePoints] = field(default_factory=dict)


class RestorePointsFile:
    """The file; each write replaces the whole file."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME

    def read(self) -> RestorePoints | None:
        """Return the restore points; None if there is no file that this version can read."""
        raise NotImplementedError

    def write(self, points: RestorePoints) -> None:
        """Replace the file.

        :raises ConfigurationError: if the directory cannot be used.
        """
        raise NotImplementedError
