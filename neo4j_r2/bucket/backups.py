"""The backups that a bucket holds, complete or not."""

from __future__ import annotations

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import StoredBackup, stored_backups
from neo4j_r2.bucket.usage import Usage


def backups_in(bucket: Bucket, prefix: str) -> list[StoredBackup]:
    """Return all backups under a prefix, oldest first, as the listing shows them.

    :raises BucketError: if the bucket cannot be read.
    """
    listing = ((stored.key, stored.size) for stored in bucket.objects(f"{prefix}/"))
    return stored_backups(listing, prefix)


def usage_by_database(bucket: Bucket, prefix: str) -> dict[str, Usage]:
    """Return by database the number of backups, and the bytes of all objects of this service.

    :raises BucketError: if the bucket cannot be read.
    """
    objects = {stored.key: stored.size for stored in bucket.objects(f"{prefix}/")}
    found: dict[str, Usage] = {}
    for backup in stored_backups(objects.items(), prefix):
        name = backup.name.database
        before = found.get(name, Usage(0, 0))
        found[name] = Usage(
            before.backups + (backup.manifest_key is not None),
            before.size + sum(objects[key] for key in backup.keys),
        )
    return dict(sorted(found.items()))


def usage_of(bucket: Bucket, prefix: str, database: str) -> Usage:
    """Return the same for one database.

    :raises BucketError: if the bucket cannot be read.
    """
    return usage_by_database(bucket, prefix).get(database, Usage(0, 0))
