"""Aborts the uploads that killed runs of this service left unfinished. R2 bills for their parts."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.bucket.multipart import UnfinishedUpload
from neo4j_r2.config.r2_settings import R2Settings
from neo4j_r2.core.errors import BucketError
from neo4j_r2.run.lock import RunLock

log = logging.getLogger(__name__)

ORPHANED_SECONDS: Final = 24 * 3600
"""An older upload belongs to no run. A younger one may belong to a run on another host."""


def sweep(
    bucket: Bucket, lock: RunLock, settings: R2Settings, database: str, now: datetime
) -> None:
    """Abort the upload that a killed run has recorded, and old uploads without a record.

    A failure is logged, and the next run tries again.
    """
    record = lock.abandoned_upload()
    if record and (record.endpoint_url, record.bucket) == (settings.endpoint_url, bucket.name):
        log.info("Aborting the upload that an interrupted run left: %s", record.key)
        if _abort(bucket, record.key, record.upload_id):
            lock.forget_upload()
    try:
        unfinished = bucket.uploads.unfinished(f"{settings.prefix}/")
    except BucketError as error:
        log.warning("Unfinished uploads could not be listed: %s", error)
        return
    for upload in orphans(unfinished, settings.prefix, database, now.timestamp()):
        log.info("Aborting an upload unfinished for over a day: %s", upload.key)
        _abort(bucket, upload.key, upload.upload_id)


def _abort(bucket: Bucket, key: str, upload_id: str) -> bool:
    try:
        bucket.uploads.abort_upload(key, upload_id)
    except BucketError as error:
        log.warning("It could not be aborted, the next run tries again: %s", error)
        return False
    return True


def orphans(
    uploads: Iterable[UnfinishedUpload], prefix: str, database: str, now: float
) -> list[UnfinishedUpload]:
    """Return the uploads older than a day whose keys are keys of this database's backups."""
    return [
        upload
        for upload in uploads
        if now - upload.initiated > ORPHANED_SECONDS
        and (parsed := parse_key(upload.key, prefix)) is not None
        and parsed[0].database == database
    ]
