"""The container's first process: runs crond, and gives running backups time to end.

When the first process ends, the kernel kills all others without a warning. So this process tells
the runs to end, and waits until they have aborted their uploads. If crond ends, this process ends
too. If the process that serves the metrics ends, this process starts it again.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from typing import Final

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.processes import other_runs

log = logging.getLogger(__name__)

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS: Final = _STOP | {signal.SIGCHLD, signal.SIGALRM}
_POLL_SECONDS: Final = 0.1
_METRICS_PAUSE_SECONDS: Final = 30
CROND: Final = ("crond", "-n", "-s")


def run(invocation: Invocation[Options]) -> int:
    """Run crond; return 0 after a signal to stop, and 1 if crond ends by itself."""
    settings = configure_service(invocation)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    log.info("Cron schedule configured: %s", settings.schedule)
    log.info("Next backup will run at configured time")
    log.info("Starting cron daemon...")
    log.info("%s", settings.encryption)
    crond = start_crond({**invocation.environment, "TZ": str(settings.time_zone)})
    immediate = None
    if settings.run_immediate_backup:
        immediate = _start(_program(), invocation.environment)
    metrics = _Metrics(invocation.environment)
    if settings.metrics_port is not None:
        metrics.start()
    exit_code = _supervise(crond, immediate, metrics)
    _end_runs(crond, metrics)
    return exit_code


def start_crond(environment: Mapping[str, str]) -> int:
    """Start crond, and return the id of its process.

    :raises ConfigurationError: if it cannot be started. Only in the container it can for sure.
    """
    try:
        return _start(CROND, environment)
    except OSError as error:
        raise ConfigurationError(
            f"{CROND[0]} cannot be started ({error.strerror}): supervise is the container's first "
            "process; without containers, let the host's cron or a systemd timer run backup.py"
        ) from error


class _Metrics:
    """The process that serves the metrics; started again some time after it ends."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.pid: int | None = None
        """None while the process does not run."""

    def start(self) -> None:
        try:
            self.pid = _start((*_program(), "metrics"), self._environment)
        except OSError as error:
            self._start_later(str(error.strerror))

    def ended(self, exit_code: int) -> None:
        self._start_later(f"exit {exit_code}")

    def _start_later(self, reason: str) -> None:
        self.pid = None
        log.error(
            "Metrics are not served (%s); the schedule stands, the next try is in %d s",
            reason,
            _METRICS_PAUSE_SECONDS,
        )
        signal.alarm(_METRICS_PAUSE_SECONDS)


def _program() -> tuple[str, ...]:
    return sys.executable, os.path.abspath(sys.argv[0])


def _start(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Start a process in a session of its own, and return its id.

    This process blocks signals, and a child would inherit that: the child begins with none blocked.
    """
    return os.posix_spawnp(command[0], command, environment, setsigmask=[], setsid=True)


def _supervise(crond: int, immediate: int | None, metrics: _Metrics) -> int:
    """Wait for a signal to stop (0) or for crond's end (1), and return the exit code.

    The signals are blocked, so `sigwait` takes them one by one, and no handler interrupts anything.
    """
    while True:
        number = signal.sigwait(_SIGNALS)
        if number in _STOP:
            return 0
        if number == signal.SIGALRM:
            metrics.start()
        for pid, exit_code in _ended():
            if pid == crond:
                log.error("crond ended (exit %d)", exit_code)
                return 1
            if pid == immediate and exit_code:
                log.error("The immediate backup failed (exit %d); the schedule stands", exit_code)
            if pid == metrics.pid:
                metrics.ended(exit_code)


def _end_runs(crond: int, metrics: _Metrics) -> None:
    """Stop crond, so that it starts nothing new; then end all runs, and wait for them.

    The wait has no time limit: whoever stops the container sets one.
    """
    _signal(crond)
    told: set[int] = set()
    if metrics.pid is not None:
        _signal(metrics.pid)
        told.add(metrics.pid)
    while runs := set(other_runs()):
        for pid in runs - told:
            log.info("Waiting for process %d, which was told to end", pid)
            _signal(pid)
        told |= runs
        signal.sigtimedwait({signal.SIGCHLD}, _POLL_SECONDS)
        list(_ended())  # reaps the children that have ended; no other process does


def _signal(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def _ended() -> Iterator[tuple[int, int]]:
    """Yield the id and the exit code of each child that has ended.

    The first process also becomes the parent of every orphan: a run whose parent has ended.
    """
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        yield pid, os.waitstatus_to_exitcode(status)
