"""Limits how many bytes of parts go out in a second (`BACKUP_UPLOAD_LIMIT`), all threads together.

The S3 client's own transfer library does the limiting. It would also slow down the reading of a
part for its signature, so a part says when it is being sent.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Final, cast

from s3transfer.bandwidth import BandwidthLimitedStream, LeakyBucket
from s3transfer.futures import TransferCoordinator
from s3transfer.utils import signal_not_transferring, signal_transferring

from neo4j_r2.core.errors import BucketError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_SHARES_PER_SECOND: Final = 8
_SMALLEST_SHARE: Final = 16 * 1024
_LARGEST_SHARE: Final = 256 * 1024
"""Bytes. A part waits before each of its shares: often enough that they go out steadily."""


class UploadLimit:
    """The bytes that may go out; any thread may use it."""

    def __init__(self, bytes_per_second: int, on_progress: Callable[[], None]) -> None:
        """:param on_progress: is called while a part goes out, from any thread."""
        share = bytes_per_second // _SHARES_PER_SECOND
        self._share = min(max(share, _SMALLEST_SHARE), _LARGEST_SHARE)
        self._bucket = LeakyBucket(bytes_per_second)
        self._on_progress = on_progress

    def body(self, data: bytes, abandoned: threading.Event) -> IO[bytes]:
        """Return a part as a stream that is read no faster than the limit allows.

        :param abandoned: ends the waiting once it is set, with an error.
        """
        stream = BandwidthLimitedStream(
            _Part(data, self._on_progress),
            self._bucket,
            _Abandonment(abandoned),
            bytes_threshold=self._share,
        )
        stream.disable_bandwidth_limiting()
        return cast("IO[bytes]", stream)  # it has all that the S3 client uses


def tell_when_sending(client: S3Client) -> None:
    """Make a client tell the stream of a part when it is read to be sent, after its signature."""
    events = client.meta.events  # the signature is made at this event, between the two
    events.register_first("request-created.s3", signal_not_transferring)
    events.register_last("request-created.s3", signal_transferring)


class _Part(io.BytesIO):
    """A part that tells when it is read. It waits for its turn, so that can take long."""

    def __init__(self, data: bytes, on_progress: Callable[[], None]) -> None:
        super().__init__(data)
        self._on_progress = on_progress

    def read(self, size: int | None = -1, /) -> bytes:
        self._on_progress()
        return super().read(size)


class _Abandonment(TransferCoordinator):
    """Tells a waiting part that its upload was given up."""

    def __init__(self, abandoned: threading.Event) -> None:
        super().__init__()
        self._abandoned = abandoned

    @property
    def exception(self) -> Exception | None:  # type: ignore[override]  # None is its default
        return BucketError("The upload was aborted") if self._abandoned.is_set() else None
