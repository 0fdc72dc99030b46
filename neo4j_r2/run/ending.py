"""How a run has ended: as it is recorded, and as that record is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeVar

from neo4j_r2.core.errors import (
    EXIT_KILLED,
    EXIT_UNEXPECTED,
    KILLED,
    BackupError,
    Ending,
    Interruption,
    failure_kind,
)
from neo4j_r2.core.log import redact
from neo4j_r2.run.drill_state import Drill
from neo4j_r2.run.memory_limit import kill_reason, read_memory_limit
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import Attempt, RunState

KEPT: Final = 30
"""How many attempts and drills are kept for each database: a month with one each night."""
Part = TypeVar("Part", Attempt, Drill)


@contextmanager
def end_recorded(record: Callable[[BaseException | None], None]) -> Iterator[None]:
    """Record how the context ends: with an error, which goes on, or with None."""
    try:
        yield
    except BaseException as error:
        record(error)
        raise
    record(None)


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


def with_failure(failures: Mapping[str, int], exit_code: int | None) -> Mapping[str, int]:
    """Return the counts of failures, by their kinds, with what ended so.

    :param exit_code: 0 is no failure; None means that it was killed.
    """
    if exit_code == 0:
        return failures
    kind = KILLED if exit_code is None else failure_kind(exit_code)
    return {**failures, kind: failures.get(kind, 0) + 1}


def killed_text(reason: str) -> str:
    """Return that something was killed, and why; the reason is empty if it is not known."""
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


@dataclass(frozen=True)
class PreviousRun:
    """How the run before another one ended."""

    has_failed: bool = False
    """Whether it failed or was killed."""
    killed: datetime | None = None
    """When it began, if it was killed: it could not record its end itself."""
    kill_reason: str = ""
    """Why it was killed; empty if that is not known."""

    @classmethod
    def of(cls, run: RunState) -> Self:
        """Return how a run ended that is not under way any more."""
        if run.finished is not None:
            return cls(has_failed=run.exit_code != 0)
        reason = kill_reason(run.memory_kills, read_memory_limit())
        return cls(has_failed=True, killed=run.started, kill_reason=reason)


def killed_part(
    kind: type[Part], recorded: Sequence[Part], run: RunState, reason: str
) -> Part | None:
    """Return the attempt or the drill that a killed run could not record; its end is unknown.

    None if the run came to no database, or if the part is there already: a run recorded it that
    somebody then ended with Ctrl-C, so that the killed run is the last one again.

    :param recorded: what is recorded of the run's database.
    :param reason: why the run was killed; empty if that is not known.
    """
    ends = ((each.started, each.exit_code) for each in recorded)
    if not run.database or (run.started, EXIT_KILLED) in ends:
        return None
    return kind(run.started, run.started, EXIT_KILLED, killed_text(reason))
