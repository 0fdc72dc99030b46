"""Stores one export as a backup: the archive while it is being made, then its manifest."""

from __future__ import annotations

import logging
import random
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from neo4j_r2 import __version__
from neo4j_r2.archive.manifest import (
    ENCRYPTED_FORMAT_VERSION,
    FORMAT_VERSION,
    ExportSummary,
    LockedManifest,
    Manifest,
    StoredManifest,
    table_entry,
    timestamp,
)
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.archive.storage.pack import PackedBlock, TextBlock, pack
from neo4j_r2.archive.text.statements import RestoreKey
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.upload import Upload, part_size_for
from neo4j_r2.config.settings import Config
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import KeyTakenError, Side
from neo4j_r2.core.log import megabytes
from neo4j_r2.restore.source import archive_source
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.verify import verify, verify_stored
from neo4j_r2.run.lock import RunLock, UploadRecord
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_LONGEST_STEP: Final = 5
"""Seconds by which runs that met under one key part at the most."""


class Exporter(Protocol):
    """A way to turn a graph into the archive's text."""

    @property
    def restore_key(self) -> RestoreKey | None:
        """The temporary names that the text uses, if they are this service's."""

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the text; ends normally only if it is whole."""

    def summary(self) -> ExportSummary:
        """Return what was exported, after `blocks` has ended."""


@dataclass(frozen=True)
class Store:
    """Where backups of one database go."""

    bucket: Bucket
    config: Config
    lock: RunLock
    watch: Watch
    progress: Progress
    database: Database
    before_restore: bool = False
    """Whether a restore is about to replace the graph."""
    last_accepted: int = 0
    """Entities of the last accepted backup; 0 without any, or without the alarm."""

    def backup(self, exporter: Exporter, started: datetime, estimate: int) -> Manifest:
        """Store what `exporter` yields, and last the manifest that makes it a backup.

        :param estimate: about how many bytes the archive will have.
        :raises CorruptError: if the archive does not come back as it was made, and no manifest
            makes it a backup.
        :raises BackupError: with nothing visible in the bucket, unless only the manifest failed.
        """
        with ExitStack() as stack:
            with self.watch.waiting_for(Side.R2):
                name, upload = self._begin(stack, started, estimate)
            if self.config.compression:
                log.info("Compressing %s.cypher...", name.stem)
            if self.config.recipients:
                log.info("Encrypting %s...", upload.key.rpartition("/")[2])
            blocks = self._write(upload, exporter)
            with self.watch.waiting_for(Side.R2):
                upload.complete()
        log.info("Upload successful: s3://%s/%s", self.bucket.name, upload.key)
        manifest = self._manifest(exporter, started, upload, blocks)
        if self.config.verify_after:
            self._read_back(manifest)
        with self.watch.waiting_for(Side.R2):
            self.bucket.put_new(name.manifest_key, self._locked(manifest).to_json())
        return manifest

    def _begin(
        self, stack: ExitStack, started: datetime, estimate: int
    ) -> tuple[BackupName, Upload]:
        """Begin an upload under the first name from `started` on that nobody else uses."""
        name = BackupName(self.config.r2.prefix, self.database.name, started)
        while True:
            name = self._free_name(name)
            upload = Upload(
                self.bucket,
                name.archive_key(
                    compressed=self.config.compression, encrypted=bool(self.config.recipients)
                ),
                part_size=self.config.part_size or part_size_for(estimate),
                concurrency=self.config.upload_concurrency,
            )
            try:
                stack.enter_context(self._remembered(upload))
            except KeyTakenError:
                seconds = random.randint(1, _LONGEST_STEP)  # noqa: S311 - no secret
                log.info("Another run uses the key %s, taking a later one", upload.key)
                name = replace(name, taken=name.taken + timedelta(seconds=seconds))
            else:
                return name, upload

    @contextmanager
    def _remembered(self, upload: Upload) -> Iterator[None]:
        """Keep a record of the upload while it is under way."""
        record = None
        try:
            with upload:
                record = UploadRecord(
                    self.config.r2.endpoint_url, self.bucket.name, upload.key, upload.upload_id
                )
                self.lock.remember_upload(record)
                yield
        finally:
            if record and upload.is_settled:
                self.lock.forget_upload()

    def _write(self, upload: Upload, exporter: Exporter) -> list[dict[str, Any]]:
        level = self.config.compression_level if self.config.compression else None
        blocks: list[dict[str, Any]] = []
        with closing(self._archive(pack(exporter.blocks(), level), blocks)) as archive:
            for data in archive:
                with self.watch.waiting_for(Side.R2):
                    upload.write(data)
                self.progress.stored(len(data))
        self._log_size(upload, sum(block["text_length"] for block in blocks))
        return blocks

    def _archive(
        self, packed: Iterable[PackedBlock], table: list[dict[str, Any]]
    ) -> Generator[bytes, None, None]:
        """Yield the archive's bytes as they are stored; each block's entry goes into the table."""

        def plain() -> Iterator[bytes]:
            for block in packed:
                table.append(table_entry(block))
                yield block.data

        keys = self.config.recipients
        yield from Recipients(keys).encrypt(plain()) if keys else plain()

    def _locked(self, manifest: Manifest) -> StoredManifest:
        """Return the manifest as it is stored."""
        if not self.config.recipients:
            return manifest
        encrypted = Recipients(self.config.recipients).encrypt_text(manifest.to_json())
        return LockedManifest.of(manifest, encrypted)

    def _read_back(self, manifest: Manifest) -> None:
        """Prove what R2 has stored (`BACKUP_VERIFY=after`), as far as that needs no private key."""
        log.info("Verifying the upload: %s", manifest.archive_key)
        stored = archive_source(self.bucket, manifest)
        with self.watch.waiting_for(Side.R2):
            if not self.config.recipients:
                verify(unlock(stored, None), lambda _: self.progress.step())
                return
            verify_stored(stored, manifest)
        log.info("It is what was sent; to prove what is in it takes a private key")

    def _log_size(self, upload: Upload, text_size: int) -> None:
        if self.config.compression:
            reduction = 100 * (1 - upload.size / text_size)
            log.info(
                "Compression complete: %s (%.1f%% reduction)", megabytes(upload.size), reduction
            )
        log.info("Uploading to R2: %s (%s)", upload.key, megabytes(upload.size))

    def _free_name(self, name: BackupName) -> BackupName:
        """Return the first name from `name` on under which the bucket has nothing."""
        while any(self.bucket.objects(f"{name.prefix}/{name.stem}.")):
            name = replace(name, taken=name.taken + timedelta(seconds=1))
        return name

    def _manifest(
        self,
        exporter: Exporter,
        started: datetime,
        upload: Upload,
        blocks: list[dict[str, Any]],
    ) -> Manifest:
        return Manifest(
            format_version=ENCRYPTED_FORMAT_VERSION if self.config.recipients else FORMAT_VERSION,
            service_version=__version__,
            database=self.database.name,
            database_id=self.database.id,
            server_version=self.database.server_version,
            server_edition=self.database.edition,
            started=timestamp(started),
            finished=timestamp(datetime.now(UTC)),
            export=exporter.summary(),
            identity=asdict(exporter.restore_key) if exporter.restore_key else {},
            archive_key=upload.key,
            archive_size=upload.size,
            archive_sha256=upload.sha256,
            text_size=sum(block["text_length"] for block in blocks),
            blocks=blocks,
            before_restore=self.before_restore,
            last_accepted=self.last_accepted,
        )
