"""Sends a test notification to every receiver, and logs which of them took it."""

from __future__ import annotations

import logging
import time

from neo4j_r2.commands.configure import configure_notify
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.monitoring.announce import deliveries
from neo4j_r2.monitoring.notification import trial

log = logging.getLogger(__name__)


def run(invocation: Invocation[Options]) -> int:
    """Send the test; return 0 if every receiver took it, 1 if not."""
    settings = configure_notify(invocation)
    deadline = time.monotonic() + settings.seconds
    exit_code = 0
    for errand in deliveries(settings, trial(settings.host)):
        if problem := errand.problem(deadline - time.monotonic()):
            log.error("%s was not delivered: %s", errand.name, problem)
            exit_code = 1
        else:
            log.info("%s was delivered", errand.name)
    return exit_code
