"""Progress of a run: for the watch at each step, for the reader of the log now and then."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from neo4j_r2.core.log import megabytes

log = logging.getLogger(__name__)

_INTERVAL_SECONDS: Final = 10.0


class Countdown:
    """Counts entities of about as many as are known, and logs every ten seconds what is left."""

    def __init__(
        self,
        action: str,
        expected: int,
        on_progress: Callable[[], None],
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        """:param expected: 0 if nobody knows."""
        self._action = action
        self._expected = expected
        self._on_progress = on_progress
        self._interval_seconds = interval_seconds
        self._entities = 0
        self._started = self._logged = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._started

    def add(self, entities: int) -> None:
        """Count entities."""
        self._entities += entities
        self._on_progress()
        now = time.monotonic()
        if now - self._logged >= self._interval_seconds:
            self._logged = now
            log.info("%s %s", self._action, self._standing(now - self._started))

    def _standing(self, seconds: float) -> str:
        rate = self._entities / max(seconds, 1e-9)
        if not self._expected:
            return f"{self._entities:,} entities ({rate:,.0f}/s)"
        left = max(0, self._expected - self._entities) / max(rate, 1e-9)
        return (
            f"{self._entities:,} of {self._expected:,} entities ({rate:,.0f}/s), "
            f"about {left:.0f} s left"
        )


class Progress:
    """Counts entities read and bytes stored, and logs a line every ten seconds."""

    def __init__(
        self,
        expected: int,
        on_progress: Callable[[], None],
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        """:param expected: about how many entities there are."""
        self._interval_seconds = interval_seconds
        self._expected = expected
        self._on_progress = on_progress
        self._entities = self._bytes = 0
        self._started = self._logged = time.monotonic()

    def step(self) -> None:
        """Say that the run goes on, without anything exported."""
        self._on_progress()

    def restart(self) -> None:
        """Forget an export that failed."""
        self._entities = self._bytes = 0
        self._started = self._logged = time.monotonic()

    def add(self, entities: int) -> None:
        """Count entities as read."""
        self._entities += entities
        self._report()

    def stored(self, size: int) -> None:
        """Count bytes of the archive as handed to the upload."""
        self._bytes += size
        self._report()

    def _report(self) -> None:
        self._on_progress()
        now = time.monotonic()
        if now - self._logged >= self._interval_seconds:
            self._logged = now
            log.info(
                "Exported %d of about %d entities (%.0f/s), %s",
                self._entities,
                self._expected,
                self._entities / max(now - self._started, 1e-9),
                megabytes(self._bytes),
            )
