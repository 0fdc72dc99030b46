"""Why a run was killed for memory: what the control group of this container tells of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neo4j_r2.core.figures import megabytes

_ROOT: Final = Path("/sys/fs/cgroup")
_VERSION_2: Final = ("memory.events", "memory.max", "memory.peak")
_VERSION_1: Final = (
    "memory/memory.oom_control",
    "memory/memory.limit_in_bytes",
    "memory/memory.max_usage_in_bytes",
)
"""The files of each version of control groups: kills, limit and peak."""
_NO_LIMIT: Final = 1 << 60
"""Version 1 writes a very large number for no limit."""


@dataclass(frozen=True)
class MemoryLimit:
    """The memory of a control group."""

    kills: int
    """How many processes the kernel has killed because the limit was reached."""
    limit: int | None
    """In bytes; None without one."""
    peak: int | None
    """The most bytes that were in use at once; None if the kernel does not tell."""


def read_memory_limit(root: Path = _ROOT) -> MemoryLimit | None:
    """Return what the control group tells; None outside of one, or if it tells no kills."""
    for kills_file, limit_file, peak_file in (_VERSION_2, _VERSION_1):
        kills = _kills(root / kills_file)
        if kills is not None:
            limit = _number(root / limit_file)
            is_limited = limit is not None and limit < _NO_LIMIT
            return MemoryLimit(kills, limit if is_limited else None, _number(root / peak_file))
    return None


def known_kills() -> int | None:
    """Return how many processes were killed for lack of memory so far; None if not known."""
    memory = read_memory_limit()
    return memory.kills if memory else None


def kill_reason(kills_before: int | None, now: MemoryLimit | None) -> str:
    """Return why a run was killed, if the lack of memory was the cause; empty if that is not known.

    :param kills_before: the kills when the run began; None if they were not known.
    """
    if kills_before is None or now is None or now.kills <= kills_before:
        return ""
    figures = [
        *([f"the limit is {megabytes(now.limit)}"] if now.limit else []),
        *([f"the peak was {megabytes(now.peak)}"] if now.peak else []),
    ]
    known = f": {', '.join(figures)}" if figures else ""
    advice = "raise mem_limit" if now.limit else "give the host more memory"
    return f"the kernel killed it for lack of memory (signal 9){known}; {advice}"


def _kills(path: Path) -> int | None:
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="ascii").splitlines():
            name, _, number = line.partition(" ")
            if name == "oom_kill":
                return int(number)
    return None


def _number(path: Path) -> int | None:
    with suppress(OSError, ValueError):  # `max` is no number: there is no limit
        return int(path.read_text(encoding="ascii"))
    return None
