"""Says whether backups succeed when they are due; the container's health probe.

It asks neither Neo4j nor R2: it reads the state file and looks at the processes.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from neo4j_r2.configure import configure_service
from neo4j_r2.diagnose import Signs, diagnose, next_due
from neo4j_r2.invocation import Invocation
from neo4j_r2.processes import is_running
from neo4j_r2.state import State, StateFile

log = logging.getLogger(__name__)


def run(invocation: Invocation) -> int:
    """Log what is wrong, or when the next backup is due; return 1 if anything is wrong."""
    settings = configure_service(invocation)
    state = StateFile(settings.state_directory).read()
    signs = Signs(
        now=datetime.now(UTC),
        is_crond_running=is_running("crond"),
        is_run_alive=bool(state and state.last_run and state.last_run.process.is_alive()),
        state=state,
    )
    if problems := diagnose(signs, settings):
        log.error("Unhealthy: %s", "; ".join(problems))
        return 1
    if state and (expected := next_due(state, settings)):
        log.info("Healthy: %s, due next at %s", latest(state), expected.isoformat())
    return 0


def latest(state: State) -> str:
    """Return the keys of the last backups."""
    backups = [state.of(database).last_backup for database in state.expected]
    keys = [backup.archive_key for backup in backups if backup]
    return f"last backup {', '.join(keys)}" if keys else "no backup yet"
