"""The report of a run of backups that has ended, for notifications and pings."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from neo4j_r2.run.state import Attempt, BackupState


@dataclass(frozen=True)
class BackupKind:
    """Whether a backup is full or incremental, where increments are made."""

    needs: int
    """How many archives of earlier backups it needs; 0 if it is full."""
    reason: str = ""
    """Why it is full, in one line without secrets; empty if it is not."""


@dataclass(frozen=True)
class DatabaseReport:
    """How the run ended for one database."""

    database: str
    attempt: Attempt
    backup: BackupState | None
    """The backup that was made. There can be one even if the attempt failed: at a later step."""
    pause: str
    """Why no backup of the database is removed; empty without a pause."""
    was_paused: bool = False
    """Whether the attempt before it was paused too."""
    kind: BackupKind | None = None
    """None without a backup, and where no increments are made."""


@dataclass(frozen=True)
class EndedRun:
    """A run of backups or of drills that has ended; all times are UTC."""

    started: datetime
    finished: datetime
    exit_code: int
    error: str
    """In one line, without secrets; empty after a success."""
    has_failed_before: bool
    """Whether the run before it failed or was killed, or the service could not start."""
    killed_before: datetime | None = field(default=None, kw_only=True)
    """When the run before it began, if that was killed: it could not report that itself."""
    kill_reason: str = field(default="", kw_only=True)
    """Why that was killed; empty if that is not known."""


@dataclass(frozen=True)
class RunReport(EndedRun):
    """A run of backups that has ended."""

    databases: tuple[DatabaseReport, ...]
    """The databases in the order of their attempts, without those that had no attempt."""
    unreached: tuple[str, ...] = ()
    """The names of the databases that had no attempt."""
