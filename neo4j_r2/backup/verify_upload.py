"""Reads an uploaded archive back (`BACKUP_VERIFY=after`) before its manifest is written."""

from __future__ import annotations

import logging

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.core.errors import Side
from neo4j_r2.restore.source import archive_source
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.verify import verify, verify_stored
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def verify_upload(bucket: Bucket, manifest: Manifest, watch: Watch, *, is_encrypted: bool) -> None:
    """Check what R2 has stored. Of an encrypted archive, only its bytes: there is no private key.

    :raises CorruptError: if it is not what was sent.
    :raises BucketError: if R2 fails.
    """
    log.info("Verifying the upload: %s", manifest.archive_key)
    stored = archive_source(bucket, manifest)
    with watch.waiting_for(Side.R2):
        if not is_encrypted:
            verify(unlock(stored, None), watch)
            return
        verify_stored(stored, manifest, watch)
    log.info("It is what was sent; `verify --identity` checks what is in it")
