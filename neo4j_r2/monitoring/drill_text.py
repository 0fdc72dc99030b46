"""What `status` says of drills: when the next one is due, and how the last ones ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.day import day_text
from neo4j_r2.core.figures import duration
from neo4j_r2.core.local_time import clock_time
from neo4j_r2.core.printable import printable
from neo4j_r2.run.drill_state import Drill, DrillRun, DrillState, ProofState
from neo4j_r2.run.ending import killed_text, outcome, outcome_error
from neo4j_r2.run.lock import is_drill_under_way
from neo4j_r2.run.phases import ASK, CHECK, COMPARE, EMPTY, RESTORE

_PHASES: Final[Mapping[str, str]] = {
    CHECK: "checking",
    RESTORE: "restoring",
    COMPARE: "comparing",
    ASK: "asking",
    EMPTY: "emptying",
}


def drill_schedule_text(settings: ServiceSettings, now: datetime, *, is_scheduled: bool) -> str:
    """Return the schedule of drills, and when the next one is due; empty without drills.

    :param is_scheduled: whether this service starts the drills itself.
    """
    following = settings.drill_due_after(now)
    if following is None:
        return ""
    text = f"{settings.drill_schedule} ({settings.time_zone})"
    if not is_scheduled:
        return text
    wait = timedelta(seconds=following.timestamp() - now.timestamp())
    return f"{text}, next {following:%Y-%m-%d %H:%M}, in {duration(wait)}"


def last_proof_text(
    proof: ProofState | None, newest_key: str, settings: ServiceSettings, now: datetime
) -> str:
    """Return when a backup of a database was last proved, and the time to restore.

    :param newest_key: the archive's key of the newest backup; empty if none is known. A proof of
        another backup is shown with its name.
    """
    if proof is None:
        return "never"
    zone = settings.time_zone
    time = f"{day_text(proof.finished, now, zone)} {proof.finished.astimezone(zone):%H:%M}"
    stem = proof.archive_key.rpartition("/")[2].partition(".cypher")[0]
    of_backup = f" ({printable(stem)})" if proof.archive_key != newest_key else ""
    return f"{time}, restored in {duration(timedelta(seconds=proof.restore_seconds))}{of_backup}"


def last_drill_text(
    drills: DrillState | None, database: str, settings: ServiceSettings, now: datetime
) -> str:
    """Return how the last drill of a database goes, or how it ended; empty if it succeeded.

    Nothing is cut off, however long a cause is: somebody has to act on it.
    """
    if drills is None:
        return ""
    run = drills.run
    if run and run.database in ("", database):  # before its first database, it is of all
        ended = outcome(run, is_drill_under_way, settings.state_directory)
        if ended == "running":
            return f"under way since {_since(run, settings, now)}{_phase(run)}"
        if ended == "killed":
            reason = printable(outcome_error(run, ended))
            return f"{_time(run, settings)}, was {killed_text(reason)}"
        if ended == "failed" and not run.database:
            return _failure(run, settings)
    last = drills.of(database).drills[-1:]
    return "".join(_failure(each, settings) for each in last if each.exit_code)


def _failure(drill: DrillRun | Drill, settings: ServiceSettings) -> str:
    error = printable(drill.error)
    return f"{_time(drill, settings)}, failed (exit {drill.exit_code}): {error}"


def _time(drill: DrillRun | Drill, settings: ServiceSettings) -> str:
    return clock_time(drill.started, settings.time_zone)


def _since(run: DrillRun, settings: ServiceSettings, now: datetime) -> str:
    """Return when a drill began that is under way; its day only if that is not today."""
    time, zone = run.started, settings.time_zone
    day = day_text(time, now, zone)
    clock = f"{time.astimezone(zone):%H:%M:%S}"
    return clock if day == "today" else f"{day} {clock}"


def _phase(run: DrillRun) -> str:
    word = _PHASES.get(run.phase)
    return f", {word}" if word else ""
