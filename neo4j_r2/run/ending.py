"""How a run has ended, as it is recorded: its exit code, one line, and the count of its kind."""

from __future__ import annotations

from collections.abc import Mapping

from neo4j_r2.core.errors import (
    EXIT_UNEXPECTED,
    BackupError,
    Ending,
    Interruption,
    failure_kind,
)
from neo4j_r2.core.log import redact


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
