"""Counts how many backups and bytes the bucket holds of each database."""

from __future__ import annotations

from neo4j_r2.bucket.backups import backups_among
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.usage import Usage


def usage_by_database(bucket: Bucket, prefix: str) -> dict[str, Usage]:
    """Return the usage of each database that has backups, by the database's name.

    :raises BucketError: if the bucket cannot be read.
    """
    objects = {each.key: each.size for each in bucket.objects(f"{prefix}/")}
    usages: dict[str, Usage] = {}
    for backup in backups_among(objects.items(), prefix):
        name = backup.name.database
        before = usages.get(name, Usage(0, 0))
        usages[name] = Usage(
            before.backups + (backup.manifest_key is not None),
            before.size + sum(objects[key] for key in backup.keys),
        )
    return dict(sorted(usages.items()))


def usage_of(bucket: Bucket, prefix: str, database: str) -> Usage:
    """Return the usage of one database; zeros if it has no backups.

    :raises BucketError: if the bucket cannot be read.
    """
    return usage_by_database(bucket, prefix).get(database, Usage(0, 0))
