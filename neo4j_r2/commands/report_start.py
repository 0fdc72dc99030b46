"""Tells people and the health probe that the service cannot start, once, and that it can again."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace

from neo4j_r2.commands.configure import own_state_directory
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.notify_settings import FAILURE, requested_notify
from neo4j_r2.config.service_settings import requested_state_directory
from neo4j_r2.config.unknown_names import CONTAINER_MARK
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BackupError, Stalled
from neo4j_r2.core.log import redact
from neo4j_r2.monitoring.announce import tell
from neo4j_r2.monitoring.notification import start_failed, start_succeeded
from neo4j_r2.run.route_directory import directories_without_backup
from neo4j_r2.run.start_problem import StartProblem, StartProblemFile

log = logging.getLogger(__name__)


def report_failure(
    invocation: Invocation[Options], error: BackupError | Stalled, *, may_pass: bool = False
) -> None:
    """Record why the service cannot start. Tell it, unless this failure was told before.

    The settings for this are read without a check: a wrong configuration is told too. If nothing
    can be recorded, no later look will know of this one, so it is told now.

    :param may_pass: whether it may heal by itself. Then it is told only if it is there again.
    """
    file = _file(invocation)
    problem = StartProblem(now(), error.exit_code, redact(" ".join(str(error).split())))
    known = {each.exit_code: each for each in file.read()} if file else {}
    before = known.get(problem.exit_code)
    if before and not may_pass and _cause(before) != _cause(problem):
        before = None  # that one is mended, and this one was behind it
    if before:
        problem = replace(problem, since=before.since)
    is_told = before is not None and before.is_told
    tells_now = not is_told and (before is not None or not may_pass)
    recorded = replace(problem, is_told=is_told or tells_now)
    is_recorded = file is not None and file.write(recorded)
    if tells_now or not (is_told or is_recorded):
        settings = requested_notify(invocation.environment, invocation.dotenv)
        tell(settings, start_failed(problem, settings.host), failure=problem.error)


def _cause(problem: StartProblem) -> str:
    """Return what is the same in the texts of two failures with one cause: all but the numbers."""
    return re.sub(r"\d+", "", problem.error)


def _file(invocation: Invocation[Options]) -> StartProblemFile | None:
    """Return the file of the problem; None if the configuration names no usable directory."""
    try:
        directory = own_state_directory(invocation)
    except BackupError:
        return None
    return StartProblemFile(directory)


def _all_files(invocation: Invocation[Options]) -> Iterator[StartProblemFile]:
    """Yield the files of all problems that are over when the service starts.

    A mistyped bucket or host makes another route, which has its own directory. In a container that
    was this service. On a host it can be another one.
    """
    if file := _file(invocation):
        yield file
    if CONTAINER_MARK in invocation.environment:
        root = requested_state_directory(invocation.environment, invocation.dotenv)
        yield from map(StartProblemFile, directories_without_backup(root))


def report_success(invocation: Invocation[Options]) -> None:
    """Forget why the service could not start, and tell that it can again."""
    problems = [each for file in _all_files(invocation) for each in file.remove()]
    if problems:
        log.info("What kept the service from its work is over")
    told = [each for each in problems if each.is_told]
    settings = requested_notify(invocation.environment, invocation.dotenv)
    if told and settings.when != FAILURE:
        tell(settings, start_succeeded(told, settings.host, now()))
