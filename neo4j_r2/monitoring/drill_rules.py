"""When restore drills are due, and what is wrong with them: pure decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from neo4j_r2.config.schedule import minutes_after
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import INTERRUPTED, failure_kind
from neo4j_r2.run.drill_state import Drill, DrillState, ProofState
from neo4j_r2.run.ending import killed_text
from neo4j_r2.run.state import State


@dataclass(frozen=True)
class OverdueDrill:
    """A drill that did not succeed in time."""

    database: str
    due: datetime
    """When it was due, in the time zone of the schedule."""
    last_proof: ProofState | None
    """The last drill that succeeded."""


def drill_due(
    state: State, drills: DrillState, database: str, settings: ServiceSettings
) -> datetime | None:
    """Return when the next drill of a database is due, in the time zone of the schedule.

    A drill that fails does not move it. None without a schedule, or without a backup to drill.
    """
    known, drilled = state.of(database), drills.of(database)
    if known.last_backup is None:
        return None
    latest = max(drills.since, drilled.since, known.since)
    if drilled.last_proof:
        latest = max(latest, drilled.last_proof.started)
    return settings.drill_due_after(latest)


def drill_deadline(
    state: State, drills: DrillState, database: str, settings: ServiceSettings
) -> datetime | None:
    """Return the latest time for the next drill of a database, in UTC; see `drill_due`."""
    due = drill_due(state, drills, database, settings)
    return minutes_after(due, settings.drill_overdue_minutes) if due else None


def next_drill(state: State, drills: DrillState, settings: ServiceSettings) -> datetime | None:
    """Return when the next drill of any database is due; None if none is."""
    times = [drill_due(state, drills, database, settings) for database in state.expected]
    return min((time for time in times if time), default=None)


def missed_drill(
    drills: DrillState | None, settings: ServiceSettings, now: datetime
) -> datetime | None:
    """Return when a run of drills was due that did not begin; None if none was missed."""
    if drills is None:
        return None
    began = [drills.since]
    began += [drills.run.started] if drills.run else []
    began += [each.last_proof.started for each in drills.databases.values() if each.last_proof]
    due = settings.drill_due_after(max(began))
    return due if due and due <= now else None


def cut_short_drill(drills: DrillState | None, settings: ServiceSettings) -> datetime | None:
    """Return when the last run of drills began, if it was killed or told to end; else None.

    None too if an earlier drill of the same due time ended so: a drill for which the memory is too
    small would be killed at each start.
    """
    run = drills.run if drills else None
    if not (settings.drill_schedule and drills and run and _is_cut_short(run.exit_code)):
        return None
    earlier = [
        settings.drill_due_after(drill.started)
        for known in drills.databases.values()
        for drill in known.drills
        if drill.started < run.started and _is_cut_short(drill.exit_code)
    ]
    return None if any(due and due > run.started for due in earlier) else run.started


def _is_cut_short(exit_code: int | None) -> bool:
    return exit_code is None or failure_kind(exit_code) == INTERRUPTED


def last_drill(drills: DrillState, database: str) -> Drill | None:
    """Return the last drill of a database that ended, well or not."""
    return next(reversed(drills.of(database).drills), None)


def overdue_drills(
    state: State, drills: DrillState, settings: ServiceSettings, now: datetime
) -> list[OverdueDrill]:
    """Return the drill of each database that has none since one was due, and is late."""
    overdue = []
    for database in state.expected:
        due = drill_due(state, drills, database, settings)
        if due and now > minutes_after(due, settings.drill_overdue_minutes):
            overdue.append(OverdueDrill(database, due, drills.of(database).last_proof))
    return overdue


def untold(
    overdue: list[OverdueDrill], drills: DrillState, told: Mapping[str, datetime]
) -> list[OverdueDrill]:
    """Return the overdue drills of which nobody was told.

    A drill that failed since was told itself.

    :param told: the due time of which people were told last, by database.
    """
    return [
        each
        for each in overdue
        if not (each.database in told and told[each.database].timestamp() == each.due.timestamp())
        and not _has_failed_since(drills, each)
    ]


def _has_failed_since(drills: DrillState, overdue: OverdueDrill) -> bool:
    last, run = last_drill(drills, overdue.database), drills.run
    if last is not None and last.exit_code != 0 and last.finished > overdue.due:
        return True
    # A run that came to no database has failed for all of them.
    return (
        run is not None
        and bool(run.exit_code)
        and not run.database
        and (run.started >= overdue.due)
    )


def drill_problems(
    state: State,
    drills: DrillState | None,
    settings: ServiceSettings,
    now: datetime,
    kill_reason: str | None,
) -> list[str]:
    """Return what is wrong with the scheduled drills, each in one line.

    Without a schedule nothing is: somebody makes drills by hand, and sees how they end.

    :param kill_reason: why the last run of drills was killed, if it has not ended; empty if that is
        not known, None if it is still under way.
    """
    if settings.drill_schedule is None or drills is None:
        return []
    return [
        *_of_run(state, drills, kill_reason),
        *(line for database in state.expected for line in _of_last_drill(drills, database)),
        *map(_of_overdue, overdue_drills(state, drills, settings, now)),
    ]


def _of_run(state: State, drills: DrillState, kill_reason: str | None) -> list[str]:
    run = drills.run
    if run is None or (run.finished is None and kill_reason is None):
        return []
    if run.finished is None:
        killed = killed_text(kill_reason or "")
        return [f"the drill that began at {run.started.isoformat()} was {killed}"]
    drilled = [last_drill(drills, database) for database in state.expected]
    is_told_below = any(
        each is not None and each.exit_code and each.started >= run.started for each in drilled
    )
    if not run.exit_code or is_told_below:
        return []
    when = f"{run.finished.isoformat()} (exit {run.exit_code})"
    return [f"the last drill failed at {when}: {run.error}"]


def _of_last_drill(drills: DrillState, database: str) -> list[str]:
    last = last_drill(drills, database)
    if last is None or last.exit_code == 0:
        return []
    when = f"{last.finished.isoformat()} (exit {last.exit_code})"
    return [f"the last drill of database {database} failed at {when}: {last.error}"]


def _of_overdue(overdue: OverdueDrill) -> str:
    proof = overdue.last_proof
    latest = f"the last one is of {proof.started.isoformat()}" if proof else "there is none yet"
    return (
        f"no drill of database {overdue.database} has succeeded since {overdue.due.isoformat()}, "
        f"when one was due; {latest}"
    )
