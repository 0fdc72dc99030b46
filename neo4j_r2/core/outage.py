"""What the log tells of failures that follow each other: the first, each new reason, the end."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import Final

from neo4j_r2.core.figures import duration

log = logging.getLogger(__name__)

_AGAIN_SECONDS: Final = 60.0
"""A reason that was told already is told again after this time."""


class Outage:
    """The failures of one system since it last answered; any thread may use it.

    Every failure would be a line otherwise, and there can be one for each part and each try.
    """

    def __init__(self, system: str, again_seconds: float = _AGAIN_SECONDS) -> None:
        """Begin without a failure.

        :param system: its name in messages.
        :param again_seconds: after this time a reason is told again.
        """
        self._system = system
        self._again_seconds = again_seconds
        self._lock = threading.Lock()
        self._failures = 0
        self._began = 0.0
        self._told: dict[str, float] = {}
        """When each reason was last told."""

    def failed(self, reason: str, line: str) -> None:
        """Tell a failure, unless the same was told a short time ago.

        :param reason: failures with the same reason are alike.
        :param line: the line for the log.
        """
        with self._lock:
            now = time.monotonic()
            if not self._failures:
                self._began = now
            self._failures += 1
            told = self._told.get(reason)
            is_news = told is None or now - told >= self._again_seconds
            if is_news:
                self._told[reason] = now
        log.log(logging.WARNING if is_news else logging.DEBUG, "%s", line)

    def over(self) -> None:
        """Say that the system answers again, if more failures followed the first one."""
        if not self._failures:
            return
        with self._lock:
            failures, self._failures = self._failures, 0
            seconds = time.monotonic() - self._began
            self._told.clear()
        if failures > 1:
            log.info(
                "%s answers again after %s", self._system, duration(timedelta(seconds=seconds))
            )
