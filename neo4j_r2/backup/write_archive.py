"""Writes an archive: packs, encrypts and uploads the text while it is being exported."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import closing

from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.archive.storage.pack import pack
from neo4j_r2.backup.exporter import Exporter
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.bucket.upload import Upload
from neo4j_r2.core.errors import Side
from neo4j_r2.core.figures import megabytes
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def write_archive(
    upload: Upload, exporter: Exporter, settings: StoreSettings, watch: Watch, progress: Progress
) -> list[BlockEntry]:
    """Write all that an exporter yields into an upload; return the manifest's table of blocks."""
    table: list[BlockEntry] = []
    with closing(_archive_bytes(exporter, settings, table)) as archive:
        for data in archive:
            with watch.waiting_for(Side.R2):
                upload.write(data)
            progress.stored(len(data))
    if settings.is_compressed:
        reduction = 100 * (1 - upload.size / sum(entry.text_length for entry in table))
        log.info("Compression complete: %s (%.1f%% reduction)", megabytes(upload.size), reduction)
    log.info("Uploading to R2: %s (%s)", upload.key, megabytes(upload.size))
    return table


def _archive_bytes(
    exporter: Exporter, settings: StoreSettings, table: list[BlockEntry]
) -> Generator[bytes, None, None]:
    """Yield the bytes that are stored. Each block's entry is added to `table`."""

    def packed() -> Iterator[bytes]:
        for block in pack(exporter.blocks(), settings.compression_level):
            table.append(block.entry)
            yield block.data

    recipients = settings.recipients
    yield from Recipients(recipients).encrypt(packed()) if recipients else packed()
