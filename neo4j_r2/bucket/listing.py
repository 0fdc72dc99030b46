"""What the bucket holds, as a table for people and as a JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from neo4j_r2.archive.manifest import ExportSummary, StoredManifest, Totals, timestamp
from neo4j_r2.bucket.keys import StoredBackup
from neo4j_r2.bucket.retention import Verdict
from neo4j_r2.core.log import megabytes
from neo4j_r2.core.text_table import WIDTH, aligned, cut, joined, printable

SHOWN_FOREIGN: Final = 20
"""How many foreign keys a table names."""
_HEADINGS: Final = (
    "KEY", "DATABASE", "AGE", "SIZE", "NODES", "RELATIONSHIPS", "METHOD", "CONSISTENT",
)  # fmt: skip
_NUMBERS: Final = frozenset({2, 3, 4, 5})
"""The columns that are aligned to the right."""


@dataclass(frozen=True)
class ListedBackup:
    """An archive, or a manifest without one."""

    key: str
    database: str
    taken: datetime
    size: int
    """Bytes of the archive in the bucket."""
    problem: str
    """Why it cannot be taken for a complete backup; empty if it is one."""
    export: ExportSummary | Totals | None
    """What a complete backup's manifest says of its archive; of an encrypted one only totals."""
    before_restore: bool = False
    """Whether it is of a graph that a restore was about to replace."""
    shrink_accepted: bool = False
    """Whether somebody has accepted that the graph is smaller than it was."""


@dataclass(frozen=True)
class ListedUpload:
    """A multipart upload that was neither completed nor aborted; it may be under way."""

    key: str
    begun: datetime
    database: str | None
    """None if the key is foreign."""


@dataclass(frozen=True)
class Listing:
    """All that is under a prefix."""

    bucket: str
    prefix: str
    time: datetime
    """When it was read."""
    backups: Sequence[ListedBackup]
    """Newest first."""
    uploads: Sequence[ListedUpload] | None
    """Newest first; None if they could not be listed."""
    foreign: Sequence[tuple[str, int]]
    """Key and size of each object that this service did not name."""


def listed(
    backup: StoredBackup, manifest: StoredManifest | None, problem: str
) -> list[ListedBackup]:
    """Return a line for each archive of a name, mostly one, or for a manifest alone.

    :param problem: why there is no manifest.
    """
    name, key = backup.name, backup.manifest_key or ""
    if not backup.archives:
        problem = problem or "incomplete: no archive"
        return [ListedBackup(key, name.database, name.taken, 0, problem, None)]
    lines = []
    for key, size in backup.archives:
        found = problem or _problem(key, size, manifest)
        export = manifest.export if manifest and not found else None
        replaced = manifest is not None and manifest.before_restore
        accepted = backup.acceptance_key is not None
        lines.append(
            ListedBackup(key, name.database, name.taken, size, found, export, replaced, accepted)
        )
    return lines


def _problem(key: str, size: int, manifest: StoredManifest | None) -> str:
    if manifest is None:
        return "incomplete: no manifest"
    if key != manifest.archive_key:
        return "incomplete: the manifest is of another archive"
    if size != manifest.archive_size:
        return f"incomplete: {size} of {manifest.archive_size} bytes"
    return ""


def document(listing: Listing) -> str:
    """Return the listing as JSON; times are UTC, sizes are in bytes."""
    uploads = listing.uploads
    content = {
        "bucket": listing.bucket,
        "prefix": listing.prefix,
        "time": timestamp(listing.time),
        "backups": [_backup_entry(backup, listing.time) for backup in listing.backups],
        "unfinished_uploads": None
        if uploads is None
        else [_upload_entry(each) for each in uploads],
        "foreign": [{"key": key, "size": size} for key, size in listing.foreign],
    }
    return json.dumps(content, indent=1) + "\n"


def _backup_entry(backup: ListedBackup, now: datetime) -> dict[str, Any]:
    export = backup.export
    return {
        "key": backup.key,
        "database": backup.database,
        "taken": timestamp(backup.taken),
        "age_seconds": int((now - backup.taken).total_seconds()),
        "size": backup.size,
        "complete": export is not None,
        "problem": backup.problem or None,
        "nodes": export.nodes if export else None,
        "relationships": export.relationships if export else None,
        "method": export.method if isinstance(export, ExportSummary) else None,
        "consistent": export.consistent if isinstance(export, ExportSummary) else None,
        "encrypted": isinstance(export, Totals) if export else None,
        "before_restore": backup.before_restore if export else None,
        "shrink_accepted": backup.shrink_accepted if export else None,
    }


def _upload_entry(upload: ListedUpload) -> dict[str, Any]:
    return {
        "key": upload.key,
        "database": upload.database,
        "begun": timestamp(upload.begun),
        "foreign": upload.database is None,
    }


def table(listing: Listing) -> str:
    """Return the listing as lines of text: the backups, unfinished uploads, foreign keys."""
    sections = [_backups(listing), _uploads(listing), _foreign(listing)]
    return joined(lines for lines in sections if lines)


def _backups(listing: Listing) -> list[str]:
    if not listing.backups:
        return [f"No backups under s3://{listing.bucket}/{listing.prefix}/"]
    rows = [_HEADINGS, *(_cells(backup, listing.time) for backup in listing.backups)]
    lines = aligned(rows, _NUMBERS)
    for index, backup in enumerate(listing.backups, 1):
        if backup.problem:  # in the place of what only a manifest tells
            lines[index] += f"  {cut(printable(backup.problem), WIDTH - len(lines[index]) - 2)}"
    return lines


def _cells(backup: ListedBackup, now: datetime) -> tuple[str, ...]:
    cells = (backup.key, backup.database, age(backup.taken, now), megabytes(backup.size))
    export = backup.export
    if export is None:
        return cells
    counts = (f"{export.nodes:,}", f"{export.relationships:,}")
    method, consistent = "encrypted", ""
    if isinstance(export, ExportSummary):
        method, consistent = printable(export.method), "yes" if export.consistent else "no"
    method += ", before a restore" if backup.before_restore else ""
    method += ", shrink accepted" if backup.shrink_accepted else ""
    return (*cells, *counts, method, consistent)


def _uploads(listing: Listing) -> list[str]:
    """Return the unfinished uploads to keys of this service."""
    rows = [
        (upload.key, upload.database, age(upload.begun, listing.time))
        for upload in listing.uploads or ()
        if upload.database is not None
    ]
    return aligned([("UNFINISHED UPLOAD", "DATABASE", "AGE"), *rows], {2}) if rows else []


def _foreign(listing: Listing) -> list[str]:
    """Return what this service did not name, and leaves alone."""
    rows = [(printable(key), megabytes(size)) for key, size in listing.foreign]
    rows += [
        (printable(upload.key), "unfinished upload")
        for upload in listing.uploads or ()
        if upload.database is None
    ]
    if not rows:
        return []
    lines = aligned([("FOREIGN KEY", "SIZE"), *rows[:SHOWN_FOREIGN]], {1})
    rest = len(rows) - SHOWN_FOREIGN
    return [*lines, f"and {rest:,} more; list --json has them all"] if rest > 0 else lines


def plan(verdicts: Sequence[Verdict]) -> str:
    """Return a line of text for each backup: what is to become of it, and why."""
    rows = [
        (
            "remove" if each.decision.remove else "keep",
            each.backup.archives[0][0] if each.backup.archives else each.backup.manifest_key or "",
            each.decision.reason,
        )
        for each in verdicts
    ]
    return "".join(f"{line}\n" for line in aligned(rows)) if rows else ""


def age(time: datetime, now: datetime) -> str:
    """Return how long ago a time was, in minutes, hours or days."""
    minutes = max(0, int((now - time).total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
