"""The listing: every backup under a prefix with its manifest, and everything else that is there.

`listing_text` writes it for people and for programs.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from neo4j_r2.archive.manifest import ExportSummary, StoredManifest, Totals
from neo4j_r2.bucket.backups import StoredBackup, backups_among
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.bucket.removed_backup import read_listed
from neo4j_r2.bucket.whereabouts import whereabouts
from neo4j_r2.core.errors import BackupGoneError, BucketError, CorruptError
from neo4j_r2.core.figures import counted
from neo4j_r2.core.threads import ordered_map

log = logging.getLogger(__name__)

READ_AT_ONCE: Final = 16
"""How many manifests are read at once; fewer than the connections that the client keeps."""


@dataclass(frozen=True)
class BackupLine:
    """One line of the listing: an archive, or a manifest that has none."""

    key: str
    database: str
    taken: datetime
    size: int
    """The bytes of the archive; 0 without one."""
    problem: str
    """Why the backup is not complete; empty if it is."""
    export: ExportSummary | Totals | None
    """What the manifest of a complete backup says; only totals if the backup is encrypted."""
    before_restore: bool = False
    """Whether its graph was about to be replaced by a restore."""
    shrink_accepted: bool = False
    """Whether somebody has accepted that the graph is so small."""
    kind: str = ""
    """full or incremental; empty if nobody can tell."""
    needs: Sequence[str] = ()
    """The keys of all archives that have to be there, oldest first, its own last."""
    proved: bool = False
    """Whether it is complete, and a drill has stored its proof."""


@dataclass(frozen=True)
class UploadLine:
    """One line of the listing: an upload that is unfinished, or still under way."""

    key: str
    begun: datetime
    database: str | None
    """None if the key is foreign."""


@dataclass(frozen=True)
class Listing:
    """Everything that is under a prefix."""

    bucket: str
    prefix: str
    time: datetime
    """When it was read."""
    backups: Sequence[BackupLine]
    """Newest first."""
    uploads: Sequence[UploadLine] | None
    """Newest first; None if they could not be listed."""
    foreign: Sequence[tuple[str, int]]
    """Key and size of each object that this service did not name."""
    database: str | None = None
    """The only database whose backups were read; None means all."""
    whereabouts: str = ""
    """If there is none, or none but those before restores: where there are backups, in words."""


def read_listing(bucket: Bucket, prefix: str, database: str | None = None) -> Listing:
    """Read everything that is under a prefix. A damaged manifest does not stop the reading.

    :param database: the database whose backups and uploads are read; None means all databases.
    :raises BucketError: if the bucket cannot be read.
    """
    objects = [(each.key, each.size) for each in bucket.objects(f"{prefix}/")]
    newest_first = [
        backup
        for backup in reversed(backups_among(objects, prefix))
        if database in (None, backup.name.database)
    ]
    found = ordered_map(lambda backup: _read(bucket, backup), newest_first, READ_AT_ONCE)
    lines = [line for lines in found for line in lines]
    return Listing(
        bucket=bucket.name,
        prefix=prefix,
        time=datetime.now(UTC),
        backups=lines,
        uploads=_uploads(bucket, prefix, database),
        foreign=[(key, size) for key, size in objects if parse_key(key, prefix) is None],
        database=database,
        whereabouts=""
        if any(not line.before_restore for line in lines)
        else whereabouts(bucket, prefix, database),
    )


def _read(bucket: Bucket, backup: StoredBackup) -> list[BackupLine]:
    """Read one backup's manifest, and keep only the few values that a line needs.

    One that a prune on another host has removed meanwhile has no line.
    """
    if backup.manifest_key is None:
        return backup_lines(backup, None, "")
    try:
        return backup_lines(backup, read_listed(bucket, backup.manifest_key), "")
    except CorruptError as error:
        return backup_lines(backup, None, str(error))
    except BackupGoneError:
        return []


def _uploads(bucket: Bucket, prefix: str, database: str | None) -> list[UploadLine] | None:
    try:
        unfinished = bucket.uploads.unfinished(f"{prefix}/")
    except BucketError as error:
        log.warning("Unfinished uploads could not be listed: %s", error)
        return None
    uploads = []
    for upload in sorted(unfinished, key=lambda each: each.initiated, reverse=True):
        parsed = parse_key(upload.key, prefix)
        begun = datetime.fromtimestamp(upload.initiated, UTC)
        owner = parsed[0].database if parsed else None
        if None in (database, owner) or owner == database:
            uploads.append(UploadLine(upload.key, begun, owner))
    return uploads


def backup_lines(
    backup: StoredBackup, manifest: StoredManifest | None, problem: str
) -> list[BackupLine]:
    """Return a line for each archive of a backup, or one line for a manifest without an archive.

    :param problem: why the manifest cannot be read; empty if it was read, or if there is none.
    """
    name, key = backup.name, backup.manifest_key or ""
    if not backup.archives:
        problem = problem or "incomplete: no archive"
        return [BackupLine(key, name.database, name.taken, 0, problem, None)]
    lines = []
    for key, size in backup.archives:
        wrong = problem or _problem(backup, key, size, manifest)
        is_own = manifest is not None and key == manifest.archive_key
        lines.append(
            BackupLine(
                key,
                name.database,
                name.taken,
                size,
                wrong,
                manifest.export if manifest and not wrong else None,
                before_restore=manifest is not None and manifest.before_restore,
                shrink_accepted=backup.acceptance_key is not None,
                kind=manifest.kind if manifest and is_own else "",
                needs=[*(need.key for need in manifest.needs), key] if manifest and is_own else (),
                proved=not wrong and backup.proof_key is not None,
            )
        )
    return lines


def _problem(backup: StoredBackup, key: str, size: int, manifest: StoredManifest | None) -> str:
    if manifest is None:
        return "incomplete: no manifest"
    if copied := backup.copied(manifest):
        return f"incomplete: {copied}"
    if key != manifest.archive_key:
        return "incomplete: the manifest is of another archive"
    if size != manifest.archive_size:
        return f"incomplete: {size:,} of {counted(manifest.archive_size, 'byte')}"
    if problem := backup.problem(manifest):
        return f"incomplete: {problem}"
    return ""
