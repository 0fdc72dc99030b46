"""Looks at the state file and the processes, and tells the health of the service in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.monitoring.health_rules import Signs, diagnose, next_due
from neo4j_r2.run.bucket_look import BucketLook
from neo4j_r2.run.lock import is_under_way
from neo4j_r2.run.memory_limit import kill_reason, read_memory_limit
from neo4j_r2.run.processes import is_in_service_container, is_running, is_service_starting
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import State, StateFile
from neo4j_r2.run.state_directory import write_problem


@dataclass(frozen=True)
class Health:
    """Whether backups succeed when they are due."""

    is_good: bool
    line: str
    """What is wrong, or when the next backup is due; one line."""
    problems: Sequence[str] = ()
    """What is wrong, each in one line."""
    due: datetime | None = None
    """When the next backup of any database is due; None if no database is known yet."""


def look(settings: ServiceSettings) -> Signs:
    """Read the state file and look at the processes; ask neither Neo4j nor R2."""
    directory = settings.state_directory
    file = StateFile(directory)
    state = file.read()
    while True:
        is_run_alive = bool(
            state and state.last_run and is_under_way(state.last_run.process, directory)
        )
        # A run can record its end between the two looks, and then end: it was not killed. So the
        # two looks count only if the file is the same before and after them.
        again = file.read()
        if again == state:
            return Signs(
                datetime.now(UTC),
                is_running("crond") if is_in_service_container() else None,
                is_run_alive,
                state,
                BucketLook(directory).read(),
                write_problem(directory),
                StartProblemFile(directory).latest(),
                kill_reason(_memory_kills(state), read_memory_limit()),
                is_service_starting(),
            )
        state = again


def _memory_kills(state: State | None) -> int | None:
    return state.last_run.memory_kills if state and state.last_run else None


def assess(signs: Signs, settings: ServiceSettings) -> Health:
    """Decide from the signs whether the service is healthy."""
    state = signs.state
    expected = next_due(state, settings) if state else None
    if problems := diagnose(signs, settings):
        return Health(False, f"Unhealthy: {'; '.join(problems)}", problems, expected)
    parts = ["the service is starting"] if signs.is_starting else []
    parts += [latest(state)] if state else []
    if expected:
        parts.append(f"due next at {expected.isoformat()}")
    return Health(True, f"Healthy: {', '.join(parts)}", due=expected)


def latest(state: State) -> str:
    """Return the keys of the last backups, in words for the line."""
    backups = [state.of(database).last_backup for database in state.expected]
    keys = [backup.archive_key for backup in backups if backup]
    return f"last backup {', '.join(keys)}" if keys else "no backup yet"
