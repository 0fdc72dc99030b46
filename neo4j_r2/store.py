"""Stores one export as a backup: the archive while it is being made, then its manifest."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from neo4j_r2 import __version__
from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import FORMAT_VERSION, BackupName, ExportSummary, Manifest, table_entry
from neo4j_r2.config import Config
from neo4j_r2.graph import Database
from neo4j_r2.lock import RunLock, UploadRecord
from neo4j_r2.log import megabytes
from neo4j_r2.pack import TextBlock, pack
from neo4j_r2.progress import Progress
from neo4j_r2.statements import Identity
from neo4j_r2.upload import Upload, part_size_for
from neo4j_r2.watch import Watch

log = logging.getLogger(__name__)


class Exporter(Protocol):
    """A way to turn a graph into the archive's text."""

    @property
    def identity(self) -> Identity | None:
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

    def backup(self, exporter: Exporter, started: datetime, estimate: int) -> Manifest:
        """Store what `exporter` yields, and last the manifest that makes it a backup.

        :param estimate: about how many bytes the archive will have.
        :raises BackupError: with nothing visible in the bucket, unless only the manifest failed.
        """
        with self.watch.waiting_for("R2"):
            name = self._free_name(started)
        compressed = self.config.compression
        if compressed:
            log.info("Compressing %s.cypher...", name.stem)
        upload = Upload(
            self.bucket,
            name.archive_key(compressed=compressed),
            part_size=self.config.part_size or part_size_for(estimate),
            concurrency=self.config.upload_concurrency,
        )
        blocks = self._upload(upload, exporter)
        manifest = self._manifest(exporter, started, upload, blocks)
        with self.watch.waiting_for("R2"):
            self.bucket.put_new(name.manifest_key, manifest.to_json())
        return manifest

    def _upload(self, upload: Upload, exporter: Exporter) -> list[dict[str, Any]]:
        """Upload the archive and return its table of blocks."""
        try:
            with ExitStack() as stack:
                with self.watch.waiting_for("R2"):
                    stack.enter_context(upload)
                self._remember(upload)
                blocks = self._write(upload, exporter)
                with self.watch.waiting_for("R2"):
                    upload.complete()
        finally:
            if upload.is_settled:
                self.lock.forget_upload()
        log.info("Upload successful: s3://%s/%s", self.bucket.name, upload.key)
        return blocks

    def _write(self, upload: Upload, exporter: Exporter) -> list[dict[str, Any]]:
        level = self.config.compression_level if self.config.compression else None
        blocks = []
        for block in pack(exporter.blocks(), level):
            with self.watch.waiting_for("R2"):
                upload.write(block.data)
            self.progress.stored(block.length)
            blocks.append(table_entry(block))
        self._log_size(upload, sum(block["text_length"] for block in blocks))
        return blocks

    def _remember(self, upload: Upload) -> None:
        endpoint_url = self.config.r2.endpoint_url
        self.lock.remember_upload(
            UploadRecord(endpoint_url, self.bucket.name, upload.key, upload.upload_id)
        )

    def _log_size(self, upload: Upload, text_size: int) -> None:
        if self.config.compression:
            reduction = 100 * (1 - upload.size / text_size)
            log.info(
                "Compression complete: %s (%.1f%% reduction)", megabytes(upload.size), reduction
            )
        log.info("Uploading to R2: %s (%s)", upload.key, megabytes(upload.size))

    def _free_name(self, started: datetime) -> BackupName:
        """Return the first name from `started` on under which the bucket has nothing."""
        name = BackupName(self.config.r2.prefix, self.database.name, started)
        while any(self.bucket.objects(f"{name.prefix}/{name.stem}.")):
            name = BackupName(name.prefix, name.database, name.taken + timedelta(seconds=1))
        return name

    def _manifest(
        self,
        exporter: Exporter,
        started: datetime,
        upload: Upload,
        blocks: list[dict[str, Any]],
    ) -> Manifest:
        return Manifest(
            format_version=FORMAT_VERSION,
            service_version=__version__,
            database=self.database.name,
            database_id=self.database.id,
            server_version=self.database.server_version,
            server_edition=self.database.edition,
            started=_timestamp(started),
            finished=_timestamp(datetime.now(UTC)),
            export=exporter.summary(),
            identity=asdict(exporter.identity) if exporter.identity else {},
            archive_key=upload.key,
            archive_size=upload.size,
            archive_sha256=upload.sha256,
            text_size=sum(block["text_length"] for block in blocks),
            blocks=blocks,
        )


def _timestamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
