"""The locks that allow one run and one drill at a time; the record of the upload under way."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, NamedTuple

from neo4j_r2.core.errors import LockedError, NoSpaceError
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state_directory import (
    errors_explained,
    open_file,
    prepare,
    remove_leftovers,
    replace_file,
)

log = logging.getLogger(__name__)

_RUN_LOCK: Final = "backup.lock"
_DRILL_LOCK: Final = "drill.lock"
_UPLOAD_NAME: Final = "upload.json"
_HOLDER_LENGTH: Final = 40
"""The file's length. A full disk takes other bytes in the place of those that are there."""
_TRIES: Final = 5
_TRY_SECONDS: Final = 0.05
"""The pause between the tries. Who only looks at the lock (`_look`) has it for an instant."""


@dataclass(frozen=True)
class UploadRecord:
    """An upload under way. If this run is killed, the next run aborts the upload by this record."""

    endpoint_url: str
    bucket: str
    key: str
    upload_id: str


class RunLock:
    """The lock while a run holds it. The kernel releases it when the process ends or is killed."""

    def __init__(self, directory: Path) -> None:
        self._upload = directory / _UPLOAD_NAME

    def remember_upload(self, record: UploadRecord) -> None:
        """Record the upload that this run has begun. Without space for that, it goes on."""
        try:
            replace_file(self._upload, json.dumps(asdict(record)))
        except NoSpaceError as error:
            log.warning("If this run is killed, its upload stays for a day: %s", error)

    def forget_upload(self) -> None:
        """Remove the record, when the upload is completed or aborted."""
        with errors_explained(self._upload.parent):
            self._upload.unlink(missing_ok=True)

    def abandoned_upload(self) -> UploadRecord | None:
        """Return the record that a killed run left; None if there is none, or it is damaged."""
        try:
            with errors_explained(self._upload.parent):
                text = self._upload.read_text(encoding="utf-8") if self._upload.exists() else ""
            return UploadRecord(**json.loads(text))
        except (ValueError, TypeError):
            return None


@contextmanager
def run_lock(directory: Path) -> Iterator[RunLock]:
    """Hold the lock of a state directory; make the directory if it is missing.

    The file names the process of the run. So a run that is refused can tell it, and everybody can
    see whether that run is still under way.

    :raises LockedError: if another run holds the lock; this one does not wait.
    :raises ConfigurationError: if the directory cannot be written.
    """
    prepare(directory)
    with _held(_open(directory), directory, "run"):
        yield RunLock(directory)


@contextmanager
def drill_lock(directory: Path) -> Iterator[None]:
    """Hold the lock of a state directory's drills, in the same way. Runs do not wait for it.

    :raises LockedError: if another drill holds the lock; this one does not wait.
    :raises ConfigurationError: if the directory cannot be written, or has no space for a new file.
    """
    prepare(directory)
    with errors_explained(directory), open_file(directory / _DRILL_LOCK) as file:
        descriptor = os.dup(file.fileno())
    with _held(descriptor, directory, "drill"):
        yield


def is_under_way(process: ProcessId, directory: Path) -> bool:
    """Whether a process that began a run is still at it.

    A process in another container has no entry under this container's /proc. But it holds the lock.
    """
    return process.is_alive() or holder(directory) == process


def is_drill_under_way(process: ProcessId, directory: Path) -> bool:
    """Whether a process that began a drill is still at it, wherever it runs."""
    return process.is_alive() or _look(directory / _DRILL_LOCK).holder == process


def holder(directory: Path) -> ProcessId | None:
    """Return the process that holds the lock, by its id in its own container; None if none does."""
    return _look(directory / _RUN_LOCK).holder


def is_held(directory: Path) -> bool:
    """Whether a run holds the lock, also one that the lock could not name."""
    return any(_look(path).is_held for path in (directory / _RUN_LOCK, directory))


class _Look(NamedTuple):
    is_held: bool
    holder: ProcessId | None = None


def _look(path: Path) -> _Look:
    """Look whether a lock is held, and who its file says holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return _Look(is_held=False)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _Look(is_held=True, holder=_named(descriptor))
    else:
        return _Look(is_held=False)
    finally:
        os.close(descriptor)


@contextmanager
def _held(descriptor: int, directory: Path, what: str) -> Iterator[None]:
    """Hold a lock, by its open file, and close that in the end."""
    try:
        _lock(descriptor, what)
        _name_holder(descriptor, directory)
        remove_leftovers(directory)
        yield
    finally:
        os.close(descriptor)


def _open(directory: Path) -> int:
    """Open the file of the lock. Without space for a new one, open the directory in its place."""
    try:
        with errors_explained(directory), open_file(directory / _RUN_LOCK) as file:
            return os.dup(file.fileno())
    except NoSpaceError as error:
        log.warning("The lock does not name this run: %s", error)
    with errors_explained(directory):
        return os.open(directory, os.O_RDONLY | os.O_CLOEXEC)


def _lock(descriptor: int, what: str) -> None:
    for _ in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_TRY_SECONDS)
        else:
            return
    named = _named(descriptor)
    process = named.pid if named else "unknown"
    raise LockedError(f"Another {what} is under way (process {process}); this one ends")


def _name_holder(descriptor: int, directory: Path) -> None:
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        return
    own = ProcessId.own()
    text = f"{own.pid} {own.start_time}".ljust(_HOLDER_LENGTH)
    try:
        with errors_explained(directory):
            os.pwrite(descriptor, text.encode("ascii"), 0)
            os.ftruncate(descriptor, _HOLDER_LENGTH)
    except NoSpaceError as error:
        log.warning("The lock does not name this run: %s", error)


def _named(descriptor: int) -> ProcessId | None:
    try:
        pid, start_time = os.pread(descriptor, _HOLDER_LENGTH, 0).split()
        return ProcessId(int(pid), int(start_time))
    except (OSError, ValueError):  # a directory has no text
        return None
