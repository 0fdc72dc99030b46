"""Says whether backups succeed when they are due; the container's health probe.

It asks neither Neo4j nor R2: it reads the state file and looks at the processes.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from neo4j_r2.configure import configure_service
from neo4j_r2.diagnose import Signs, diagnose, due
from neo4j_r2.invocation import Invocation
from neo4j_r2.processes import is_running
from neo4j_r2.state import StateFile

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
    if state:
        last = (
            f"last backup {state.last_backup.archive_key}" if state.last_backup else "no backup yet"
        )
        log.info("Healthy: %s, due next at %s", last, due(state, settings).isoformat())
    return 0
