"""The container's first process: runs crond, and gives running backups time to end.

When the first process ends, the kernel kills all others without a warning. So this process tells
the runs to end, and waits until they have aborted their uploads. If crond ends, this process ends
too. Beside crond it starts helpers: the process that serves the metrics, the one that looks whether
a Neo4j or an R2 that was away at the start is back, and a drill that was missed.

If the service cannot start, this process runs no crond. It serves the metrics for some minutes, so
that the health shows what is wrong, and then ends: the engine starts the container again. But it
does not end while a run that somebody has started by hand, such as a restore, is under way.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from neo4j_r2.commands.configure import configure_service
from neo4j_r2.commands.helper_process import (
    LONGEST_SECONDS,
    Helper,
    Look,
    MissedDrill,
    has_start_problem,
    serve_metrics,
    start_process,
    this_program,
)
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.missed_jobs import is_backup_wanted_now, is_drill_wanted_now
from neo4j_r2.commands.options import SuperviseOptions
from neo4j_r2.commands.unusable_state import UnusableState
from neo4j_r2.config.service_settings import requested_state_directory
from neo4j_r2.config.unknown_names import CONTAINER_MARK
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import ConfigurationError, LockedError
from neo4j_r2.core.figures import counted
from neo4j_r2.run.drill_state import DrillFile
from neo4j_r2.run.privileges import as_owner
from neo4j_r2.run.processes import ProcessId, other_runs
from neo4j_r2.run.state import StateFile

log = logging.getLogger(__name__)

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT})
_SIGNALS: Final = _STOP | {signal.SIGCHLD}
_POLL_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 1
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
        drills = DrillFile(settings.state_directory).read()
    log.info("Cron schedule configured: %s", settings.schedule)
    log.info("Next backup will run at configured time")
    log.info("Starting cron daemon...")
    crond = start_crond({**invocation.environment, "TZ": str(settings.time_zone)})
    immediate = None
    # This process has been the entrypoint before.
    started = ProcessId.own().started()
    if is_backup_wanted_now(settings, state, started=started, now=now()):
        immediate = start_process(this_program(), invocation.environment)
    helpers = [serve_metrics(invocation.environment, settings)]
    if is_drill_wanted_now(settings, drills, now=now()):
        helpers.append(MissedDrill(invocation.environment))
    if has_start_problem(root, settings):
        helpers.append(Look(invocation, root, settings))
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
        helpers.append(serve_metrics(invocation.environment, configure_service(invocation)))
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


def _wait_for_runs(helpers: list[Helper]) -> None:
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


def _is_stopped_within(seconds: float, helpers: list[Helper]) -> bool:
    """Supervise for some time, without crond; whether a signal to stop has come."""
    return _supervise(None, None, helpers, time.monotonic() + seconds) is not None


def start_crond(environment: Mapping[str, str]) -> int:
    """Start crond, and return the id of its process.

    :raises ConfigurationError: if it cannot be started.
    """
    try:
        return start_process(CROND, environment)
    except OSError as error:
        raise ConfigurationError(
            f"{CROND[0]} cannot be started ({error.strerror}): build the image from its Dockerfile"
        ) from error


def _supervise(
    crond: int | None, immediate: int | None, helpers: list[Helper], deadline: float | None = None
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


def _next_signal(helpers: list[Helper], deadline: float | None) -> int | None:
    """Return the next signal; None if something else is to be done before one comes."""
    times = [helper.seconds() for helper in helpers]
    times += [max(0.0, deadline - time.monotonic())] if deadline is not None else []
    taken = signal.sigtimedwait(_SIGNALS, min(times, default=LONGEST_SECONDS))
    return taken.si_signo if taken else None


def _end_runs(crond: int | None, helpers: list[Helper]) -> None:
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
