"""The report of a drill that has ended, for notifications."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from neo4j_r2.run.drill_state import Drill, ProofState


@dataclass(frozen=True)
class DrilledReport:
    """How the drill ended for one database."""

    database: str
    drill: Drill
    last_proof: ProofState | None
    """This drill, if it is good; else the last good one of a latest backup; None without any."""


@dataclass(frozen=True)
class DrillReport:
    """A run of drills that has ended; all times are UTC."""

    started: datetime
    finished: datetime
    exit_code: int
    error: str
    """In one line, without secrets; empty after a success."""
    has_failed_before: bool
    """Whether the run of drills before it failed or was killed; False if the backup was named."""
    databases: tuple[DrilledReport, ...]
    """The databases in the order of their drills, without those that had none."""
    killed_before: datetime | None = None
    """When the run of drills before this one began, if it was killed: it could not report that."""
    kill_reason: str = ""
    """Why it was killed; empty if that is not known."""
