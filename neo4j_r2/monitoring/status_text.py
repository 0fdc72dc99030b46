"""What `status` shows to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.figures import counted, duration, size_text
from neo4j_r2.core.local_time import clock_time, shown
from neo4j_r2.core.price import PRICE, cost_text
from neo4j_r2.core.printable import printable
from neo4j_r2.core.tables import bar, columns, table
from neo4j_r2.monitoring.drill_text import drill_schedule_text
from neo4j_r2.run.ending import killed_text, outcome, outcome_error
from neo4j_r2.run.lock import is_under_way
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import Attempt, DatabaseState, RunState, State

SHOWN_ATTEMPTS: Final = 10
"""How many attempts are shown for each database."""
_NOT_SCHEDULED: Final = "this service schedules none here: cron or a timer has to start it"


def schedule_lines(
    settings: ServiceSettings, state: State | None, now: datetime, *, is_scheduled: bool
) -> RenderableType:
    """Return when runs are due, how the last one ended, and when drills are due.

    :param now: in any time zone; times are shown in the schedule's time zone.
    :param is_scheduled: whether this service starts the runs itself.
    """
    schedule = f"{settings.schedule} ({settings.time_zone})"
    last = ("Last run", _last_run(state.last_run if state else None, settings))
    following = _next_run(settings, now) if is_scheduled else _NOT_SCHEDULED
    drills = drill_schedule_text(settings, now, is_scheduled=is_scheduled)
    rows = [("Schedule", schedule), ("Next run", following), last]
    return columns([*rows, ("Drills", drills)] if drills else rows)


def _next_run(settings: ServiceSettings, now: datetime) -> str:
    following = settings.due_after(now)
    wait = timedelta(seconds=following.timestamp() - now.timestamp())
    return f"{following:%Y-%m-%d %H:%M} {settings.time_zone}, in {duration(wait)}"


def start_lines(problem: StartProblem, zone: tzinfo) -> RenderableType:
    """Return since when the service cannot work, and why. Nothing is cut off."""
    heading = (
        f"The service cannot work since {shown(problem.since, zone)} (exit {problem.exit_code}):"
    )
    return Text(f"{heading}\n{printable(problem.error)}")


def database_lines(
    database: str, known: DatabaseState, zone: tzinfo, drills: Sequence[str] = ()
) -> RenderableType:
    """Return the last attempts of a database, with bars for their durations and sizes.

    No cause is cut off, however long it is: somebody has to act on it.

    :param drills: what is told of its drills; a line each.
    """
    lines = [Text(f"Database {database}"), *map(Text, drills)]
    if known.pause:
        lines.append(Text(f"Pruning is paused: {printable(known.pause)}"))
    attempts = known.attempts[-SHOWN_ATTEMPTS:]
    if not attempts:
        return Group(*lines, Text("No run is known"))
    longest = max(each.seconds for each in attempts)
    largest = max(each.archive_size for each in attempts)
    rows = [
        (
            clock_time(each.started, zone),
            duration(each.finished - each.started),
            bar(each.seconds, longest),
            size_text(each.archive_size) if each.archive_size else "",
            bar(each.archive_size, largest) if not each.exit_code else _failure(each),
        )
        for each in attempts
    ]
    started = f"STARTED ({zone})"
    headings = (started, "DURATION", "", "SIZE", "")
    return Group(*lines, table(headings, rows, right=("DURATION", "SIZE"), wrapped=(started, "")))


def fault_lines(faults: Sequence[str]) -> RenderableType:
    """Return what is wrong with the newest backups. Nothing is cut off: a key must be whole."""
    return Text("\n".join(["Not complete in the bucket:", *map(printable, faults)]))


def storage_lines(place: str, stored: Mapping[str, Usage]) -> RenderableType:
    """Return how much is stored for each database, and what that costs in a month.

    :param place: the bucket and prefix, in words.
    """
    total = sum(each.size for each in stored.values())
    rows = [
        *((f"Stored of {name}", _stored(each)) for name, each in stored.items()),
        ("Stored in all", f"{size_text(total)} in {place}"),
        ("Monthly cost", f"{cost_text(total)} at {PRICE}"),
    ]
    return columns(rows)


def _last_run(run: RunState | None, settings: ServiceSettings) -> str:
    if run is None:
        return "none is known"
    ended = outcome(run, is_under_way, settings.state_directory)
    error = printable(outcome_error(run, ended))
    began = shown(run.started, settings.time_zone)
    if ended == "failed":
        return f"{began}, failed (exit {run.exit_code}): {error}"
    if run.finished is not None:
        return f"{began}, succeeded in {duration(run.finished - run.started)}"
    if ended == "running":
        return f"{began}, is under way"
    return f"{began}, was {killed_text(error)}"


def _failure(attempt: Attempt) -> Text:
    error = printable(attempt.error)
    return Text(f"failed (exit {attempt.exit_code}): {error}", style="red")


def _stored(stored: Usage) -> str:
    return f"{size_text(stored.size)}, {counted(stored.backups, 'backup')}"
