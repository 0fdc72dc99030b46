"""Finds the newest complete backup of a database, by its manifest."""

from __future__ import annotations

import logging

from neo4j_r2.archive.manifest import StoredManifest, read_manifest
from neo4j_r2.bucket.backups import backups_in
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.core.errors import CorruptError

log = logging.getLogger(__name__)


def newest_backup(
    bucket: Bucket, prefix: str, database: str, database_id: str | None
) -> StoredManifest | None:
    """Return the manifest of the newest complete backup of a database, or None without any.

    A backup that was made before a restore, to save the graph that it replaced, does not count.

    :param database_id: the identity that the database must have had; None takes any.
    :raises BucketError: if the bucket cannot be read.
    """
    for backup in reversed(backups_in(bucket, prefix)):
        if backup.manifest_key is None or backup.name.database != database:
            continue
        try:
            manifest = read_manifest(bucket.get(backup.manifest_key))
        except CorruptError as error:
            log.warning("%s: %s", backup.manifest_key, error)
            continue
        is_of_it = manifest.database == database and database_id in (None, manifest.database_id)
        if is_of_it and not manifest.before_restore and backup.is_completed_by(manifest):
            return manifest
    return None
