"""Progress of a run: the stall watch hears of each step, the log gets a line now and then."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from neo4j_r2.core.log import megabytes

log = logging.getLogger(__name__)

_INTERVAL_SECONDS: Final = 10.0
_SHOWN_BYTES: Final = 10_000
"""The smallest size that is not shown as 0.00 MB."""
_SMALLEST: Final = 1e-9
"""Stands for 0 where a time or a rate divides: at the first step both can be 0."""


class _EntityCounter(ABC):
    """Counts entities, and logs a line every ten seconds."""

    def __init__(
        self,
        expected: int,
        on_progress: Callable[[], None],
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        """Start the clock.

        :param expected: about how many entities there are; 0 if nobody knows.
        :param on_progress: is called at each step.
        """
        self._expected = expected
        self._on_progress = on_progress
        self._interval_seconds = interval_seconds
        self._entities = 0
        self._started = self._logged = time.monotonic()

    def start(self) -> None:
        """Start the clock again: what came before took time, but counted nothing."""
        self._started = self._logged = time.monotonic()

    def add(self, entities: int) -> None:
        """Count more entities."""
        self._entities += entities
        self._advance()

    def _advance(self) -> None:
        self._on_progress()
        now = time.monotonic()
        if now - self._logged >= self._interval_seconds:
            self._logged = now
            rate = self._entities / max(now - self._started, _SMALLEST)
            log.info("%s", self._line(rate))

    @abstractmethod
    def _line(self, rate: float) -> str:
        """Return the line for the log; `rate` is in entities a second."""


class Countdown(_EntityCounter):
    """Counts entities that are checked, deleted, restored or compared, and tells the time left."""

    def __init__(
        self,
        action: str,
        expected: int,
        on_progress: Callable[[], None],
        interval_seconds: float = _INTERVAL_SECONDS,
    ) -> None:
        """Start the clock.

        :param action: what is done with the entities, as the first word of the line.
        :param expected: about how many entities there are; 0 if nobody knows.
        :param on_progress: is called at each step.
        """
        super().__init__(expected, on_progress, interval_seconds)
        self._action = action

    def _line(self, rate: float) -> str:
        if not self._expected:
            return f"{self._action} {self._entities:,} entities ({rate:,.0f}/s)"
        left = max(0, self._expected - self._entities) / max(rate, _SMALLEST)
        return (
            f"{self._action} {self._entities:,} of {self._expected:,} entities ({rate:,.0f}/s), "
            f"about {left:.0f} s left"
        )


class Progress(_EntityCounter):
    """Counts the entities that an export reads and the bytes that it stores."""

    _bytes = 0

    def step(self) -> None:
        """Tell the stall watch that the run goes on, although nothing was exported."""
        self._on_progress()

    def restart(self) -> None:
        """Begin again with nothing counted, after an export that failed."""
        self._entities = self._bytes = 0
        self.start()

    def stored(self, size: int) -> None:
        """Count bytes of the archive as handed to the upload."""
        self._bytes += size
        self._advance()

    def _line(self, rate: float) -> str:
        exported = f"Exported {self._entities} of about {self._expected} entities ({rate:.0f}/s)"
        # What was exported is stored some time later, in whole blocks.
        if self._bytes < _SHOWN_BYTES:
            return f"{exported}, nothing stored yet"
        return f"{exported}, {megabytes(self._bytes)} stored so far"
