"""Writes a listing as a table for people, and as a JSON document for programs."""

from __future__ import annotations

import json
from datetime import datetime, tzinfo
from typing import Any, Final

from neo4j_r2.archive.manifest import ExportSummary, Totals, timestamp
from neo4j_r2.bucket.listing import BackupLine, Listing, UploadLine
from neo4j_r2.core.local_time import FORMAT
from neo4j_r2.core.log import megabytes
from neo4j_r2.core.text_table import aligned, joined, printable

SHOWN_FOREIGN: Final = 20
"""How many foreign keys a table shows at most."""
_COUNTS: Final = ("SIZE", "NODES", "RELATIONSHIPS", "METHOD", "CONSISTENT")
_NUMBERS: Final = frozenset({3, 4, 5})
"""The columns that are aligned to the right."""


def document(listing: Listing) -> str:
    """Return a listing as JSON; times are in UTC, sizes in bytes."""
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
        "whereabouts": listing.whereabouts or None,
    }
    return json.dumps(content, indent=1) + "\n"


def _backup_entry(backup: BackupLine, now: datetime) -> dict[str, Any]:
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


def _upload_entry(upload: UploadLine) -> dict[str, Any]:
    return {
        "key": upload.key,
        "database": upload.database,
        "begun": timestamp(upload.begun),
        "foreign": upload.database is None,
    }


def table(listing: Listing, zone: tzinfo) -> str:
    """Return a listing as lines of text: backups, unfinished uploads, foreign keys.

    :param zone: the time zone of the times, which `restore --at` reads.
    """
    sections = [_backups(listing, zone), _uploads(listing), _foreign(listing)]
    return joined(lines for lines in sections if lines)


def _backups(listing: Listing, zone: tzinfo) -> list[str]:
    if not listing.backups:
        of_database = f" of database {listing.database}" if listing.database else ""
        nothing = f"No backups{of_database} under s3://{listing.bucket}/{listing.prefix}/"
        return [nothing, *filter(None, [listing.whereabouts])]
    headings = ("KEY", "DATABASE", f"TIME ({zone})", *_COUNTS)
    lines = aligned([headings, *(_cells(backup, zone) for backup in listing.backups)], _NUMBERS)
    for index, backup in enumerate(listing.backups, 1):
        if backup.problem:  # in the columns that only a manifest could fill
            lines[index] += f"  {printable(backup.problem)}"
    return lines


def _cells(backup: BackupLine, zone: tzinfo) -> tuple[str, ...]:
    time = f"{backup.taken.astimezone(zone):{FORMAT}}"
    cells = (backup.key, backup.database, time, megabytes(backup.size))
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
    """Return the lines for unfinished uploads under keys of this service."""
    rows = [
        (upload.key, upload.database, age(upload.begun, listing.time))
        for upload in listing.uploads or ()
        if upload.database is not None
    ]
    return aligned([("UNFINISHED UPLOAD", "DATABASE", "AGE"), *rows], {2}) if rows else []


def _foreign(listing: Listing) -> list[str]:
    """Return the lines for keys that this service did not give, and never touches."""
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


def age(time: datetime, now: datetime) -> str:
    """Return how long ago a time was: in minutes, hours or days."""
    minutes = max(0, int((now - time).total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
