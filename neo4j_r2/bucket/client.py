"""The bucket and the calls on its objects: list, look, read, store and delete.

`connect` makes the S3 clients. `retry` tries calls again. `multipart` has the calls of an upload.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from neo4j_r2.bucket.client_errors import Place, describe, error_code, http_status
from neo4j_r2.bucket.connect import QUICK_SECONDS, Clients
from neo4j_r2.bucket.multipart import MultipartUploads
from neo4j_r2.bucket.retry import Retry
from neo4j_r2.bucket.upload_limit import UploadLimit
from neo4j_r2.config.r2_settings import R2Settings
from neo4j_r2.core.errors import BucketError
from neo4j_r2.core.secret import Secret

log = logging.getLogger(__name__)

_CHUNK_BYTES: Final = 1024 * 1024
_SLOW_BYTES: Final = 256 * 1024
_LOCKED_CODE: Final = "ObjectLockedByBucketPolicy"
_PROOFS: Final = defaultdict[tuple[str, Secret, Secret], threading.Event](threading.Event)
"""Set once R2 has taken the keys, by address and keys. A run can have several `Bucket`s."""


@dataclass(frozen=True)
class StoredObject:
    """An object as R2 lists it, or as a HEAD call shows it."""

    key: str
    size: int
    metadata: Mapping[str, str]
    """Empty if the object was listed: only a HEAD call returns the metadata."""


class Bucket:
    """One bucket, seen with the rights of one API token; any thread may use it."""

    def __init__(
        self, settings: R2Settings, retry_seconds: float, on_progress: Callable[[], None]
    ) -> None:
        """Describe a bucket, and ask nothing yet.

        :param on_progress: is called after each try of a call, from any thread.
        """
        self.name = settings.bucket
        self._on_progress = on_progress
        self._clients = Clients(settings)
        place = Place(self.name, settings.endpoint_url, settings.credentials_hint)
        keys = (settings.endpoint_url, settings.access_key_id, settings.secret_access_key)
        self._retry = Retry(place, retry_seconds, on_progress, _PROOFS[keys])
        rate = settings.upload_limit
        limit = UploadLimit(rate, on_progress) if rate else None
        self.uploads = MultipartUploads(self.name, self._clients, self._retry, limit)

    def preflight(self, seconds: float = QUICK_SECONDS) -> None:
        """Prove that endpoint, credentials and bucket are right; by default within 30 seconds.

        :param seconds: how long to wait for an R2 that does not answer.
        :raises ConfigurationError: if the endpoint is no address.
        :raises BucketError: naming what is wrong, and what to check.
        """
        client = self._clients.quick
        reply = self._retry.call(
            "List",
            lambda: client.list_objects_v2(Bucket=self.name, MaxKeys=1),
            seconds=seconds,
        )
        if "KeyCount" not in reply and "Name" not in reply:
            raise BucketError(
                f"R2 connection failed: {self._retry.place.endpoint_url} does not answer as an S3 "
                "store; check R2_ENDPOINT_URL"
            )

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects whose key starts with `prefix`."""
        token: dict[str, str] = {}
        while True:
            page = self._retry.call(
                "List",
                lambda token=token: self._clients.patient.list_objects_v2(  # type: ignore[misc]
                    Bucket=self.name, Prefix=prefix, **token
                ),
            )
            for entry in page.get("Contents", []):
                yield StoredObject(entry["Key"], entry["Size"], {})
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def head(self, key: str) -> StoredObject | None:
        """Return what R2 says of an object, or None if there is no such object."""

        def call() -> StoredObject | None:
            try:
                reply = self._clients.patient.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if http_status(error) == 404:
                    return None
                raise
            return StoredObject(key, reply["ContentLength"], reply["Metadata"])

        return self._retry.call(f"Head {key}", call)

    def get(self, key: str) -> bytes:
        """Return the bytes of a small object."""
        return self._retry.call(
            f"Get {key}",
            lambda: self._clients.patient.get_object(Bucket=self.name, Key=key)["Body"].read(),  # noqa: PLW0108 - made at each try
        )

    def stream(self, key: str, *, is_slow: bool = False) -> Iterator[bytes]:
        """Yield an object's bytes as they arrive; after a lost connection, go on where it was.

        :param is_slow: whether they are taken now and then. Each call then asks for a few of them,
            because R2 closes a connection that nobody reads.
        :raises BucketError: if nothing arrives for too long, or if the object has changed.
        """
        conditions = {"Range": f"bytes=0-{_SLOW_BYTES - 1}"} if is_slow else {}
        operation = f"Get {key}"
        size, offset = -1, 0
        failing_since = 0.0
        while offset != size:
            reply = self._retry.call(
                operation,
                lambda conditions=conditions: self._clients.patient.get_object(  # type: ignore[misc]
                    Bucket=self.name, Key=key, **conditions
                ),
            )
            size = _whole_size(reply, offset)
            try:
                for chunk in reply["Body"].iter_chunks(_SLOW_BYTES if is_slow else _CHUNK_BYTES):
                    yield chunk
                    offset, failing_since = offset + len(chunk), 0.0
                    self._on_progress()
            except BotoCoreError as error:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > self._retry.limit_seconds:
                    raise self._retry.failure(error, operation) from error
                log.warning(
                    "R2: Get was cut off at byte %d (%s), going on", offset, describe(error)
                )
            end = offset + _SLOW_BYTES - 1 if is_slow else ""
            conditions = {"Range": f"bytes={offset}-{end}", "IfMatch": reply["ETag"]}

    def put_new(self, key: str, data: bytes) -> None:
        """Store a small object under a key that is free.

        A key that is taken is no error if it holds the same bytes: then only the reply was lost.

        :raises BucketError: if the key holds something else.
        """

        def call() -> None:
            try:
                self._clients.patient.put_object(
                    Bucket=self.name, Key=key, Body=data, IfNoneMatch="*"
                )
            except ClientError as error:
                # A store without conditional writes answers 501.
                if http_status(error) == 501 and self.head(key) is None:
                    self._clients.patient.put_object(Bucket=self.name, Key=key, Body=data)
                elif http_status(error) != 412 or self.get(key) != data:
                    raise

        self._retry.call("Put", call)

    def delete(self, key: str) -> bool:
        """Delete an object; return False if a bucket lock rule keeps it."""

        def call() -> bool:
            try:
                self._clients.patient.delete_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if error_code(error) == _LOCKED_CODE:
                    return False
                raise
            return True

        return self._retry.call("Delete", call)


def _whole_size(reply: Mapping[str, Any], offset: int) -> int:
    """Return how many bytes an object has, of which a reply has those from an offset on."""
    if "ContentRange" in reply:
        return int(reply["ContentRange"].rpartition("/")[2])
    return offset + int(reply["ContentLength"])
