"""Begins the upload of an archive under the first free key, starting at the run's time."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.upload import Upload, part_size_for
from neo4j_r2.core.errors import KeyTakenError
from neo4j_r2.run.lock import RunLock, UploadRecord

log = logging.getLogger(__name__)

_LONGEST_STEP: Final = 5
"""Seconds. Runs that meet under one key take later keys; each goes on by a random step."""


@contextmanager
def begin_upload(
    bucket: Bucket, lock: RunLock, settings: StoreSettings, name: BackupName, estimate: int
) -> Iterator[tuple[BackupName, Upload]]:
    """Begin an upload under the first free name from `name` on.

    The context aborts the upload if it is not completed.

    :param estimate: about how many bytes the archive will have.
    """
    with ExitStack() as stack:
        while True:
            name = _free_name(bucket, name)
            upload = _new_upload(bucket, settings, name, estimate)
            try:
                stack.enter_context(_recorded(upload, bucket, lock, settings))
                break
            except KeyTakenError:
                seconds = random.randint(1, _LONGEST_STEP)  # noqa: S311 - no secret
                log.info("Another run uses the key %s, taking a later one", upload.key)
                name = _later(name, seconds)
        yield name, upload


def _free_name(bucket: Bucket, name: BackupName) -> BackupName:
    """Return the first name from `name` on under which the bucket holds nothing."""
    while any(bucket.objects(f"{name.prefix}/{name.stem}.")):
        name = _later(name, 1)
    return name


def _later(name: BackupName, seconds: int) -> BackupName:
    return replace(name, taken=name.taken + timedelta(seconds=seconds))


def _new_upload(bucket: Bucket, settings: StoreSettings, name: BackupName, estimate: int) -> Upload:
    return Upload(
        bucket,
        name.archive_key(compressed=settings.is_compressed, encrypted=settings.is_encrypted),
        part_size=settings.part_size or part_size_for(estimate),
        concurrency=settings.upload_concurrency,
    )


@contextmanager
def _recorded(
    upload: Upload, bucket: Bucket, lock: RunLock, settings: StoreSettings
) -> Iterator[None]:
    """Keep the upload on record while it is under way: the next run aborts it if this one dies."""
    is_begun = False
    try:
        with upload:
            record = UploadRecord(settings.endpoint_url, bucket.name, upload.key, upload.upload_id)
            is_begun = True
            lock.remember_upload(record)
            yield
    finally:
        if is_begun and upload.is_settled:
            lock.forget_upload()
