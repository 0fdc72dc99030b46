"""The errors a run can end with, each with the exit code that README documents."""

from __future__ import annotations

EXIT_UNEXPECTED = 1


class BackupError(Exception):
    """A foreseeable failure; its text is one line for the log, free of secrets."""

    exit_code = EXIT_UNEXPECTED


class ConfigurationError(BackupError):
    """The configuration or the command line cannot be used."""

    exit_code = 2


class GraphError(BackupError):
    """Neo4j could not be reached, refused, failed or stopped answering."""

    exit_code = 3


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


class Interruption(SystemExit):
    """A signal, by its number, ends the run.

    A SystemExit, because the S3 client and the driver turn an ordinary exception that is raised
    inside one of their calls into an error of their own, which a retry loop would then swallow.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number


class Stalled(SystemExit):
    """The run made no progress for the configured limit; `side` is what it was waiting for."""

    def __init__(self, side: str, seconds: float) -> None:
        super().__init__(EXIT_UNEXPECTED)
        self.side = side
        self.seconds = seconds
