"""Processes that the supervisor starts beside crond: which, when, and whether again."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.missed_jobs import DRILL_DELAY_SECONDS
from neo4j_r2.commands.options import SuperviseOptions
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.errors import LockedError
from neo4j_r2.run.privileges import as_owner
from neo4j_r2.run.start_problem import StartProblemFile

log = logging.getLogger(__name__)

_METRICS_PAUSE_SECONDS: Final = 30
LONGEST_SECONDS: Final = 3600.0
"""How long nothing is looked at, if nothing is to be started and no signal comes."""


def has_start_problem(root: Path, settings: ServiceSettings) -> bool:
    """Whether the service has started without Neo4j or R2, and has not found them since.

    :param root: the configured state directory, whose owner may read all in it.
    """
    with as_owner(root):
        return bool(StartProblemFile(settings.state_directory).read())


class Helper:
    """A process beside crond; started again some time after it ends, as long as it is needed."""

    def __init__(
        self, command: tuple[str, ...], environment: Mapping[str, str], pause: float, told: str
    ) -> None:
        """Describe the process. It starts when it is first asked whether it is due.

        :param pause: how many seconds after its end it is started again.
        :param told: what the log says when it ends; empty for nothing.
        """
        self._command = (*this_program(), *command)
        self._environment = environment
        self._pause = pause
        self._told = told
        self._next: float | None = time.monotonic()
        self.pid: int | None = None
        """None while the process does not run."""

    def seconds(self) -> float:
        """Return how long it takes until the process is to be started."""
        return LONGEST_SECONDS if self._next is None else max(0.0, self._next - time.monotonic())

    def start_if_due(self) -> None:
        """Start the process, if its time has come."""
        if self._next is None or self.seconds() > 0:
            return
        self._next = None
        try:
            self.pid = start_process(self._command, self._environment)
        except OSError as error:
            self.ended(str(error.strerror))

    def ended(self, reason: str) -> None:
        """Start the process again later."""
        self.pid = None
        self._next = time.monotonic() + self._pause
        if self._told:
            log.error(self._told, reason, self._pause)

    def give_up(self) -> None:
        """Start the process no more."""
        self.pid = self._next = None


class Look(Helper):
    """The helper that looks for a Neo4j and an R2 that were away at the start."""

    def __init__(
        self, invocation: Invocation[SuperviseOptions], root: Path, settings: ServiceSettings
    ) -> None:
        pause = invocation.options.look_every
        super().__init__(("wait",), invocation.environment, pause, "")
        self._root = root
        self._settings = settings
        self._next = time.monotonic() + pause

    def ended(self, reason: str) -> None:
        """Look again later, unless the problem is over or does not heal by itself."""
        if reason == "exit 0" and has_start_problem(self._root, self._settings):
            super().ended(reason)
        else:
            self.give_up()


class MissedDrill(Helper):
    """The helper that makes a drill that was missed; it runs once."""

    def __init__(self, environment: Mapping[str, str], delay: float = DRILL_DELAY_SECONDS) -> None:
        super().__init__(("drill",), environment, 0, "")
        self._next = time.monotonic() + delay

    def ended(self, reason: str) -> None:
        """Start nothing more. A drill that the lock refused has failed nothing."""
        self.give_up()
        if reason not in {"exit 0", f"exit {LockedError.exit_code}"}:
            log.error("The missed drill failed (%s); the schedule stands", reason)


def serve_metrics(environment: Mapping[str, str], settings: ServiceSettings) -> Helper:
    """Return the helper that serves the metrics, if a port is set."""
    told = "Metrics are not served (%s); the schedule stands, the next try is in %d s"
    helper = Helper(("metrics",), environment, _METRICS_PAUSE_SECONDS, told)
    if settings.metrics_port is None:
        helper.give_up()
    return helper


def this_program() -> tuple[str, ...]:
    """Return the command that starts this program again."""
    return sys.executable, os.path.abspath(sys.argv[0])


def start_process(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Start a process in a session of its own, and return its id.

    This process blocks signals, and a child would inherit that: the child begins with none blocked.
    """
    return os.posix_spawnp(command[0], command, environment, setsigmask=[], setsid=True)
