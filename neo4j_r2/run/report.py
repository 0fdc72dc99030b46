"""What a run has to say of itself when it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from neo4j_r2.run.state import Attempt, BackupState


@dataclass(frozen=True)
class DatabaseReport:
    """What became of one database."""

    database: str
    attempt: Attempt
    backup: BackupState | None
    """The one that was made; there can be one although the attempt failed after it."""
    pause: str
    """Why nothing of the database is removed; empty without a pause."""
    was_paused: bool = False
    """Whether nothing was removed before it, either."""


@dataclass(frozen=True)
class RunReport:
    """A run that has ended."""

    started: datetime
    finished: datetime
    exit_code: int
    error: str
    """In one line, without secrets; empty after a success."""
    has_failed_before: bool
    """Whether the run before it failed, or was killed."""
    databases: tuple[DatabaseReport, ...]
    """In their order; without those that the run did not come to."""
    unreached: tuple[str, ...] = ()
    """The names of those."""
    killed_before: datetime | None = None
    """When the run before it began, if that was killed: then this is all that tells of it."""
