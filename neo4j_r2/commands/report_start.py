"""Tells people and the health probe that the service cannot start, once, and that it can again."""

from __future__ import annotations

import logging
from dataclasses import replace

from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.notify_settings import FAILURE, requested_notify
from neo4j_r2.config.service_settings import requested_state_directory
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BackupError, Stalled
from neo4j_r2.core.log import redact
from neo4j_r2.monitoring.announce import tell
from neo4j_r2.monitoring.notification import start_failed, start_succeeded
from neo4j_r2.run.start_problem import StartProblem, StartProblemFile

log = logging.getLogger(__name__)


def report_failure(invocation: Invocation[Options], error: BackupError | Stalled) -> None:
    """Record why the service cannot start. Tell it, unless a failure of this kind was told before.

    The settings for this are read without a check: a wrong configuration is told too.
    """
    environment, dotenv = invocation.environment, invocation.dotenv
    problem = StartProblem(now(), error.exit_code, redact(" ".join(str(error).split())))
    file = _file(invocation)
    before = file.read() if file else None
    is_news = before is None or before.exit_code != problem.exit_code
    if before and not is_news:
        problem = replace(problem, since=before.since)
    if file:
        file.write(problem)
    if is_news:
        settings = requested_notify(environment, dotenv)
        tell(settings, start_failed(problem, settings.host), failure=problem.error)


def _file(invocation: Invocation[Options]) -> StartProblemFile | None:
    """Return the file of the problem; None if the configuration names no usable directory."""
    try:
        directory = requested_state_directory(invocation.environment, invocation.dotenv)
    except BackupError:
        return None
    return StartProblemFile(directory)


def report_success(invocation: Invocation[Options]) -> None:
    """Forget why the service could not start, and tell that it can again."""
    file = _file(invocation)
    if not (file and file.remove()):
        return
    log.info("What kept the service from its work is over")
    settings = requested_notify(invocation.environment, invocation.dotenv)
    if settings.when != FAILURE:
        tell(settings, start_succeeded(settings.host, now()))
