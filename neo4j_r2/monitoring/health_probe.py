"""Looks at the state directory and the processes, and tells the service's health in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.monitoring.drill_rules import next_drill
from neo4j_r2.monitoring.health_rules import Signs, diagnose, next_due
from neo4j_r2.run.bucket_look import BucketLook
from neo4j_r2.run.drill_state import DrillFile, DrillState
from neo4j_r2.run.lock import is_drill_under_way, is_under_way
from neo4j_r2.run.memory_limit import kill_reason, read_memory_limit
from neo4j_r2.run.processes import is_in_service_container, is_running, is_service_starting
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import State, StateFile
from neo4j_r2.run.state_directory import write_problem


@dataclass(frozen=True)
class Health:
    """Whether backups and drills succeed when they are due."""

    is_good: bool
    line: str
    """What is wrong, or when the next backup is due; one line."""
    problems: Sequence[str] = ()
    """What is wrong, each in one line."""
    due: datetime | None = None
    """When the next backup of any database is due; None if no database is known yet."""
    drill_due: datetime | None = None
    """When the next drill of any database is due; None without a schedule or a backup."""


def look(settings: ServiceSettings) -> Signs:
    """Read the state directory and look at the processes; ask neither Neo4j nor R2."""
    directory = settings.state_directory
    file, drill_file = StateFile(directory), DrillFile(directory)
    state, drills = file.read(), drill_file.read()
    while True:
        is_run_alive = bool(
            state and state.last_run and is_under_way(state.last_run.process, directory)
        )
        is_drill_alive = bool(
            drills and drills.run and is_drill_under_way(drills.run.process, directory)
        )
        # A run can record its end between the two looks, and then end: it was not killed. So the
        # two looks count only if the files are the same before and after them.
        again = file.read(), drill_file.read()
        if again == (state, drills):
            memory = read_memory_limit()
            return Signs(
                datetime.now(UTC),
                is_running("crond") if is_in_service_container() else None,
                is_run_alive,
                state,
                BucketLook(directory).read(),
                write_problem(directory),
                StartProblemFile(directory).latest(),
                kill_reason(_memory_kills(state), memory),
                is_service_starting(),
                drills,
                is_drill_alive,
                kill_reason(_memory_kills_of_drill(drills), memory),
            )
        state, drills = again


def _memory_kills(state: State | None) -> int | None:
    return state.last_run.memory_kills if state and state.last_run else None


def _memory_kills_of_drill(drills: DrillState | None) -> int | None:
    return drills.run.memory_kills if drills and drills.run else None


def assess(signs: Signs, settings: ServiceSettings) -> Health:
    """Decide from the signs whether the service is healthy."""
    state, drills = signs.state, signs.drills
    expected = next_due(state, settings) if state else None
    drill = next_drill(state, drills, settings) if state and drills else None
    if problems := diagnose(signs, settings):
        return Health(False, f"Unhealthy: {'; '.join(problems)}", problems, expected, drill)
    parts = ["the service is starting"] if signs.is_starting else []
    parts += [latest(state)] if state else []
    if expected:
        parts.append(f"due next at {expected.isoformat()}")
    return Health(True, f"Healthy: {', '.join(parts)}", due=expected, drill_due=drill)


def latest(state: State) -> str:
    """Return the keys of the last backups, in words for the line."""
    backups = [state.of(database).last_backup for database in state.expected]
    keys = [backup.archive_key for backup in backups if backup]
    return f"last backup {', '.join(keys)}" if keys else "no backup yet"
