"""Stores one export as a backup: the archive first, the manifest last."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass, replace

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.backup.base import missing_need
from neo4j_r2.backup.begin_upload import begin_upload
from neo4j_r2.backup.exporter import Exporter, NeedMissingError
from neo4j_r2.backup.make_manifest import Origin, make_manifest, stored_form
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.backup.write_archive import write_archive
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.core.errors import BucketError, BucketUnavailableError, Side
from neo4j_r2.run.lock import RunLock
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Destination:
    """Where a run stores its backups, with the run's lock, watch and progress."""

    bucket: Bucket
    settings: StoreSettings
    lock: RunLock
    watch: Watch
    progress: Progress


def store(exporter: Exporter, origin: Origin, destination: Destination, estimate: int) -> Manifest:
    """Store what `exporter` yields, then the manifest that makes it a backup.

    :param estimate: about how many bytes the archive will have.
    :raises NeedMissingError: if somebody has removed an archive that this one needs.
    :raises CorruptError: if the archive does not read back as it was written. No manifest is
        written then, so there is no backup.
    :raises BackupError: if anything else fails. The bucket then shows nothing new, or only the
        archive if the manifest was what failed.
    """
    bucket, settings, watch = destination.bucket, destination.settings, destination.watch
    progress = destination.progress
    wanted = BackupName(settings.prefix, origin.database.name, origin.started)
    with ExitStack() as stack:
        with watch.waiting_for(Side.R2):
            begun = begin_upload(bucket, destination.lock, settings, wanted, estimate)
            name, upload = stack.enter_context(begun)
        if settings.is_compressed:
            log.info("Compressing %s.cypher...", name.stem)
        if settings.is_encrypted:
            log.info("Encrypting %s...", upload.key.rpartition("/")[2])
        with progress:
            blocks = write_archive(upload, exporter, settings, watch, progress)
        with watch.waiting_for(Side.R2):
            _require_needs(bucket, exporter, name)
            upload.complete()
    log.info("Upload successful: s3://%s/%s", bucket.name, upload.key)
    is_encrypted = settings.is_encrypted
    named = replace(origin, started=name.taken)
    manifest = make_manifest(named, exporter, upload, blocks, is_encrypted=is_encrypted)
    if settings.verify_after:
        # Only here, since it takes as long to load as a login at Neo4j.
        from neo4j_r2.backup.verify_upload import verify_upload  # noqa: PLC0415

        try:
            verify_upload(bucket, manifest, watch, is_encrypted=is_encrypted)
        except BucketUnavailableError:
            raise
        except BucketError:
            with watch.waiting_for(Side.R2):
                _require_needs(bucket, exporter, name)  # which it has read too
            raise
    with watch.waiting_for(Side.R2):
        _require_needs(bucket, exporter, name)  # again: to read it back can take hours
        bucket.put_new(name.manifest_key, stored_form(manifest, settings.recipients).to_json())
    return manifest


def _require_needs(bucket: Bucket, exporter: Exporter, name: BackupName) -> None:
    """Look for what the archive needs: another host may have pruned during the export.

    :raises NeedMissingError: if something is missing.
    """
    lineage = exporter.lineage()
    if lineage and lineage.needs:
        objects = bucket.objects(f"{name.prefix}/{name.database}_")
        if missing := missing_need(lineage.needs, {each.key: each.size for each in objects}):
            raise NeedMissingError(missing)
