"""The processes of this machine or container, as Linux shows them under /proc."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

from neo4j_r2.core.program_name import PROGRAM_NAMES

_PROC: Final = Path("/proc")
_PROGRAM_NAMES: Final = frozenset(map(str.encode, PROGRAM_NAMES))
_ENTRYPOINT: Final = b"/app/entrypoint.sh"
_START_TIME_FIELD: Final = 19
"""The field's place in /proc/PID/stat, counted from 0 after the command's name; see proc(5)."""


@dataclass(frozen=True)
class ProcessId:
    """Names one process for certain: the kernel reuses an id, but with another start time."""

    pid: int
    start_time: int
    """Clock ticks since the machine started."""

    @classmethod
    def own(cls) -> Self:
        """Return the id of the calling process."""
        return cls(os.getpid(), _start_time(os.getpid()) or 0)

    def is_alive(self) -> bool:
        """Whether the process is still there."""
        return _start_time(self.pid) == self.start_time

    def started(self) -> datetime:
        """Return when the process began. It keeps this time when it becomes another program."""
        ticks_per_second = os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - self.start_time / ticks_per_second
        return datetime.now(UTC) - timedelta(seconds=age)


def is_running(command: str) -> bool:
    """Whether there is a process of exactly this name, as `pgrep -x` finds it."""
    return any(_read(directory / "comm") == command.encode() + b"\n" for directory in _processes())


def is_in_service_container() -> bool:
    """Whether this is the service's container, in which the service itself schedules its runs."""
    return starts_service(_read(_PROC / "1" / "cmdline"))


def starts_service(command_line: bytes) -> bool:
    """Whether a process is the entrypoint of the service's container, or its supervisor.

    :param command_line: as in /proc/PID/cmdline, with a NUL behind each argument.
    """
    return _ENTRYPOINT in command_line.split(b"\0") or supervises(command_line)


def is_service_starting() -> bool:
    """Whether this is the service's container, and its entrypoint is not yet the supervisor."""
    return is_in_service_container() and not any(
        supervises(_read(directory / "cmdline")) for directory in _processes()
    )


def supervises(command_line: bytes) -> bool:
    """Whether a process is the supervisor of the service.

    :param command_line: as in /proc/PID/cmdline, with a NUL behind each argument.
    """
    return b"supervise" in command_line.split(b"\0") and _runs_program(command_line)


def other_runs() -> list[int]:
    """Return the ids of all other processes that run this program."""
    return [
        int(directory.name)
        for directory in _processes()
        if int(directory.name) != os.getpid() and _runs_program(_read(directory / "cmdline"))
    ]


def _runs_program(command_line: bytes) -> bool:
    """Whether one of the arguments is the program.

    A shell that starts the program is no run. It has the whole command line in one argument, so
    arguments with a blank do not count.
    """
    arguments = (each for each in command_line.split(b"\0") if b" " not in each)
    return any(argument.rpartition(b"/")[2] in _PROGRAM_NAMES for argument in arguments)


def _processes() -> Iterator[Path]:
    return (directory for directory in _PROC.iterdir() if directory.name.isdigit())


def _start_time(pid: int) -> int | None:
    # The command's name is in parentheses, and can hold some too: so the last one ends it.
    fields = _read(_PROC / str(pid) / "stat").rpartition(b")")[2].split()
    return int(fields[_START_TIME_FIELD]) if fields else None


def _read(path: Path) -> bytes:
    """Return the content of a file of /proc; empty if its process has ended."""
    with suppress(OSError):
        return path.read_bytes()
    return b""
