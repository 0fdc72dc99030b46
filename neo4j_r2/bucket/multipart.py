"""The S3 calls of a multipart upload, and the list of uploads that are unfinished.

`upload` uses them to store an archive while it is being made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from neo4j_r2.bucket.client_errors import http_status
from neo4j_r2.bucket.connect import QUICK_SECONDS, Clients
from neo4j_r2.bucket.retry import Retry
from neo4j_r2.bucket.upload_limit import UploadLimit


@dataclass(frozen=True)
class UnfinishedUpload:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    upload_id: str
    initiated: float
    """Seconds since the epoch."""


class MultipartUploads:
    """The multipart uploads of one bucket; any thread may use it."""

    def __init__(
        self, bucket: str, clients: Clients, retry: Retry, limit: UploadLimit | None
    ) -> None:
        """:param limit: slows down the parts of all uploads together; None does not."""
        self._bucket = bucket
        self._clients = clients
        self._retry = retry
        self._limit = limit

    def create(self, key: str, metadata: Mapping[str, str]) -> str:
        """Begin an upload and return its id."""
        reply = self._retry.call(
            "CreateMultipartUpload",
            lambda: self._clients.patient.create_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                Metadata=dict(metadata),
                ContentType="application/octet-stream",
            ),
        )
        return reply["UploadId"]

    def upload_part(
        self, key: str, upload_id: str, number: int, data: bytes, abandoned: threading.Event
    ) -> str:
        """Upload a part and return its ETag.

        :param number: the part's number, from 1.
        :param abandoned: ends the trying once it is set.
        """

        def call() -> str:
            body = self._limit.body(data, abandoned) if self._limit else data
            reply = self._clients.patient.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body
            )
            return reply["ETag"]

        return self._retry.call(f"UploadPart {number}", call, abandoned)

    def complete(
        self, key: str, upload_id: str, etags: Mapping[int, str], is_stored: Callable[[], bool]
    ) -> None:
        """Make the parts one object.

        :param etags: the ETag of each part, by the part's number.
        :param is_stored: is called after a failure. It returns whether the object is there, because
            only the reply may have been lost.
        """
        parts: Any = [{"PartNumber": n, "ETag": etag} for n, etag in sorted(etags.items())]

        def call() -> None:
            try:
                self._clients.patient.complete_multipart_upload(
                    Bucket=self._bucket,
                    Key=key,
                    UploadId=upload_id,
                    MultipartUpload={"Parts": parts},
                )
            except (BotoCoreError, ClientError):
                if not is_stored():
                    raise

        self._retry.call("CompleteMultipartUpload", call)

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Give up an upload and its parts. It is no error if the upload is already gone.

        The call is tried again only for `QUICK_SECONDS`: a run that ends waits for it.
        """

        def call() -> None:
            try:
                self._clients.quick.abort_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id
                )
            except ClientError as error:
                if http_status(error) != 404:
                    raise

        self._retry.call("AbortMultipartUpload", call, seconds=QUICK_SECONDS)

    def unfinished(self, prefix: str) -> list[UnfinishedUpload]:
        """Return the unfinished uploads whose key starts with `prefix`.

        All uploads of the bucket are asked for and then filtered here, because servers treat a
        prefix in this call differently.
        """
        uploads: list[UnfinishedUpload] = []
        markers: dict[str, str] = {}
        while True:
            page = self._retry.call(
                "ListMultipartUploads",
                lambda markers=markers: self._clients.patient.list_multipart_uploads(  # type: ignore[misc]
                    Bucket=self._bucket, **markers
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
