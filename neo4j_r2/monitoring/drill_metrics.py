"""The metrics of restore drills: a pure function of what the health probe sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client.core import Metric

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import FAILURE_KINDS, KILLED, LockedError, failure_kind
from neo4j_r2.monitoring.drill_rules import drill_deadline, drill_due, last_drill
from neo4j_r2.monitoring.health_rules import Signs
from neo4j_r2.monitoring.metric_families import Gauges, counter, gauge, gauges, with_zeros
from neo4j_r2.run.drill_state import Drill, DrillRun, DrillState, ProofState
from neo4j_r2.run.state import State

_OF_DATABASES: Final = (*FAILURE_KINDS, KILLED)
_OF_RUNS: Final = (*_OF_DATABASES, failure_kind(LockedError.exit_code))
"""A drill that gave up waiting for the end of a run has failed: nobody else makes it."""


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
    killed = _killed_run(drills, is_alive=signs.is_drill_alive)
    is_running = drills.run is not None and drills.run.finished is None and killed is None
    yield gauge("drill_running", "Whether a drill is under way.", is_running)
    yield from gauges(_OF_PROOF, {name: drills.of(name).last_proof for name in state.expected})
    yield from _of_last_drills(state, drills, killed, has_outcome=bool(settings.drill_schedule))
    plans = {name: _plan(state, drills, name, settings) for name in state.expected}
    yield from gauges(_OF_PLAN, plans)
    yield from _of_failures(state, drills, killed)


def _killed_run(drills: DrillState, *, is_alive: bool) -> DrillRun | None:
    """Return the last run if it was killed, and no run has recorded that yet."""
    run = drills.run
    return run if run and run.finished is None and not is_alive else None


def _of_last_drills(
    state: State, drills: DrillState, killed: DrillRun | None, *, has_outcome: bool
) -> Iterator[Metric]:
    """Yield what is known of the last drills; of one that was killed, that it did not succeed.

    :param has_outcome: whether drills are scheduled. If not, nothing says when the next one would
        end an alert.
    """
    unknown = killed.database if killed else ""
    last = {name: last_drill(drills, name) for name in state.expected if name != unknown}
    yield from gauges(_OF_DRILL, last)
    if not has_outcome:
        return
    outcomes = {name: each.exit_code == 0 for name, each in last.items() if each}
    if unknown in state.expected:
        outcomes[unknown] = False
    yield from gauges(_OF_OUTCOME, outcomes)


def _of_failures(state: State, drills: DrillState, killed: DrillRun | None) -> Iterator[Metric]:
    """Yield the counts of failures. The next run counts a run that was killed; here it is added."""
    databases = {
        name: Counter(drills.of(name).failures)
        + Counter({KILLED: int(killed is not None and killed.database == name)})
        for name in state.expected
    }
    runs = Counter(drills.failures) + Counter({KILLED: int(killed is not None)})
    yield counter(
        "drill_failures",
        "Drills that failed or were killed.",
        ["database", "kind"],
        {
            (name, kind): count
            for name, failures in databases.items()
            for kind, count in with_zeros(_OF_DATABASES, failures).items()
        },
    )
    yield counter(
        "drill_run_failures",
        "Runs of drills that failed, were killed, or gave up waiting for a run to end.",
        ["kind"],
        {(kind,): count for kind, count in with_zeros(_OF_RUNS, runs).items()},
    )


def _plan(
    state: State, drills: DrillState, database: str, settings: ServiceSettings
) -> _Plan | None:
    due = drill_due(state, drills, database, settings)
    deadline = drill_deadline(state, drills, database, settings)
    return _Plan(due, deadline) if due and deadline else None
