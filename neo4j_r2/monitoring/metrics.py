"""The Prometheus metrics of the service: a pure function of what the health probe sees.

Nothing is counted here. The runs count, in the state file, which outlives every process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client.core import InfoMetricFamily, Metric

from neo4j_r2 import __version__
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import FAILURE_KINDS, KILLED
from neo4j_r2.monitoring.drill_metrics import drill_families
from neo4j_r2.monitoring.health_rules import Signs, deadline, diagnose, due
from neo4j_r2.monitoring.metric_families import (
    PREFIX,
    Gauges,
    counter,
    gauge,
    gauges,
    with_zeros,
)
from neo4j_r2.run.state import Attempt, BackupState, DatabaseState, RunState, State


@dataclass(frozen=True)
class _Plan:
    """When the next backup of a database is due, and when it is overdue."""

    due: datetime
    deadline: datetime


_OF_BACKUP: Final[Gauges[BackupState]] = {
    "last_success_timestamp_seconds": (
        "When the last complete backup was finished.",
        lambda backup: backup.finished.timestamp(),
    ),
    "last_success_duration_seconds": (
        "How long the last complete backup took.",
        lambda backup: (backup.finished - backup.started).total_seconds(),
    ),
    "last_success_size_bytes": (
        "Size of the last complete backup's archive.",
        lambda backup: backup.archive_size,
    ),
    "last_success_nodes": (
        "Nodes in the last complete backup.",
        lambda backup: backup.nodes,
    ),
    "last_success_relationships": (
        "Relationships in the last complete backup.",
        lambda backup: backup.relationships,
    ),
}
_OF_ATTEMPT: Final[Gauges[Attempt]] = {
    "last_attempt_timestamp_seconds": (
        "When the last attempt at a backup ended, well or not.",
        lambda attempt: attempt.finished.timestamp(),
    ),
    "last_attempt_duration_seconds": (
        "How long the last attempt at a backup took, pruning included.",
        lambda attempt: attempt.seconds,
    ),
    "last_attempt_success": (
        "Whether the last attempt at a backup succeeded, pruning included.",
        lambda attempt: attempt.exit_code == 0,
    ),
}
_OF_STORED: Final[Gauges[Usage]] = {
    "stored_bytes": (
        "Size of all that the bucket held of the database after the last prune.",
        lambda stored: stored.size,
    ),
    "stored_backups": (
        "Backups with a manifest that the bucket held after the last prune.",
        lambda stored: stored.backups,
    ),
}
_OF_PLAN: Final[Gauges[_Plan]] = {
    "due_timestamp_seconds": (
        "When the next backup is due by the schedule.",
        lambda plan: plan.due.timestamp(),
    ),
    "deadline_timestamp_seconds": (
        "From when on the next backup is overdue, if it is not complete.",
        lambda plan: plan.deadline.timestamp(),
    ),
}
_OF_PAUSE: Final[Gauges[str]] = {
    "pruning_paused": (
        "Whether nothing is removed because the graph is empty or has shrunk.",
        bool,
    ),
}


def families(signs: Signs, settings: ServiceSettings) -> Iterator[Metric]:
    """Yield all metrics; a value that is not known has no sample.

    Databases that are no longer backed up are left out: they would be overdue for ever.
    """
    described = {
        "version": __version__,
        "schedule": str(settings.schedule),
        "time_zone": str(settings.time_zone),
    }
    yield InfoMetricFamily(PREFIX, "The service and its schedule.", described)
    is_healthy = not diagnose(signs, settings)
    yield gauge("healthy", "Whether backups succeed when they are due.", is_healthy)
    if signs.state:
        yield from _of_runs(signs.state, is_alive=signs.is_run_alive)
        yield from _of_databases(signs.state, settings)
        yield from drill_families(signs, signs.state, settings)


def _of_runs(state: State, *, is_alive: bool) -> Iterator[Metric]:
    run = state.last_run
    is_unfinished = run is not None and run.finished is None
    is_running = is_unfinished and is_alive
    yield gauge("running", "Whether a run is under way.", is_running)
    if run:
        yield gauge(
            "last_run_start_timestamp_seconds",
            "When the last run began; it may be under way.",
            run.started.timestamp(),
        )
        if not is_running:
            yield from _of_ended(run)
    # A run that was killed is counted by the next run. Until then it is added here.
    is_killed = is_unfinished and not is_alive
    killed = state.failures.get(KILLED, 0) + int(is_killed)
    failures = {**with_zeros(FAILURE_KINDS, state.failures), KILLED: killed}
    yield counter(
        "run_failures",
        "Runs that failed or were killed.",
        ["kind"],
        {(kind,): count for kind, count in failures.items()},
    )


def _of_ended(run: RunState) -> Iterator[Metric]:
    text = "Whether the last run succeeded for all databases; none while one is under way."
    yield gauge("last_run_success", text, run.exit_code == 0)
    if run.finished:
        seconds = (run.finished - run.started).total_seconds()
        yield gauge("last_run_duration_seconds", "How long the last run took.", seconds)


def _of_databases(state: State, settings: ServiceSettings) -> Iterator[Metric]:
    known = {database: state.of(database) for database in state.expected}
    yield from gauges(_OF_BACKUP, {name: each.last_backup for name, each in known.items()})
    yield from gauges(_OF_ATTEMPT, {name: _last_attempt(each) for name, each in known.items()})
    yield from gauges(_OF_STORED, {name: each.stored for name, each in known.items()})
    yield from gauges(_OF_PLAN, {name: _plan(state, name, settings) for name in known})
    yield from gauges(_OF_PAUSE, {name: each.pause for name, each in known.items()})
    yield counter(
        "failures",
        "Attempts at a backup that failed.",
        ["database", "kind"],
        {
            (name, kind): count
            for name, each in known.items()
            for kind, count in with_zeros(FAILURE_KINDS, each.failures).items()
        },
    )


def _last_attempt(known: DatabaseState) -> Attempt | None:
    return known.attempts[-1] if known.attempts else None


def _plan(state: State, database: str, settings: ServiceSettings) -> _Plan:
    return _Plan(
        due=due(state, database, settings),
        deadline=deadline(state, database, settings),
    )
