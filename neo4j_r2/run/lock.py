"""The lock that allows one run at a time, and the record of the upload under way."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from neo4j_r2.core.errors import LockedError
from neo4j_r2.run.state_directory import errors_explained, prepare, replace_file

_LOCK_NAME: Final = "backup.lock"
_UPLOAD_NAME: Final = "upload.json"


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
        """Record the upload that this run has begun."""
        replace_file(self._upload, json.dumps(asdict(record)))

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

    The file holds the process id of the run, so that a run which is refused can name it.

    :raises LockedError: if another run holds the lock; this one does not wait.
    :raises ConfigurationError: if the directory cannot be written.
    """
    prepare(directory)
    with errors_explained(directory):
        descriptor = os.open(directory / _LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with errors_explained(directory):
            _lock(descriptor)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)
        yield RunLock(directory)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
        raise LockedError(f"Another run is under way (process {holder}); this one ends") from error
