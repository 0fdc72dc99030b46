"""Makes the manifest of an archive that has been uploaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from neo4j_r2 import __version__
from neo4j_r2.archive.manifest import (
    CHAIN_FORMAT_VERSION,
    ENCRYPTED_CHAIN_FORMAT_VERSION,
    ENCRYPTED_FORMAT_VERSION,
    FORMAT_VERSION,
    FULL,
    INCREMENTAL,
    LockedManifest,
    Manifest,
    StoredManifest,
    timestamp,
)
from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.backup.exporter import Exporter
from neo4j_r2.bucket.upload import Upload
from neo4j_r2.core.clock import now
from neo4j_r2.core.database import Database


@dataclass(frozen=True)
class Origin:
    """Which database a backup is made of, when, and on which occasion."""

    database: Database
    started: datetime
    """The time in the backup's keys."""
    before_restore: bool = False
    """Whether a restore is about to replace the graph."""
    last_accepted: int = 0
    """Entities of the last accepted backup; 0 if there is none or no alarm."""


def make_manifest(
    origin: Origin,
    exporter: Exporter,
    upload: Upload,
    blocks: list[BlockEntry],
    *,
    is_encrypted: bool,
) -> Manifest:
    """Return the manifest of a completed upload; it is finished now."""
    database, lineage = origin.database, exporter.lineage()
    plain, encrypted = (
        (CHAIN_FORMAT_VERSION, ENCRYPTED_CHAIN_FORMAT_VERSION)
        if lineage
        else (FORMAT_VERSION, ENCRYPTED_FORMAT_VERSION)
    )
    return Manifest(
        format_version=encrypted if is_encrypted else plain,
        service_version=__version__,
        database=database.name,
        database_id=database.id,
        server_version=database.server_version,
        server_edition=database.edition,
        started=timestamp(origin.started),
        finished=timestamp(max(origin.started, now())),
        export=exporter.summary(),
        identity=asdict(exporter.restore_key),
        archive_key=upload.key,
        archive_size=upload.size,
        archive_sha256=upload.sha256,
        text_size=sum(block.text_length for block in blocks),
        blocks=blocks,
        before_restore=origin.before_restore,
        last_accepted=origin.last_accepted,
        kind=INCREMENTAL if lineage and lineage.needs else FULL,
        needs=lineage.needs if lineage else [],
        row_sums=lineage.row_sums if lineage else {},
    )


def stored_form(manifest: Manifest, recipients: Sequence[str]) -> StoredManifest:
    """Return the manifest as it is stored: for the most part encrypted if there are recipients."""
    if not recipients:
        return manifest
    encrypted = Recipients(recipients).encrypt_text(manifest.to_json())
    return LockedManifest.of(manifest, encrypted)
