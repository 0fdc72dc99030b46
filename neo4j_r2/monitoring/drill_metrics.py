"""The metrics of restore drills: a pure function of what the health probe sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client.core import Metric

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import FAILURE_KINDS, KILLED, LockedError, failure_kind
from neo4j_r2.monitoring.drill_rules import drill_deadline, drill_due, last_drill
from neo4j_r2.monitoring.health_rules import Signs
from neo4j_r2.monitoring.metric_families import Gauges, counter, gauge, gauges, with_zeros
from neo4j_r2.run.drill_state import Drill, DrillState, ProofState
from neo4j_r2.run.state import State

DRILL_FAILURE_KINDS: Final = (*FAILURE_KINDS, failure_kind(LockedError.exit_code), KILLED)
"""A drill that waited for a run in vain is a failure: nobody else makes it."""


@dataclass(frozen=True)
class _Plan:
    """When the next drill of a database is due, and when it is overdue."""

    due: datetime
    deadline: datetime


_OF_PROOF: Final[Gauges[ProofState]] = {
    "last_proof_timestamp_seconds": (
        "When the last drill that succeeded ended.",
        lambda proof: proof.finished.timestamp(),
    ),
    "last_proof_restore_seconds": (
        "The time to restore that the last drill that succeeded measured.",
        lambda proof: proof.restore_seconds,
    ),
    "last_proof_backup_timestamp_seconds": (
        "When the backup was taken that was proved last.",
        lambda proof: proof.backup_started.timestamp(),
    ),
}
_OF_DRILL: Final[Gauges[Drill]] = {
    "last_drill_timestamp_seconds": (
        "When the last drill ended, well or not.",
        lambda drill: drill.finished.timestamp(),
    ),
    "last_drill_duration_seconds": (
        "How long the last drill took.",
        lambda drill: (drill.finished - drill.started).total_seconds(),
    ),
}
_OF_OUTCOME: Final[Gauges[bool]] = {
    "last_drill_success": ("Whether the last drill succeeded; it did not if it was killed.", bool),
}
_OF_PLAN: Final[Gauges[_Plan]] = {
    "drill_due_timestamp_seconds": (
        "When the next drill is due by the schedule.",
        lambda plan: plan.due.timestamp(),
    ),
    "drill_deadline_timestamp_seconds": (
        "From when on the next drill is overdue, if it has not succeeded.",
        lambda plan: plan.deadline.timestamp(),
    ),
}


def drill_families(signs: Signs, state: State, settings: ServiceSettings) -> Iterator[Metric]:
    """Yield the metrics of drills; none if there was no drill and none is scheduled."""
    drills = signs.drills
    if drills is None or (settings.drill_schedule is None and drills.run is None):
        return
    is_unfinished = drills.run is not None and drills.run.finished is None
    is_running = is_unfinished and signs.is_drill_alive
    yield gauge("drill_running", "Whether a drill is under way.", is_running)
    proofs = {name: drills.of(name).last_proof for name in state.expected}
    yield from gauges(_OF_PROOF, proofs)
    killed = drills.run.database if drills.run and is_unfinished and not is_running else ""
    yield from _of_last_drills(state, drills, killed)
    plans = {name: _plan(state, drills, name, settings) for name in state.expected}
    yield from gauges(_OF_PLAN, plans)
    yield counter(
        "drill_failures",
        "Drills that failed or were killed.",
        ["database", "kind"],
        {
            (name, kind): count
            for name in state.expected
            for kind, count in _failures(drills, name, killed).items()
        },
    )


def _of_last_drills(state: State, drills: DrillState, killed: str) -> Iterator[Metric]:
    """Yield what is known of the last drills; of one that was killed, that it did not succeed.

    :param killed: the database whose drill was killed, until a drill records that; empty if none.
    """
    last = {name: last_drill(drills, name) for name in state.expected if name != killed}
    yield from gauges(_OF_DRILL, last)
    outcomes = {name: each.exit_code == 0 for name, each in last.items() if each}
    if killed in state.expected:
        outcomes[killed] = False
    yield from gauges(_OF_OUTCOME, outcomes)


def _failures(drills: DrillState, database: str, killed: str) -> Mapping[str, int]:
    """Return how many drills failed, by kind; the next drill counts one that was killed."""
    failures = with_zeros(DRILL_FAILURE_KINDS, drills.of(database).failures)
    return {**failures, KILLED: failures[KILLED] + int(database == killed)}


def _plan(
    state: State, drills: DrillState, database: str, settings: ServiceSettings
) -> _Plan | None:
    due = drill_due(state, drills, database, settings)
    deadline = drill_deadline(state, drills, database, settings)
    return _Plan(due, deadline) if due and deadline else None
