"""Tells whether reading a backup has failed because somebody removed it, as a prune elsewhere."""

from __future__ import annotations

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.core.errors import BackupGoneError, BucketError, BucketUnavailableError


def was_removed(bucket: Bucket, key: str, error: BucketError) -> bool:
    """Whether a call has failed because its backup is not there any more.

    :param key: of the object that is removed first: the manifest; without one, the archive.
    :raises BucketError: if R2 cannot tell.
    """
    if isinstance(error, BackupGoneError | BucketUnavailableError):
        return isinstance(error, BackupGoneError)
    return bucket.head(key) is None
