"""Rules that tell whether backups and drills succeed when they are due: pure decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from neo4j_r2.config.schedule import minutes_after
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.monitoring.drill_rules import drill_problems
from neo4j_r2.run.drill_state import DrillState
from neo4j_r2.run.ending import killed_text
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import RunState, State


@dataclass(frozen=True)
class Signs:
    """What the health probe sees."""

    now: datetime
    is_crond_running: bool | None
    """None outside the service's container: there the service does not schedule its runs."""
    is_run_alive: bool
    """Whether the process of the last recorded run is still there."""
    state: State | None
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What the last look at the bucket found wrong with the newest backups of each database."""
    write_problem: str = ""
    """Why nothing can be written to the state directory; empty if it can."""
    start_problem: StartProblem | None = None
    """Why the service could not start, or started without Neo4j or R2."""
    kill_reason: str = ""
    """Why the last run was killed, if it was and that is known."""
    is_starting: bool = False
    """Whether the service still waits for Neo4j and R2: it has no crond yet, and maybe no state."""
    drills: DrillState | None = None
    """None if no drill is known, and none is expected yet."""
    is_drill_alive: bool = False
    """Whether the process of the last recorded run of drills is still there."""
    drill_kill_reason: str = ""
    """Why the last run of drills was killed, if it was and that is known."""


def diagnose(signs: Signs, settings: ServiceSettings) -> list[str]:
    """Return everything that is wrong, each in one line; nothing if the service is healthy."""
    has_crond = signs.is_crond_running is not False or signs.is_starting
    problems = [] if has_crond else ["crond is not running"]
    problems += _of_start(signs.start_problem) if signs.start_problem else []
    problems += [signs.write_problem] if signs.write_problem else []
    if signs.state is None and signs.is_starting:
        return problems
    if signs.state is None:
        return [*problems, _no_state(settings)]
    last_run = signs.state.last_run
    return [
        *problems,
        *(_of_run(last_run, signs) if last_run else []),
        *_of_databases(signs.state, signs.now, settings),
        *_of_bucket(signs.state, signs.faults),
        *drill_problems(signs.state, signs.drills, settings, signs.now, _drill_kill(signs)),
    ]


def _drill_kill(signs: Signs) -> str | None:
    return None if signs.is_drill_alive else signs.drill_kill_reason


def _no_state(settings: ServiceSettings) -> str:
    return (
        f"nothing is known of any run: no state in {settings.state_directory}; make a backup, or "
        "give this command the variables of the runs (BACKUP_STATE_DIR, and the addresses)"
    )


def due(state: State, database: str, settings: ServiceSettings) -> datetime:
    """Return when the next backup of a database is due; if there is none yet, the first one."""
    known = state.of(database)
    latest = max(state.since, known.since)
    if known.last_backup:
        latest = max(latest, known.last_backup.started)
    return settings.due_after(latest)


def deadline(state: State, database: str, settings: ServiceSettings) -> datetime:
    """Return the latest time for the next backup of a database; after it the backup is overdue."""
    return minutes_after(due(state, database, settings), settings.overdue_minutes)


def next_due(state: State, settings: ServiceSettings) -> datetime | None:
    """Return when the next backup of any database is due; None if no database is known yet."""
    times = [due(state, database, settings) for database in state.expected]
    return min(times, default=None)


def missed(
    state: State | None, settings: ServiceSettings, now: datetime, started: datetime
) -> datetime | None:
    """Return when a run was due that did not begin; None if none was missed.

    :param started: when the service started. A state that is younger was made by this start, after
        it had waited for Neo4j and R2. What came due in that wait was missed too.
    """
    began = [min(state.since, started) if state else started]
    if state:
        began += [state.last_run.started] if state.last_run else []
        began += [each.last_backup.started for each in state.databases.values() if each.last_backup]
    due = settings.due_after(max(began))
    return due if due <= now else None


def _of_start(problem: StartProblem) -> list[str]:
    since = f"{problem.since.isoformat()} (exit {problem.exit_code})"
    return [f"the service cannot work since {since}: {problem.error}"]


def _of_run(run: RunState, signs: Signs) -> list[str]:
    if run.finished:
        when = f"{run.finished.isoformat()} (exit {run.exit_code})"
        return [] if run.exit_code == 0 else [f"the last run failed at {when}: {run.error}"]
    if signs.is_run_alive:
        return []
    return [f"the run that began at {run.started.isoformat()} was {killed_text(signs.kill_reason)}"]


def _of_databases(state: State, now: datetime, settings: ServiceSettings) -> list[str]:
    """Return what is wrong with each database; name the database if there are several."""
    problems = []
    for database in state.expected:
        of_it = f" of database {database}" if len(state.expected) > 1 else ""
        problems += _of_attempts(state, database) if of_it else []
        problems += _of_schedule(state, database, of_it, now, settings)
    return problems


def _of_bucket(state: State, faults: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        f"not complete in the bucket: {fault}"
        for database in state.expected
        for fault in faults.get(database, ())
    ]


def _of_attempts(state: State, database: str) -> list[str]:
    """Return why the last attempt failed, for one of several databases.

    The last run does not tell that: it can be a run of other databases, by hand.
    """
    last = state.of(database).attempts[-1:]
    return [
        f"the last backup of database {database} failed at {each.finished.isoformat()} "
        f"(exit {each.exit_code}): {each.error}"
        for each in last
        if each.exit_code
    ]


def _of_schedule(
    state: State, database: str, of_it: str, now: datetime, settings: ServiceSettings
) -> list[str]:
    if now <= deadline(state, database, settings):
        return []
    expected = due(state, database, settings)
    last = state.of(database).last_backup
    latest = f"the last one is of {last.started.isoformat()}" if last else "there is none yet"
    return [f"no backup{of_it} since {expected.isoformat()}, when one was due; {latest}"]
