"""The container's first process: runs crond, and gives running backups time to end.

When the first process ends, the kernel kills all others without a warning. So this process tells
the runs to end, and waits until they have aborted their uploads. If crond ends, this process ends
too. If a helper ends, this process starts it again: the process that serves the metrics, and the
one that looks whether a Neo4j or an R2 that was away at the start is back.

If the service cannot start, this process runs no crond. It serves the metrics for some minutes, so
that the health shows what is wrong, and then ends: the engine starts the container again. But it
does not end while a run that somebody has started by hand, such as a restore, is under way.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import SuperviseOptions
from neo4j_r2.commands.unusable_state import UnusableState
from neo4j_r2.config.service_settings import ServiceSettings, requested_state_directory
from neo4j_r2.config.unknown_names import CONTAINER_MARK
from neo4j_r2.core.errors import ConfigurationError, LockedError
from neo4j_r2.core.figures import counted
from neo4j_r2.monitoring.health_probe import latest
from neo4j_r2.monitoring.health_rules import missed
from neo4j_r2.run.privileges import as_owner
from neo4j_r2.run.processes import ProcessId, other_runs
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import State, StateFile

log = logging.getLogger(__name__)

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS: Final = _STOP | {signal.SIGCHLD}
_POLL_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1
_METRICS_PAUSE_SECONDS: Final = 30
_LONGEST_SECONDS: Final = 3600.0
"""How long nothing is looked at, if nothing is to be started and no signal comes."""
_DAY_SECONDS: Final = 86_400
CROND: Final = ("crond", "-n", "-s")


def run(invocation: Invocation[SuperviseOptions]) -> int:
    """Run crond; return 0 after a signal to stop, and 1 if crond ends by itself.

    :raises ConfigurationError: outside the container, where a crond would run all jobs of the host.
    """
    if CONTAINER_MARK not in invocation.environment:
        raise ConfigurationError(
            "supervise is the container's first process; without containers, let the host's cron "
            "or a systemd timer run backups: docs/run-once-systemd.md says how"
        )
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    if invocation.options.failed is not None:
        return linger(invocation, invocation.options.failed)
    root = requested_state_directory(invocation.environment, invocation.dotenv)
    with as_owner(root):
        settings = configure_service(invocation)
        state = StateFile(settings.state_directory).read()
    log.info("Cron schedule configured: %s", settings.schedule)
    log.info("Next backup will run at configured time")
    log.info("Starting cron daemon...")
    crond = start_crond({**invocation.environment, "TZ": str(settings.time_zone)})
    immediate = None
    # This process has been the entrypoint before.
    if is_backup_wanted_now(settings, state, ProcessId.own().started()):
        immediate = _start(_program(), invocation.environment)
    helpers = [_metrics(invocation.environment, settings)]
    if has_start_problem(root, settings):
        helpers.append(_Look(invocation, root, settings))
    exit_code = _supervise(crond, immediate, helpers) or 0
    _end_runs(crond, helpers)
    return exit_code


def linger(invocation: Invocation[SuperviseOptions], exit_code: int) -> int:
    """Serve the metrics of a service that cannot start; return its exit code after some minutes.

    If the state directory cannot be used, nothing knows at the next start that this one was told.
    So the service then stays until the directory is another one, at most for a day.
    """
    stay = invocation.options.stay
    helpers = []
    unusable = None
    with suppress(ConfigurationError):  # it has been told
        unusable = UnusableState.behind(invocation, exit_code)
        helpers.append(_metrics(invocation.environment, configure_service(invocation)))
    if unusable:
        log.info("The service does not start; it stays until the state directory is mended")
    else:
        log.info("The service does not start; it ends in %d s, for the engine to try again", stay)
    is_stopped = False
    for _ in range(_DAY_SECONDS // stay + 1 if unusable else 1):
        is_stopped = _is_stopped_within(stay, helpers)
        if is_stopped or unusable is None or unusable.is_mended():
            break
    if not is_stopped:
        _wait_for_runs(helpers)
    _end_runs(None, helpers)
    return exit_code


def _wait_for_runs(helpers: list[_Helper]) -> None:
    """Wait for the runs that somebody has started by hand, or for a signal to stop.

    On a new host, somebody restores while the service does not start, as for want of public keys.
    """
    told = False
    while runs := set(other_runs()) - {helper.pid for helper in helpers}:
        if not told:
            what = counted(len(runs), "run")
            log.info("Waiting for the end of %s that somebody has started", what)
            told = True
        if _is_stopped_within(_LOOK_SECONDS, helpers):
            return


def _is_stopped_within(seconds: float, helpers: list[_Helper]) -> bool:
    """Supervise for some time, without crond; whether a signal to stop has come."""
    return _supervise(None, None, helpers, time.monotonic() + seconds) is not None


def start_crond(environment: Mapping[str, str]) -> int:
    """Start crond, and return the id of its process.

    :raises ConfigurationError: if it cannot be started.
    """
    try:
        return _start(CROND, environment)
    except OSError as error:
        raise ConfigurationError(
            f"{CROND[0]} cannot be started ({error.strerror}): build the image from its Dockerfile"
        ) from error


def is_backup_wanted_now(settings: ServiceSettings, state: State | None, started: datetime) -> bool:
    """Whether a backup begins with the service; say why, and when the last and the next are.

    :param started: when the service started, before it waited for Neo4j and R2.
    """
    now = datetime.now(UTC)
    due = missed(state, settings, now, started)
    following = settings.schedule.next_after(now.astimezone(settings.time_zone))
    known = latest(state) if state else "no backup is known"
    log.info("At the start: %s, due next at %s", known, following.isoformat())
    if settings.run_immediate_backup:
        return True
    if due and settings.catches_up:
        log.info("The backup that was due at %s was missed: making it now", due.isoformat())
        return True
    if due:
        log.warning("The backup that was due at %s was missed", due.isoformat())
    return False


def has_start_problem(root: Path, settings: ServiceSettings) -> bool:
    """Whether the service has started without Neo4j or R2, and has not found them since.

    :param root: the configured state directory, whose owner may read all in it.
    """
    with as_owner(root):
        return bool(StartProblemFile(settings.state_directory).read())


class _Helper:
    """A process beside crond; started again some time after it ends, as long as it is needed."""

    def __init__(
        self, command: tuple[str, ...], environment: Mapping[str, str], pause: float, told: str
    ) -> None:
        """Describe the process. It starts when it is first asked whether it is due.

        :param pause: how many seconds after its end it is started again.
        :param told: what the log says when it ends; empty for nothing.
        """
        self._command = (*_program(), *command)
        self._environment = environment
        self._pause = pause
        self._told = told
        self._next: float | None = time.monotonic()
        self.pid: int | None = None
        """None while the process does not run."""

    def seconds(self) -> float:
        """Return how long it takes until the process is to be started."""
        return _LONGEST_SECONDS if self._next is None else max(0.0, self._next - time.monotonic())

    def start_if_due(self) -> None:
        """Start the process, if its time has come."""
        if self._next is None or self.seconds() > 0:
            return
        self._next = None
        try:
            self.pid = _start(self._command, self._environment)
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


class _Look(_Helper):
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


def _metrics(environment: Mapping[str, str], settings: ServiceSettings) -> _Helper:
    told = "Metrics are not served (%s); the schedule stands, the next try is in %d s"
    helper = _Helper(("metrics",), environment, _METRICS_PAUSE_SECONDS, told)
    if settings.metrics_port is None:
        helper.give_up()
    return helper


def _program() -> tuple[str, ...]:
    return sys.executable, os.path.abspath(sys.argv[0])


def _start(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Start a process in a session of its own, and return its id.

    This process blocks signals, and a child would inherit that: the child begins with none blocked.
    """
    return os.posix_spawnp(command[0], command, environment, setsigmask=[], setsid=True)


def _supervise(
    crond: int | None, immediate: int | None, helpers: list[_Helper], deadline: float | None = None
) -> int | None:
    """Wait for a signal to stop (0) or for crond's end (1); return the exit code.

    At the deadline, return None.

    The signals are blocked, so they are taken one by one, and no handler interrupts anything.
    """
    while deadline is None or time.monotonic() < deadline:
        for helper in helpers:
            helper.start_if_due()
        number = _next_signal(helpers, deadline)
        if number in _STOP:
            return 0
        ended: dict[int | None, int] = dict(_ended())
        if crond in ended:
            log.error("crond ended (exit %d)", ended[crond])
            return 1
        # A run that the lock refused has failed nothing: another one makes the backup, and says so.
        if (exit_code := ended.get(immediate)) and exit_code != LockedError.exit_code:
            log.error("The immediate backup failed (exit %d); the schedule stands", exit_code)
        for helper in helpers:
            if helper.pid in ended:
                helper.ended(f"exit {ended[helper.pid]}")
    return None


def _next_signal(helpers: list[_Helper], deadline: float | None) -> int | None:
    """Return the next signal; None if something else is to be done before one comes."""
    times = [helper.seconds() for helper in helpers]
    times += [max(0.0, deadline - time.monotonic())] if deadline is not None else []
    taken = signal.sigtimedwait(_SIGNALS, min(times, default=_LONGEST_SECONDS))
    return taken.si_signo if taken else None


def _end_runs(crond: int | None, helpers: list[_Helper]) -> None:
    """Stop crond, so that it starts nothing new; then end all runs, and wait for them.

    The wait has no time limit: whoever stops the container sets one.
    """
    told: set[int] = set()
    for pid in (crond, *(helper.pid for helper in helpers)):
        if pid is not None:
            _signal(pid)
            told.add(pid)
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
