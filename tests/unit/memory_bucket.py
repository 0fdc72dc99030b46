"""A bucket in memory, with backups that are some days old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, cast

from neo4j_r2.archive.manifest import FORMAT_VERSION, ExportSummary, Manifest
from neo4j_r2.bucket.client import Bucket, StoredObject
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.prune import prune
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.prune_settings import PruneSettings
from neo4j_r2.core.errors import BucketError

NOW: Final = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
PREFIX: Final = "neo4j-backup"
ARCHIVE: Final = b"an archive"
WEEK: Final = Rules(days=7)


class MemoryBucket:
    """A bucket on a dictionary, with the calls of a prune, and those that choose a backup."""

    name = "my-bucket"

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        self.locked: set[str] = set()
        self.deleted: list[str] = []
        self.read: list[str] = []

    @property
    def bucket(self) -> Bucket:
        """The same object, typed as a bucket."""
        return cast(Bucket, self)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects whose key starts with `prefix`."""
        for key, data in sorted(self.content.items()):
            if key.startswith(prefix):
                yield StoredObject(key, len(data), {})

    def get(self, key: str) -> bytes:
        """Return an object."""
        self.read.append(key)
        if key not in self.content:
            raise BucketError(f"Get {key} failed: NoSuchKey")
        return self.content[key]

    def stream(self, key: str, *, is_slow: bool = False) -> Iterator[bytes]:  # noqa: ARG002
        """Yield an object's bytes."""
        yield self.content[key]

    def head(self, key: str) -> StoredObject | None:
        """Return an object's size, or None if there is no such object."""
        data = self.content.get(key)
        return None if data is None else StoredObject(key, len(data), {})

    def put_new(self, key: str, data: bytes) -> None:
        """Store an object under a key that is free, or that holds the same bytes."""
        assert self.content.setdefault(key, data) == data

    def delete(self, key: str) -> bool:
        """Delete an object; False if it is `locked`."""
        if key in self.locked:
            return False
        del self.content[key]
        self.deleted.append(key)
        return True

    def add(
        self, days: float, *, nodes: int = 5, database_id: str = "ours", last_accepted: int = 0
    ) -> Manifest:
        """Store a backup that is `days` days old."""
        manifest = manifest_of(days, nodes, database_id, last_accepted)
        self.content[manifest.archive_key] = ARCHIVE
        self.content[name_of(days).manifest_key] = manifest.to_json()
        return manifest

    def prune(
        self, latest: Manifest, rules: Rules = WEEK, percent: int = 0, *, is_dry: bool = False
    ) -> int:
        """Prune after `latest` and return the number of manifests removed so far."""
        prune(self.bucket, PREFIX, PruneSettings(rules, percent, is_dry), latest, NOW)
        return sum(key.endswith(".manifest.json") for key in self.deleted)

    def ages(self) -> set[float]:
        """Return the ages in days of all complete backups."""
        days = (each / 2 for each in range(200))
        return {each for each in days if name_of(each).manifest_key in self.content}


def name_of(days: float) -> BackupName:
    return BackupName(PREFIX, "neo4j", NOW - timedelta(days=days))


def manifest_of(days: float, nodes: int, database_id: str, last_accepted: int) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION,
        service_version="0.1.0",
        database="neo4j",
        database_id=database_id,
        server_version="5.26.19",
        server_edition="community",
        started="2025-10-08T02:00:00Z",
        finished="2025-10-08T02:00:05Z",
        export=ExportSummary("manual", nodes, 0, {}, {}, 0, 0, True, 0),
        identity={},
        archive_key=name_of(days).archive_key(compressed=True),
        archive_size=len(ARCHIVE),
        archive_sha256="",
        text_size=0,
        blocks=[],
        last_accepted=last_accepted,
    )
