"""Lists once what the bucket holds of each database: its backups, and how much there is of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from neo4j_r2.bucket.backups import StoredBackup, backups_among
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.usage import Usage


@dataclass(frozen=True)
class StoredDatabase:
    """What the bucket holds of one database."""

    backups: Sequence[tuple[StoredBackup, int]] = ()
    """Each backup, complete or not, with the bytes of its own objects; oldest first."""

    @property
    def usage(self) -> Usage:
        """How much that is."""
        return Usage(
            backups=sum(backup.manifest_key is not None for backup, _ in self.backups),
            size=sum(size for _, size in self.backups),
        )


def stored_by_database(bucket: Bucket, prefix: str) -> dict[str, StoredDatabase]:
    """Return what there is of each database that has backups, by the database's name.

    :raises BucketError: if the bucket cannot be read.
    """
    objects = {each.key: each.size for each in bucket.objects(f"{prefix}/")}
    found = defaultdict[str, list[tuple[StoredBackup, int]]](list)
    for backup in backups_among(objects.items(), prefix):
        found[backup.name.database].append((backup, sum(objects[key] for key in backup.keys)))
    return {name: StoredDatabase(backups) for name, backups in sorted(found.items())}


def usage_by_database(bucket: Bucket, prefix: str) -> dict[str, Usage]:
    """Return the usage of each database that has backups, by the database's name.

    :raises BucketError: if the bucket cannot be read.
    """
    return {name: each.usage for name, each in stored_by_database(bucket, prefix).items()}


def usage_of(stored: Mapping[str, StoredDatabase], database: str) -> Usage:
    """Return the usage of one database; zeros if it has no backups."""
    return stored.get(database, StoredDatabase()).usage
