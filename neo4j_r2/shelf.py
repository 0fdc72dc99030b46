"""The backups that a bucket holds, complete or not."""

from __future__ import annotations

from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import StoredBackup, stored_backups


def backups_in(bucket: Bucket, prefix: str) -> list[StoredBackup]:
    """Return all backups under a prefix, oldest first, as the listing shows them.

    :raises BucketError: if the bucket cannot be read.
    """
    listing = ((stored.key, stored.size) for stored in bucket.objects(f"{prefix}/"))
    return stored_backups(listing, prefix)
