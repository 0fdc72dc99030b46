"""What one program costs: a process of its own, its children, and the server meanwhile.

Linux only: the figures come from the kernel's accounting and from /proc.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_POLL_SECONDS: Final = 0.02
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_GONE: Final = (FileNotFoundError, ProcessLookupError)


@dataclass(frozen=True)
class Program:
    """A command line and where it runs."""

    arguments: Sequence[str]
    variables: Mapping[str, str]
    """Its whole environment."""
    directory: Path
    log: Path
    """For its standard output and standard error."""


@dataclass(frozen=True)
class Usage:
    """What a program cost."""

    exit_code: int
    wall_seconds: float
    client_seconds: float
    """CPU, user and system, of the process and of the children that it waited for."""
    server_seconds: float
    """CPU of the server in the same time, whatever it was for."""
    peak_bytes: int
    """The peak resident memory of the process and of each of its children, added."""


def measure(program: Program, server_pid: int) -> Usage:
    """Run a program to its end; it does not outlive this call."""
    server_before = _cpu_seconds(server_pid)
    started = time.monotonic()
    with program.log.open("wb") as log:
        child = subprocess.Popen(
            program.arguments,
            cwd=program.directory,
            env=program.variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    with _PeakMemory(child.pid) as memory:
        exit_code, client_seconds = _wait(child)
    wall_seconds = time.monotonic() - started
    server_seconds = _cpu_seconds(server_pid) - server_before
    return Usage(exit_code, wall_seconds, client_seconds, server_seconds, memory.peak_bytes)


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, float]:
    """Return the exit code of a child and its CPU seconds; an interruption ends its session."""
    try:
        _, status, resources = os.wait4(child.pid, 0)
    except BaseException:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        raise
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, resources.ru_utime + resources.ru_stime


class _PeakMemory:
    """Watches a process and its descendants while the context lasts.

    The kernel's own peak of a child that has ended (ru_maxrss) would be its parent's if that was
    larger: memory is counted before exec. VmHWM begins anew with exec, and goes with the process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peaks: dict[int, int] = {}
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def peak_bytes(self) -> int:
        return sum(self._peaks.values())

    def __enter__(self) -> _PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._has_ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._has_ended.wait(_POLL_SECONDS):
            for pid in _family(self._pid):
                with suppress(*_GONE):
                    # Not the larger one: before exec a child shows its parent's memory.
                    self._peaks[pid] = _peak_bytes(pid) or self._peaks.get(pid, 0)


def _family(pid: int) -> Iterator[int]:
    """Yield a process and all that descend from it, as far as they still live."""
    yield pid
    with suppress(*_GONE):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text(encoding="ascii").split():
                yield from _family(int(child))


def _peak_bytes(pid: int) -> int:
    """Return the peak resident memory of a process, 0 of one that has ended."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def _cpu_seconds(pid: int) -> float:
    # The name in parentheses, the second field, can hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
