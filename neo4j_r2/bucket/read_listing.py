"""Reads what the bucket holds: backups with their manifests, unfinished uploads, foreign keys."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Final

from neo4j_r2.archive.manifest import read_manifest
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import StoredBackup, parse_key, stored_backups
from neo4j_r2.bucket.listing import ListedBackup, ListedUpload, Listing, listed
from neo4j_r2.core.errors import BucketError, CorruptError
from neo4j_r2.core.threads import ordered_map

log = logging.getLogger(__name__)

READ_AT_ONCE: Final = 16
"""Manifests; fewer than the connections that the client keeps."""


def read_listing(bucket: Bucket, prefix: str, database: str | None = None) -> Listing:
    """Return all that is under a prefix; what is wrong with one backup stops nothing.

    :param database: the one of which backups and uploads are meant; None means all.

    :raises BucketError: if R2 fails.
    """
    objects = [(stored.key, stored.size) for stored in bucket.objects(f"{prefix}/")]
    newest_first = [
        backup
        for backup in reversed(stored_backups(objects, prefix))
        if database in (None, backup.name.database)
    ]
    found = ordered_map(lambda backup: _read(bucket, backup), newest_first, READ_AT_ONCE)
    return Listing(
        bucket=bucket.name,
        prefix=prefix,
        time=datetime.now(UTC),
        backups=[line for lines in found for line in lines],
        uploads=_uploads(bucket, prefix, database),
        foreign=[(key, size) for key, size in objects if parse_key(key, prefix) is None],
    )


def _read(bucket: Bucket, backup: StoredBackup) -> list[ListedBackup]:
    """Describe a backup by its manifest, of whose size nothing is kept."""
    if backup.manifest_key is None:
        return listed(backup, None, "")
    try:
        return listed(backup, read_manifest(bucket.get(backup.manifest_key)), "")
    except CorruptError as error:
        return listed(backup, None, str(error))


def _uploads(bucket: Bucket, prefix: str, database: str | None) -> list[ListedUpload] | None:
    try:
        unfinished = bucket.uploads.unfinished(f"{prefix}/")
    except BucketError as error:
        log.warning("Unfinished uploads could not be looked for: %s", error)
        return None
    uploads = []
    for upload in sorted(unfinished, key=lambda each: each.initiated, reverse=True):
        parsed = parse_key(upload.key, prefix)
        begun = datetime.fromtimestamp(upload.initiated, UTC)
        of = parsed[0].database if parsed else None
        if None in (database, of) or of == database:
            uploads.append(ListedUpload(upload.key, begun, of))
    return uploads
