"""Remembers the restore points of each database, as the bucket had them after the last prune.

Only the page for people reads them, so that it costs the bucket nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from neo4j_r2.run.json_values import read_text, read_time, read_whole
from neo4j_r2.run.record_file import RecordFile

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

    @property
    def newest(self) -> RestorePoint | None:
        """The newest one that a run made, and not a restore; None without any."""
        own = (point for point in reversed(self.points) if not point.is_before_restore)
        return next(own, None)


@dataclass(frozen=True)
class RestorePoints:
    """The content of the file."""

    bucket: str
    prefix: str
    looked: datetime
    """When the bucket was listed."""
    databases: Mapping[str, DatabasePoints] = field(default_factory=dict)


class RestorePointsFile(RecordFile[RestorePoints]):
    """The file of the restore points."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / FILE_NAME, FORMAT_VERSION, _from_json)

    def _json(self, record: RestorePoints) -> str:
        content = {
            "format_version": FORMAT_VERSION,
            "bucket": record.bucket,
            "prefix": record.prefix,
            "looked": record.looked,
            # There are many points, so each is a list without the names of its fields.
            "databases": {
                name: {
                    "points": [astuple(each) for each in known.points],
                    "backups": known.backups,
                    "size": known.size,
                }
                for name, known in record.databases.items()
            },
        }
        return json.dumps(content, default=datetime.isoformat)


def _from_json(content: dict[str, Any]) -> RestorePoints:
    return RestorePoints(
        bucket=read_text(content["bucket"]),
        prefix=read_text(content["prefix"]),
        looked=read_time(content["looked"]),
        databases={name: _database(known) for name, known in content["databases"].items()},
    )


def _database(content: dict[str, Any]) -> DatabasePoints:
    return DatabasePoints(
        points=tuple(_point(*values) for values in content["points"]),
        backups=read_whole(content["backups"]),
        size=read_whole(content["size"]),
    )


def _point(*values: Any) -> RestorePoint:
    taken, key, size, kind, is_proved, is_before_restore = values
    return RestorePoint(
        read_time(taken),
        read_text(key),
        read_whole(size),
        read_text(kind),
        bool(is_proved),
        bool(is_before_restore),
    )
