"""How a run has ended: as it is recorded, and as that record is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from neo4j_r2.core.errors import (
    EXIT_UNEXPECTED,
    BackupError,
    Ending,
    Interruption,
    failure_kind,
)
from neo4j_r2.core.log import redact
from neo4j_r2.run.memory_limit import kill_reason, read_memory_limit
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import RunState


def ending(error: BaseException | None) -> tuple[int, str]:
    """Return the exit code and one line, without secrets, for an error; None is a success."""
    if error is None:
        return 0, ""
    if isinstance(error, BackupError | Ending):
        return error.exit_code, redact(" ".join(str(error).split()))
    return EXIT_UNEXPECTED, f"Unexpected error: {type(error).__name__}"


def is_by_hand(error: BaseException | None) -> bool:
    """Whether somebody ended a run that they see."""
    return isinstance(error, Interruption) and error.is_by_hand


def with_failure(failures: Mapping[str, int], exit_code: int) -> Mapping[str, int]:
    """Return the counts of failures, by their kinds, with one that ended so; 0 is none."""
    return with_kind(failures, failure_kind(exit_code)) if exit_code else failures


def with_kind(failures: Mapping[str, int], kind: str) -> Mapping[str, int]:
    """Return the counts of failures with one more of a kind."""
    return {**failures, kind: failures.get(kind, 0) + 1}


def killed_line(reason: str) -> str:
    """Return the line of an attempt that was killed; the reason is empty if it is not known."""
    return f"killed: {reason}" if reason else "killed"


def outcome(run: RunState, is_under_way: Callable[[ProcessId, Path], bool], directory: Path) -> str:
    """Return how a run ended: running, killed, failed or succeeded.

    :param is_under_way: looks whether a process is still at it.
    :param directory: the state directory.
    """
    if run.finished is None:
        return "running" if is_under_way(run.process, directory) else "killed"
    return "failed" if run.exit_code else "succeeded"


def outcome_error(run: RunState, ended: str) -> str:
    """Return why a run failed or was killed; empty if it was not, or if nobody knows.

    :param ended: its `outcome`.
    """
    if ended == "killed":
        return kill_reason(run.memory_kills, read_memory_limit())
    return run.error
