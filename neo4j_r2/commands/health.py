"""Tells whether backups succeed when they are due; the container's health probe.

It asks neither Neo4j nor R2: it reads the state file and looks at the processes.
"""

from __future__ import annotations

import json
import logging
import sys

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import HealthOptions
from neo4j_r2.monitoring.health_probe import Health, assess, look

log = logging.getLogger(__name__)


def run(invocation: Invocation[HealthOptions]) -> int:
    """Tell what is wrong and return 1, or tell when the next backup is due and return 0.

    It is a line of the log; with `--json`, a document on standard output.
    """
    settings = configure_service(invocation)
    health = assess(look(settings), settings)
    if invocation.options.json:
        sys.stdout.write(document(health))
    else:
        log.log(logging.INFO if health.is_good else logging.ERROR, "%s", health.line)
    return 0 if health.is_good else 1


def document(health: Health) -> str:
    """Return the health as JSON; times have their zone."""
    content = {
        "healthy": health.is_good,
        "problems": list(health.problems),
        "due": health.due.isoformat() if health.due else None,
        "drill_due": health.drill_due.isoformat() if health.drill_due else None,
    }
    return json.dumps(content, indent=1) + "\n"
