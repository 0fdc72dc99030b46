"""The report of a drill that has ended, for notifications."""

from __future__ import annotations

from dataclasses import dataclass

from neo4j_r2.run.drill_state import Drill, ProofState
from neo4j_r2.run.report import EndedRun


@dataclass(frozen=True)
class DrilledReport:
    """How the drill ended for one database."""

    database: str
    drill: Drill
    last_proof: ProofState | None
    """This drill, if it is good; else the last good one of a latest backup; None without any."""


@dataclass(frozen=True)
class DrillReport(EndedRun):
    """A run of drills that has ended; if a backup was named, nothing is told of the run before."""

    databases: tuple[DrilledReport, ...]
    """The databases in the order of their drills, without those that had none."""
