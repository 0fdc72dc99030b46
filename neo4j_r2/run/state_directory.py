"""The state directory: who may use it, and how its files are replaced."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neo4j_r2.core.errors import ConfigurationError


def prepare(directory: Path) -> None:
    """Make the directory if it is missing; only its user may use it.

    :raises ConfigurationError: if it cannot be made.
    """
    with errors_explained(directory):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def require_own(directory: Path) -> None:
    """Check that this user owns the directory, and can make files in it: make one, and remove it.

    :raises ConfigurationError: if the user does not own it, or cannot make a file.
    """
    prepare(directory)
    with errors_explained(directory), tempfile.TemporaryFile(dir=directory):
        owner = directory.stat().st_uid
    if owner != os.geteuid():
        raise ConfigurationError(
            f"BACKUP_STATE_DIR={str(directory)!r} belongs to user {owner}, and backups are made "
            f"by user {os.geteuid()}: make it that user's (chown)"
        )


def replace_file(path: Path, text: str) -> None:
    """Replace a file of the directory: after a crash it is the old one or the new one, and whole.

    :raises ConfigurationError: if it cannot be written.
    """
    temporary = path.with_suffix(f".{os.getpid()}.new")
    with errors_explained(path.parent):
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o600)
        temporary.replace(path)


@contextmanager
def errors_explained(directory: Path) -> Iterator[None]:
    """Raise an error of the file system as a `ConfigurationError` that names the directory."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"BACKUP_STATE_DIR={str(directory)!r} cannot be used by user {os.geteuid()}: "
            f"{error.strerror}"
        ) from error
