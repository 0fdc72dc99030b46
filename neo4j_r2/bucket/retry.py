"""Tries a call to R2 again after a failure that may pass, and says how long.

`BACKUP_RETRY_SECONDS` limits every call, each part of an upload included. `client_errors` says
which failures may pass. If a download is cut off, `Bucket.stream` goes on at the same byte.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from neo4j_r2.bucket.client_errors import Circumstances, Place, describe, explain, is_transient
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BucketError, BucketUnavailableError
from neo4j_r2.core.outage import Outage

Result = TypeVar("Result")

_FIRST_PAUSE_SECONDS: Final = 0.5
"""The pause doubles after each failure."""
_LONGEST_PAUSE_SECONDS: Final = 20.0


@dataclass(frozen=True)
class Retry:
    """Makes calls to one bucket, and tries again for a limited time."""

    place: Place
    limit_seconds: float
    """How long a call is tried again, counted from its start."""
    on_progress: Callable[[], None]
    """Is called after each try of a call, from any thread: who tries again does not hang."""
    proof: threading.Event
    """Set once R2 has taken the credentials."""
    _outage: Outage = field(default_factory=lambda: Outage("R2"))

    def call(
        self,
        operation: str,
        make: Callable[[], Result],
        abandoned: threading.Event | None = None,
        seconds: float | None = None,
    ) -> Result:
        """Make a call and return its result; try again while it fails for a passing reason.

        :param operation: its name in S3 for messages, and what it is on.
        :param abandoned: ends the trying once it is set.
        :param seconds: a shorter limit than `limit_seconds`.
        :raises BucketError: if the failure does not pass, or not in time.
        """
        started, pause = time.monotonic(), _FIRST_PAUSE_SECONDS
        limit = self.limit_seconds if seconds is None else min(seconds, self.limit_seconds)
        abandoned = abandoned or threading.Event()
        has_failed = False
        while True:
            try:
                result = make()
            except (BotoCoreError, ClientError) as error:
                is_late = time.monotonic() - started + pause > limit
                is_over = is_late or abandoned.is_set()
                if is_over or not is_transient(error, self._known()):
                    raise self.failure(error, operation) from error
                self._outage.failed(
                    describe(error),
                    f"R2: {operation} failed ({describe(error)}), trying again for up to "
                    f"{limit:.0f} s",
                )
                has_failed = True
                self.on_progress()
                if abandoned.wait(pause * random.uniform(0.8, 1.2)):  # noqa: S311 - no secret
                    raise self.failure(error, operation) from error
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            except RecursionError as error:  # the client follows redirects without an end
                raise BucketError(
                    f"R2 connection failed: {self.place.endpoint_url} redirects; "
                    "check R2_ENDPOINT_URL"
                ) from error
            else:
                self.proof.set()
                if has_failed:
                    self._outage.over()
                self.on_progress()
                return result

    def failure(self, error: BotoCoreError | ClientError, operation: str) -> BucketError:
        """Return the error that reports a failed call."""
        known = self._known()
        kind = BucketUnavailableError if is_transient(error, known) else BucketError
        return kind(explain(error, operation, self.place, known))

    def _known(self) -> Circumstances:
        return Circumstances(now(), self.proof.is_set())
