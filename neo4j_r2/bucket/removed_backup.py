"""Backups that somebody removes while they are read, as a prune on another host."""

from __future__ import annotations

from neo4j_r2.archive.manifest import StoredManifest, read_manifest
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.core.errors import BackupGoneError, BucketError, BucketUnavailableError


def read_listed(bucket: Bucket, manifest_key: str) -> StoredManifest:
    """Read a manifest that was listed.

    :raises BackupGoneError: if it was removed since.
    :raises CorruptError: if it is damaged or has the format of a later version.
    :raises BucketError: if R2 fails.
    """
    try:
        return read_manifest(bucket.get(manifest_key))
    except BucketError as error:
        if not was_removed(bucket, manifest_key, error):
            raise
        raise BackupGoneError(f"{manifest_key} was removed meanwhile") from error


def was_removed(bucket: Bucket, key: str, error: BucketError) -> bool:
    """Whether a call has failed because its backup is not there any more.

    :param key: of the object that is removed first: the manifest; without one, the archive.
    :raises BucketError: if R2 cannot tell.
    """
    if isinstance(error, BackupGoneError | BucketUnavailableError):
        return isinstance(error, BackupGoneError)
    return bucket.head(key) is None
