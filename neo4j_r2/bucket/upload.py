"""Uploads one object part by part while it is made, and gives way to another upload of its key.

R2 demands that all parts but the last have the same size. Nothing is visible under the key before
`complete`. If the context ends in any other way, the upload is aborted.

`multipart` has the single calls. `retry` says how long the call for a part is tried again.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
import uuid
from functools import partial
from types import TracebackType
from typing import Final, Self

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.core.errors import BackupError, BucketError, KeyTakenError
from neo4j_r2.core.figures import megabytes
from neo4j_r2.core.threads import Lanes

log = logging.getLogger(__name__)

HIGHEST_PART: Final = 10_000
SMALLEST_PART_SIZE: Final = 5 * 1024 * 1024
_RUN: Final = "backup-run"
"""The metadata that tells this upload's object from another one under the same key."""


def part_size_for(estimate: int) -> int:
    """Return the smallest part size with which four times the estimated bytes still fit."""
    mebibyte = 1024 * 1024
    needed = -(-4 * estimate // HIGHEST_PART)
    return max(SMALLEST_PART_SIZE, -(-needed // mebibyte) * mebibyte)


class Upload:
    """A context for one upload: `write` takes the object's bytes, `complete` makes it visible.

    Leaving the context before `complete` has returned aborts the upload.

    Entering it raises `KeyTakenError` if another run uses the key. R2 has no lock. So each of two
    runs looks for the other one after it has begun, and both give way.
    """

    def __init__(self, bucket: Bucket, key: str, *, part_size: int, concurrency: int) -> None:
        """Describe an upload, and begin nothing yet.

        :param part_size: in bytes.
        :param concurrency: how many parts are uploaded at once.
        """
        self.key = key
        self.size = 0
        self.upload_id = ""
        self._bucket = bucket
        self._part_size = part_size
        self._concurrency = concurrency
        self._run = uuid.uuid4().hex
        self._sha256 = hashlib.sha256()
        self._hashing = Lanes(1)
        self._buffer = bytearray()
        self._number = 0
        self._parts: queue.Queue[tuple[int, bytes] | None] = queue.Queue()
        self._slots = threading.Semaphore(concurrency)
        self._etags: dict[int, str] = {}
        self._failure: BaseException | None = None
        self._abandoned = threading.Event()
        self._completed = False
        self.is_settled = False
        """Whether the upload was completed or aborted, so that R2 keeps no part of it."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the object, once `complete` has returned."""
        return self._sha256.hexdigest()

    def __enter__(self) -> Self:
        self.upload_id = self._bucket.uploads.create(self.key, {_RUN: self._run})
        try:
            self._require_sole_use()
        except BaseException:
            self._abort()
            raise
        for _ in range(self._concurrency):
            # Daemons, because a part that hangs must not keep an interrupted run from ending.
            threading.Thread(target=self._upload_parts, name="upload", daemon=True).start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for _ in range(self._concurrency):
            self._parts.put(None)
        if not self._completed:
            self._abort()

    def write(self, data: bytes) -> None:
        """Add bytes; wait while as many parts as allowed are being uploaded.

        :raises BucketError: if a part could not be uploaded, or if R2 takes no more parts.
        """
        self.size += len(data)
        self._buffer += data
        while len(self._buffer) >= self._part_size:
            self._submit()

    def complete(self) -> None:
        """Upload the last part and make the object visible.

        :raises BucketError: if that failed; leaving the context then aborts the upload.
        """
        if self._buffer or not self._number:
            self._submit()
        self._parts.join()
        self._hashing.drain()
        self._raise_failure()
        if len(self._etags) != self._number:
            raise AssertionError("a part was lost without an error")
        if self._bucket.head(self.key) is not None:
            raise KeyTakenError(f"Another run has stored the key {self.key} meanwhile")
        self._bucket.uploads.complete(self.key, self.upload_id, self._etags, self._is_stored)
        self._completed = self.is_settled = True

    def _require_sole_use(self) -> None:
        uploads = self._bucket.uploads.unfinished(self.key)
        keys = {each.key for each in uploads if each.upload_id != self.upload_id}
        if self.key in keys or self._bucket.head(self.key) is not None:
            raise KeyTakenError(f"Another run uses the key {self.key}")

    def _submit(self) -> None:
        """Hand the next part to a thread. The part is copied only once a thread is free."""
        self._number += 1
        if self._number > HIGHEST_PART:
            raise BucketError(
                f"The backup needs more than {HIGHEST_PART:,} parts of {self._part_size:,} bytes; "
                "set BACKUP_PART_SIZE_MB to a larger size"
            )
        self._slots.acquire()
        self._raise_failure()
        with memoryview(self._buffer) as buffer:
            part = bytes(buffer[: self._part_size])
        del self._buffer[: self._part_size]
        self._hashing.begin(partial(self._sha256.update, part), take=lambda _: None)
        self._parts.put((self._number, part))

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _upload_parts(self) -> None:
        """Upload parts until there are no more; after a failure, take them and do nothing."""
        while (item := self._parts.get()) is not None:
            number, part = item
            try:
                if self._failure is None:
                    self._etags[number] = self._bucket.uploads.upload_part(
                        self.key, self.upload_id, number, part, self._abandoned
                    )
                    log.debug("Uploaded part %d (%s)", number, megabytes(len(part)))
            except BaseException as error:  # noqa: BLE001 - raised in the writing thread
                self._failure = error
            finally:
                del item, part
                self._slots.release()
                self._parts.task_done()

    def _is_stored(self) -> bool:
        """Whether the object under the key is the one that this upload made."""
        stored = self._bucket.head(self.key)
        return (
            stored is not None
            and stored.size == self.size
            and stored.metadata.get(_RUN) == self._run
        )

    def _abort(self) -> None:
        self._failure = self._failure or BucketError("The upload was aborted")
        self._abandoned.set()
        try:
            self._bucket.uploads.abort_upload(self.key, self.upload_id)
            self.is_settled = True
            log.info("Upload aborted, no backup was made: %s", self.key)
        except BackupError as error:
            log.warning("The upload could not be aborted, the next run does it: %s", error)
