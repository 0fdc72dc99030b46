"""The R2 side: the only module with the S3 client.

R2's own rules shape the calls: path-style addresses, region `auto`, no checksum trailers. Every
call is made once by the client and tried again here, because the client's own retries are over
within a second and do not know Cloudflare's errors.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import boto3
import botocore.session
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from neo4j_r2.bucket.client_errors import describe, error_code, explain, http_status, is_transient
from neo4j_r2.config.settings import R2Settings
from neo4j_r2.core.errors import BucketError, ConfigurationError
from neo4j_r2.core.threads import begin

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

log = logging.getLogger(__name__)
Result = TypeVar("Result")

QUICK_SECONDS: Final = 10
"""Limit where somebody waits: for a connection, for a reply, and for trying again."""
REQUEST_SECONDS: Final = 60
_CHUNK_BYTES: Final = 1024 * 1024
# Settings of the AWS tools on the same machine are not this service's.
_NO_FOREIGN_SETTINGS: Final = dict.fromkeys(
    ("profile", "config_file", "credentials_file", "ca_bundle"), (None, None, None, None)
)
_LOCKED_CODE: Final = "ObjectLockedByBucketPolicy"


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing or a HEAD shows it; only a HEAD knows the metadata."""

    key: str
    size: int
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str
    initiated: float
    """Seconds since the epoch."""


class Bucket:
    """One bucket, seen with the rights of one API token; safe to use from several threads."""

    def __init__(
        self, settings: R2Settings, retry_seconds: float, on_progress: Callable[[], None]
    ) -> None:
        """Describe a bucket; `on_progress` is called, from any thread, after each good call.

        Its clients are made meanwhile, which takes about as long as a login to Neo4j.
        """
        self.name = settings.bucket
        self._on_progress = on_progress
        self._endpoint_url = settings.endpoint_url
        self._retry_seconds = retry_seconds
        self._clients = begin(partial(_clients, settings))

    @property
    def _client(self) -> S3Client:
        return self._clients.result()[0]

    @property
    def _quick_client(self) -> S3Client:
        return self._clients.result()[1]

    def preflight(self) -> None:
        """Prove within 30 seconds that endpoint, credentials and bucket are right.

        :raises ConfigurationError: if the endpoint is no address.
        :raises BucketError: saying which of them is not, and what to check.
        """
        client = self._quick_client
        reply = self._persist(
            "List",
            lambda: client.list_objects_v2(Bucket=self.name, MaxKeys=1),
            seconds=QUICK_SECONDS,
        )
        if "KeyCount" not in reply and "Name" not in reply:
            raise BucketError(
                f"R2 connection failed: {self._endpoint_url} does not answer as an S3 store; "
                "check R2_ENDPOINT_URL"
            )

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects whose key starts with `prefix`."""
        token: dict[str, str] = {}
        while True:
            page = self._persist(
                "List",
                lambda token=token: self._client.list_objects_v2(  # type: ignore[misc]
                    Bucket=self.name, Prefix=prefix, **token
                ),
            )
            for entry in page.get("Contents", []):
                yield StoredObject(entry["Key"], entry["Size"], {})
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def head(self, key: str) -> StoredObject | None:
        """Return an object's size and metadata, None if there is none."""

        def call() -> StoredObject | None:
            try:
                reply = self._client.head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if http_status(error) == 404:
                    return None
                raise
            return StoredObject(key, reply["ContentLength"], reply["Metadata"])

        return self._persist("Head", call)

    def get(self, key: str) -> bytes:
        """Return a small object whole."""
        return self._persist(
            "Get",
            lambda: self._client.get_object(Bucket=self.name, Key=key)["Body"].read(),  # noqa: PLW0108 - made at each try
        )

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes as they come; after a lost connection it goes on where it was.

        :raises BucketError: if it fails for too long, or the object is not the same any more.
        """
        conditions: dict[str, str] = {}
        size, offset = -1, 0
        failing_since = 0.0
        while offset != size:
            reply = self._persist(
                "Get",
                lambda conditions=conditions: self._client.get_object(  # type: ignore[misc]
                    Bucket=self.name, Key=key, **conditions
                ),
            )
            size = offset + reply["ContentLength"]
            try:
                for chunk in reply["Body"].iter_chunks(_CHUNK_BYTES):
                    yield chunk
                    offset, failing_since = offset + len(chunk), 0.0
                    self._on_progress()
            except BotoCoreError as error:
                failing_since = failing_since or time.monotonic()
                if time.monotonic() - failing_since > self._retry_seconds:
                    raise self._error(error, "Get") from error
                log.warning(
                    "R2: Get was cut off at byte %d (%s), going on", offset, describe(error)
                )
            conditions = {"Range": f"bytes={offset}-", "IfMatch": reply["ETag"]}

    def put_new(self, key: str, data: bytes) -> None:
        """Store a small object under a key that is free; a lost reply is resolved by looking."""

        def call() -> None:
            try:
                self._client.put_object(Bucket=self.name, Key=key, Body=data, IfNoneMatch="*")
            except ClientError as error:
                if http_status(error) == 501 and self.head(key) is None:
                    self._client.put_object(Bucket=self.name, Key=key, Body=data)
                elif http_status(error) != 412 or self.get(key) != data:
                    raise

        self._persist("Put", call)

    def delete(self, key: str) -> bool:
        """Delete an object; False if a bucket lock rule keeps it."""

        def call() -> bool:
            try:
                self._client.delete_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if error_code(error) == _LOCKED_CODE:
                    return False
                raise
            return True

        return self._persist("Delete", call)

    def create_upload(self, key: str, metadata: Mapping[str, str]) -> str:
        """Begin a multipart upload and return its id."""
        reply = self._persist(
            "CreateMultipartUpload",
            lambda: self._client.create_multipart_upload(
                Bucket=self.name,
                Key=key,
                Metadata=dict(metadata),
                ContentType="application/octet-stream",
            ),
        )
        return reply["UploadId"]

    def is_sole_upload(self, key: str, upload_id: str) -> bool:
        """Whether nobody else uploads to a key, nor has stored anything under it."""
        uploads = self.unfinished_uploads(key)
        rivals = [each for each in uploads if each.key == key and each.upload_id != upload_id]
        return not rivals and self.head(key) is None

    def upload_part(
        self, key: str, upload_id: str, number: int, data: bytes, abandoned: threading.Event
    ) -> str:
        """Upload part `number` (from 1) and return its ETag; gives up once it is `abandoned`."""
        reply = self._persist(
            f"UploadPart {number}",
            lambda: self._client.upload_part(
                Bucket=self.name, Key=key, UploadId=upload_id, PartNumber=number, Body=data
            ),
            abandoned,
        )
        return reply["ETag"]

    def complete_upload(
        self, key: str, upload_id: str, etags: Mapping[int, str], is_stored: Callable[[], bool]
    ) -> None:
        """Make the parts one object. After an unclear reply `is_stored` says whether they are."""
        parts: Any = [{"PartNumber": n, "ETag": etag} for n, etag in sorted(etags.items())]

        def call() -> None:
            try:
                self._client.complete_multipart_upload(
                    Bucket=self.name, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
                )
            except (BotoCoreError, ClientError):
                if not is_stored():
                    raise

        self._persist("CompleteMultipartUpload", call)

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Give up an upload and its parts; one that is already gone is fine. Tries only briefly."""

        def call() -> None:
            try:
                self._quick_client.abort_multipart_upload(
                    Bucket=self.name, Key=key, UploadId=upload_id
                )
            except ClientError as error:
                if http_status(error) != 404:
                    raise

        self._persist("AbortMultipartUpload", call, seconds=QUICK_SECONDS)

    def unfinished_uploads(self, prefix: str) -> list[UnfinishedUpload]:
        """Return the unfinished uploads under `prefix`.

        Servers differ in what they do with a prefix here, so it is applied to the reply.
        """
        uploads: list[UnfinishedUpload] = []
        markers: dict[str, str] = {}
        while True:
            page = self._persist(
                "ListMultipartUploads",
                lambda markers=markers: self._client.list_multipart_uploads(  # type: ignore[misc]
                    Bucket=self.name, **markers
                ),
            )
            uploads += (
                UnfinishedUpload(entry["Key"], entry["UploadId"], entry["Initiated"].timestamp())
                for entry in page.get("Uploads", [])
                if entry["Key"].startswith(prefix)
            )
            if not page.get("IsTruncated"):
                return uploads
            markers = {
                "KeyMarker": page["NextKeyMarker"],
                "UploadIdMarker": page["NextUploadIdMarker"],
            }

    def _persist(
        self,
        operation: str,
        call: Callable[[], Result],
        abandoned: threading.Event | None = None,
        seconds: float | None = None,
    ) -> Result:
        """Make a call; try again after a transient failure until it lasts too long."""
        started, pause = time.monotonic(), 0.5
        limit = self._retry_seconds if seconds is None else min(seconds, self._retry_seconds)
        abandoned = abandoned or threading.Event()
        while True:
            try:
                result = call()
            except (BotoCoreError, ClientError) as error:
                over = time.monotonic() - started + pause > limit
                if over or not is_transient(error):
                    raise self._error(error, operation) from error
                log.warning("R2: %s failed (%s), trying again", operation, describe(error))
                if abandoned.wait(pause * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
                    raise self._error(error, operation) from error
                pause = min(2 * pause, 20.0)
            except RecursionError as error:  # the client follows redirects without an end
                raise BucketError(
                    f"R2 connection failed: {self._endpoint_url} redirects; check R2_ENDPOINT_URL"
                ) from error
            else:
                self._on_progress()
                return result

    def _error(self, error: BotoCoreError | ClientError, operation: str) -> BucketError:
        return BucketError(explain(error, operation, self.name, self._endpoint_url))


def _clients(settings: R2Settings) -> tuple[S3Client, S3Client]:
    """Return a client for all calls, and one for those that somebody waits for."""
    session = boto3.Session(
        aws_access_key_id=settings.access_key_id.reveal(),
        aws_secret_access_key=settings.secret_access_key.reveal(),
        botocore_session=botocore.session.Session(session_vars=_NO_FOREIGN_SETTINGS),
    )
    try:
        return (
            _client(session, settings, REQUEST_SECONDS),
            _client(session, settings, QUICK_SECONDS),
        )
    except ValueError as error:
        raise ConfigurationError(f"R2_ENDPOINT_URL: {error}") from error


def _client(session: boto3.Session, settings: R2Settings, seconds: int) -> S3Client:
    return session.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        verify=str(settings.ca_bundle) if settings.ca_bundle else None,
        region_name="auto",
        config=ClientConfig(
            signature_version="s3v4",
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            connect_timeout=QUICK_SECONDS,
            read_timeout=seconds,
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=20,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
