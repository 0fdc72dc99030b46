"""The state directory: who may use it, and how its files are replaced."""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from neo4j_r2.core.errors import ConfigurationError, NoSpaceError

_FILE_MODE: Final = 0o600
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PROBE_BYTES: Final = 256 * 1024
"""More than the records of a run need."""
_TEMPORARY: Final = ".new"
_LEFT_SECONDS: Final = 60
"""A temporary file that is older was left by a process that was killed."""


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

    :raises NoSpaceError: if there is no space for it.
    :raises ConfigurationError: if it cannot be written. Nothing is left of it then.
    """
    temporary = path.with_suffix(f".{os.getpid()}{_TEMPORARY}")
    with errors_explained(path.parent):
        try:
            with open_file(temporary, os.O_TRUNC) as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except OSError:
            with suppress(OSError):
                temporary.unlink()
            raise


def open_file(path: Path, flags: int = 0) -> BinaryIO:
    """Open a file for reading and writing, or make it; only its user may use it.

    :raises OSError: if that fails.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, _FILE_MODE)
    os.fchmod(descriptor, _FILE_MODE)  # the umask, or an earlier version, may have changed it
    return os.fdopen(descriptor, "r+b")


def remove_leftovers(directory: Path) -> None:
    """Remove the temporary files of processes that were killed while they replaced a file."""
    for path in directory.glob(f"*{_TEMPORARY}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LEFT_SECONDS:
                path.unlink()


def write_problem(directory: Path) -> str:
    """Return why the directory takes no file, in one line; empty if it takes one, or is missing."""
    if not directory.is_dir():
        return ""
    try:
        with errors_explained(directory), tempfile.TemporaryFile(dir=directory) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
    except ConfigurationError as error:
        return str(error)
    return ""


@contextmanager
def errors_explained(directory: Path) -> Iterator[None]:
    """Raise an error of the file system as a `ConfigurationError` that names the directory."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_SPACE:
            raise NoSpaceError(
                f"BACKUP_STATE_DIR={str(directory)!r} has no space left ({error.strerror}): "
                "make room there"
            ) from error
        raise ConfigurationError(
            f"BACKUP_STATE_DIR={str(directory)!r} cannot be used by user {os.geteuid()}: "
            f"{error.strerror}"
        ) from error
