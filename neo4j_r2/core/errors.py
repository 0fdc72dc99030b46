"""The errors a run can end with, each with the exit code that README documents."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from enum import Enum
from typing import Final

EXIT_UNEXPECTED: Final = 1
EXIT_KILLED: Final = 137
"""What a shell shows for a process that was killed by signal 9."""
KILLED: Final = "killed"
"""The kind of failure of a run that was killed: it left no exit code."""
INTERRUPTED: Final = "interrupted"
"""The kind of failure of a run that a signal ended."""
_KINDS: Final = {2: "configuration", 3: "neo4j", 4: "r2", 5: "corrupt", 6: "locked"}
_UNEXPECTED: Final = "unexpected"
_SIGNAL: Final = 128
"""A run that a signal ended has this exit code plus the signal's number, as in a shell."""
FAILURE_KINDS: Final = (
    *(kind for kind in _KINDS.values() if kind != "locked"),
    INTERRUPTED,
    _UNEXPECTED,
)
"""The kinds of failure that are counted; for runs, `KILLED` is counted too.

A run that the lock refuses is not recorded, so "locked" is not counted.
"""


def failure_kind(exit_code: int) -> str:
    """Return the kind of failure that an exit code stands for."""
    if exit_code > _SIGNAL:
        return INTERRUPTED
    return _KINDS.get(exit_code, _UNEXPECTED)


class Side(Enum):
    """A system that a run works with and may wait for; the value is its name in messages."""

    NEO4J = "Neo4j"
    R2 = "R2"


class BackupError(Exception):
    """A foreseeable failure. Its text is one line for the log, without secrets."""

    exit_code = EXIT_UNEXPECTED


class ConfigurationError(BackupError):
    """The configuration or the command line cannot be used."""

    exit_code = 2


class NoSpaceError(ConfigurationError):
    """The state directory has no space left. A backup needs none there; only its record does."""


class NoBackupError(ConfigurationError):
    """There is no complete backup where the command looks for one."""


class NoKeyError(ConfigurationError):
    """An archive is encrypted, and none of the given private keys opens it."""


class GraphError(BackupError):
    """Neo4j could not be reached, refused, failed or stopped answering."""

    exit_code = 3


class GraphUnavailableError(GraphError):
    """Neo4j does not answer, or not yet. The same call may succeed later."""


class LoginRefusedError(GraphError):
    """Neo4j refused the login, for every database. Further attempts would lock the account."""


class BucketError(BackupError):
    """R2 could not be reached, refused, failed or stopped answering."""

    exit_code = 4


class BucketUnavailableError(BucketError):
    """R2 does not answer, or is out of order. The same call may succeed later."""


class KeyTakenError(BucketError):
    """Another run uses the key of this run's archive. The key of the next second may be free."""


class BackupGoneError(BucketError):
    """A backup was removed while it was in use, as by a prune on another host."""


class CorruptError(BackupError):
    """Stored data is damaged, or is not what this service wrote."""

    exit_code = 5


class NewerFormatError(CorruptError):
    """Stored data has the format of a later version of this service."""


class LockedError(BackupError):
    """Another run holds the lock."""

    exit_code = 6


class StillLockedError(LockedError):
    """A run held the lock for as long as a drill waits for its end."""


class DatabasesFailedError(BackupError):
    """Some of several databases failed. The exit code is the one of the first failed database."""

    def __init__(self, exit_codes: Mapping[str, int], total: int) -> None:
        """Describe the failure.

        :param exit_codes: the exit code of each database that failed, in the configured order.
        :param total: how many databases were tried.
        """
        failed = ", ".join(f"{database} (exit {code})" for database, code in exit_codes.items())
        super().__init__(f"{len(exit_codes)} of {total} databases failed: {failed}")
        self.exit_code = next(iter(exit_codes.values()))


class Ending(SystemExit):
    """Something outside the run ends it. The text is one line for the log.

    It is a SystemExit and not an ordinary exception. When an ordinary exception is raised inside a
    call of the S3 client or of the driver, they turn it into an error of their own. A retry loop
    would then swallow it.
    """

    def __init__(self, exit_code: int, text: str) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code
        self._text = text

    def __str__(self) -> str:
        return self._text


class Interruption(Ending):
    """A signal ends the run."""

    def __init__(self, number: int) -> None:
        self.is_by_hand = number == signal.SIGINT
        """Whether somebody ended a run that they see, with Ctrl-C: that is no failure."""
        super().__init__(_SIGNAL + number, f"Interrupted by signal {number}")


class Stalled(Ending):
    """The run made no progress for the configured limit."""

    def __init__(self, side: Side, seconds: float) -> None:
        """Describe the end; `side` is what the run was waiting for."""
        text = f"No progress for {seconds:.0f} s while waiting for {side.value}"
        super().__init__(_EXIT_CODES[side], text)


_EXIT_CODES: Final = {Side.NEO4J: GraphError.exit_code, Side.R2: BucketError.exit_code}
