"""How much the bucket holds of a database."""

from __future__ import annotations

from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import stored_backups
from neo4j_r2.state import Stored


def stored_of(bucket: Bucket, prefix: str, database: str) -> Stored:
    """Return the number of backups of a database, and the bytes of all its objects.

    :raises BucketError: if the bucket cannot be read.
    """
    objects = {stored.key: stored.size for stored in bucket.objects(f"{prefix}/")}
    own = [
        backup
        for backup in stored_backups(objects.items(), prefix)
        if backup.name.database == database
    ]
    return Stored(
        backups=sum(backup.manifest_key is not None for backup in own),
        size=sum(objects[key] for backup in own for key in backup.keys),
    )
