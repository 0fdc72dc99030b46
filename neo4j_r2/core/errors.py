"""The errors a run can end with, each with the exit code that README documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXIT_UNEXPECTED: Final = 1
KILLED: Final = "killed"
"""The kind of failure that has no exit code."""
INTERRUPTED: Final = "interrupted"
"""The kind of failure of a run that a signal ended."""
_KINDS: Final = {2: "configuration", 3: "neo4j", 4: "r2", 5: "corrupt", 6: "locked"}
_UNEXPECTED: Final = "unexpected"
_SIGNAL: Final = 128
FAILURE_KINDS: Final = (
    *(kind for kind in _KINDS.values() if kind != "locked"),
    INTERRUPTED,
    _UNEXPECTED,
)
"""What is counted; of runs `KILLED` too. One that the lock refuses is not recorded."""


def failure_kind(exit_code: int) -> str:
    """Return the word by which failures with an exit code are counted."""
    if exit_code > _SIGNAL:
        return INTERRUPTED
    return _KINDS.get(exit_code, _UNEXPECTED)


class BackupError(Exception):
    """A foreseeable failure; its text is one line for the log, free of secrets."""

    exit_code = EXIT_UNEXPECTED


class ConfigurationError(BackupError):
    """The configuration or the command line cannot be used."""

    exit_code = 2


class NoKeyError(ConfigurationError):
    """Something is encrypted, and no private key was given that opens it."""


class GraphError(BackupError):
    """Neo4j could not be reached, refused, failed or stopped answering."""

    exit_code = 3


class GraphUnavailableError(GraphError):
    """Neo4j does not answer, or not yet: it may heal by itself."""


class LoginRefusedError(GraphError):
    """Neo4j refused the login, of whichever database; it locks the account of who tries again."""


class BucketError(BackupError):
    """R2 could not be reached, refused, failed or stopped answering."""

    exit_code = 4


class KeyTakenError(BucketError):
    """Another run uses the key of this one's archive; the next second's may be free."""


class CorruptError(BackupError):
    """Something stored is not what this service wrote."""

    exit_code = 5


class LockedError(BackupError):
    """Another run holds the lock."""

    exit_code = 6


class DatabasesFailedError(BackupError):
    """Some of several databases failed; the exit code is that of the first of them."""

    def __init__(self, exit_codes: Mapping[str, int], total: int) -> None:
        """:param exit_codes: of those that failed, in the order in which they are configured."""
        failed = ", ".join(f"{database} (exit {code})" for database, code in exit_codes.items())
        super().__init__(f"{len(exit_codes)} of {total} databases failed: {failed}")
        self.exit_code = next(iter(exit_codes.values()))


class Ending(SystemExit):
    """A run is ended from outside it; its text is one line for the log.

    A SystemExit, because the S3 client and the driver turn an ordinary exception that is raised
    inside one of their calls into an error of their own, which a retry loop would then swallow.
    """

    def __init__(self, exit_code: int, text: str) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code
        self._text = text

    def __str__(self) -> str:
        return self._text


class Interruption(Ending):
    """A signal, by its number, ends the run."""

    def __init__(self, number: int) -> None:
        super().__init__(_SIGNAL + number, f"Interrupted by signal {number}")


class Stalled(Ending):
    """The run made no progress for the configured limit; `side` is what it was waiting for."""

    def __init__(self, side: str, seconds: float) -> None:
        error_type = BucketError if side == "R2" else GraphError
        text = f"No progress for {seconds:.0f} s while waiting for {side}"
        super().__init__(error_type.exit_code, text)
