"""Tells whether backups succeed when they are due; the container's health probe.

It asks neither Neo4j nor R2: it reads the state file and looks at the processes.
"""

from __future__ import annotations

import logging

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.monitoring.health_probe import assess, look

log = logging.getLogger(__name__)


def run(invocation: Invocation[Options]) -> int:
    """Log what is wrong and return 1, or log when the next backup is due and return 0."""
    settings = configure_service(invocation)
    health = assess(look(settings), settings)
    log.log(logging.INFO if health.is_good else logging.ERROR, "%s", health.line)
    return 0 if health.is_good else 1
