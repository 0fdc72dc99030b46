"""The errors a run can end with, each with the exit code that README documents."""

from __future__ import annotations

EXIT_UNEXPECTED = 1


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
        super().__init__(128 + number, f"Interrupted by signal {number}")


class Stalled(Ending):
    """The run made no progress for the configured limit; `side` is what it was waiting for."""

    def __init__(self, side: str, seconds: float) -> None:
        error_type = BucketError if side == "R2" else GraphError
        text = f"No progress for {seconds:.0f} s while waiting for {side}"
        super().__init__(error_type.exit_code, text)
