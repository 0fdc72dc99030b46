"""Shows a listing as tables for people, and as a JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.text import Text

from neo4j_r2.archive.manifest import ExportSummary, Totals, timestamp
from neo4j_r2.bucket.listing import BackupLine, Listing, UploadLine
from neo4j_r2.core.figures import size_text
from neo4j_r2.core.local_time import clock_time
from neo4j_r2.core.printable import printable
from neo4j_r2.core.tables import UNLIMITED, table

SHOWN_FOREIGN: Final = 20
"""How many foreign keys are shown at most."""
_NUMBERS: Final = ("SIZE", "NODES", "RELATIONSHIPS")


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
        "kind": backup.kind or None,
        "needs": list(backup.needs) or None,
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
        "proved": backup.proved,
    }


def _upload_entry(upload: UploadLine) -> dict[str, Any]:
    return {
        "key": upload.key,
        "database": upload.database,
        "begun": timestamp(upload.begun),
        "foreign": upload.database is None,
    }


def sections(listing: Listing, zone: tzinfo) -> list[RenderableType]:
    """Return what a listing shows: backups, unfinished uploads, foreign keys.

    :param zone: the time zone of the times, which `restore --at` reads.
    """
    backups, elsewhere = _backups(listing, zone), _elsewhere(listing)
    parts = [backups, elsewhere, _uploads(listing), _foreign(listing)]
    return [part for part in parts if part is not None]


def _backups(listing: Listing, zone: tzinfo) -> RenderableType:
    if listing.backups:
        return _Backups(listing.backups, zone)
    of_database = f" of database {listing.database}" if listing.database else ""
    nothing = f"No backups{of_database} under s3://{listing.bucket}/{listing.prefix}/"
    return Text("\n".join([nothing, *filter(None, [listing.whereabouts])]))


def _elsewhere(listing: Listing) -> RenderableType | None:
    """Return where else there are backups, if there are only those of what restores replaced."""
    return Text(listing.whereabouts) if listing.backups and listing.whereabouts else None


@dataclass(frozen=True)
class _Backups:
    """A table of backups: a line for each, or two on a terminal that is too narrow for that."""

    backups: Sequence[BackupLine]
    zone: tzinfo

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        headings, rows = self._headings(), [self._cells(each) for each in self.backups]
        keys = [Text(each.key) for each in self.backups]
        flags = [flags_of(each) for each in self.backups]
        wide = table(
            ["KEY", *headings, "KIND", "FLAGS"],
            [
                [key, *row, backup.kind, each]
                for key, row, backup, each in zip(keys, rows, self.backups, flags, strict=True)
            ],
            right=_NUMBERS,
        )
        unlimited = options.update_width(UNLIMITED)
        if Measurement.get(console, unlimited, wide).maximum <= options.max_width:
            yield wide
            return
        narrow = table(headings, rows, right=_NUMBERS, wrapped=headings[1:2])
        # The heading of the time can take two lines, but no time: each row is one line.
        narrow.columns[1].min_width = max(len(row[1]) for row in rows)
        lines = list(Segment.split_lines(console.render(narrow, options)))
        first = len(lines) - len(rows)
        for line in lines[:first]:
            yield from (*line, Segment.line())
        yield Text(" KEY  KIND  FLAGS", style="bold")
        for line, key, backup, each in zip(lines[first:], keys, self.backups, flags, strict=True):
            yield from (*line, Segment.line())
            yield Text.assemble(
                " ", key, f"  {backup.kind}  ", each, no_wrap=True, overflow="ignore"
            )

    def _headings(self) -> list[str]:
        return ["DATABASE", f"TIME ({self.zone})", *_NUMBERS, "METHOD"]

    def _cells(self, backup: BackupLine) -> list[str]:
        export = backup.export
        return [
            backup.database,
            clock_time(backup.taken, self.zone),
            size_text(backup.size),
            f"{export.nodes:,}" if export else "",
            f"{export.relationships:,}" if export else "",
            printable(export.method) if isinstance(export, ExportSummary) else "",
        ]


def flags_of(backup: BackupLine) -> Text:
    """Return what is special about a backup, or why it is not complete."""
    if backup.problem:
        return Text(printable(backup.problem), style="red")
    export = backup.export
    flags = {
        "encrypted": isinstance(export, Totals),
        "inconsistent": isinstance(export, ExportSummary) and not export.consistent,
        "safety": backup.before_restore,
        "shrink accepted": backup.shrink_accepted,
        "proved": backup.proved,
    }
    return Text(", ".join(flag for flag, is_set in flags.items() if is_set))


def _uploads(listing: Listing) -> RenderableType | None:
    """Return the unfinished uploads under keys of this service."""
    rows = [
        (upload.key, upload.database, age(upload.begun, listing.time))
        for upload in listing.uploads or ()
        if upload.database is not None
    ]
    return table(("UNFINISHED UPLOAD", "DATABASE", "AGE"), rows, right=["AGE"]) if rows else None


def _foreign(listing: Listing) -> RenderableType | None:
    """Return the keys that this service did not give, and never touches."""
    rows = [(printable(key), size_text(size)) for key, size in listing.foreign]
    rows += [
        (printable(upload.key), "unfinished upload")
        for upload in listing.uploads or ()
        if upload.database is None
    ]
    if not rows:
        return None
    headings = ("FOREIGN KEY", "SIZE")
    shown = table(headings, rows[:SHOWN_FOREIGN], right=headings[1:], wrapped=headings[:1])
    rest = len(rows) - SHOWN_FOREIGN
    if rest <= 0:
        return shown
    return Group(shown, Text(f"and {rest:,} more; list --json has them all"))


def age(time: datetime, now: datetime) -> str:
    """Return how long ago a time was: in minutes, hours or days."""
    minutes = max(0, int((now - time).total_seconds()) // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"
