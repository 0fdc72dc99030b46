"""Progress of a run: the stall watch hears of each step, people see a bar or a line now and then.

Counting begins when the context of a counter is entered. On a terminal, the bar is there until the
context is left.
"""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from neo4j_r2.core.figures import duration, entity_count, megabytes
from neo4j_r2.core.log import watched_bar
from neo4j_r2.core.progress_bar import Bar

log = logging.getLogger(__name__)

INTERVAL_SECONDS: Final = 10.0
"""How often the log gets a line."""
_BAR_SECONDS: Final = 0.1
"""How often a bar changes."""
_SHOWN_BYTES: Final = 10_000
"""The smallest size that is not shown as 0.00 MB."""
_SMALLEST: Final = 1e-9
"""Stands for 0 where a time or a rate divides: at the first step both can be 0."""
_LONGEST: Final = 1e9
"""The most seconds that are told as the time left."""


class Teller:
    """Tells people now and then how far something is. Its bar is there while its context is."""

    def __init__(
        self, action: str, expected: int, interval_seconds: float, bar_seconds: float
    ) -> None:
        """Start the clock.

        :param action: what is done, as the first word of the line.
        :param expected: about how much there is to do; 0 if nobody knows.
        :param interval_seconds: how often the log gets a line.
        :param bar_seconds: how often a bar changes.
        """
        self._action = action
        self._expected = expected
        self._interval_seconds = interval_seconds
        self._bar_seconds = bar_seconds
        self._started = self._told = time.monotonic()
        self._bar: Bar | None = None

    def __enter__(self) -> Self:
        """Start the clock again: what came before took time, or has failed."""
        self._bar = watched_bar(self._action, self._expected)
        self._started = self._told = time.monotonic()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Remove the bar."""
        if self._bar:
            self._bar.close()
            self._bar = None

    def _is_due(self, now: float) -> bool:
        """Whether it is time to tell something; then it is not for a while."""
        if now - self._told < (self._bar_seconds if self._bar else self._interval_seconds):
            return False
        self._told = now
        return True


class _Counter(Teller, ABC):
    """Counts what is done."""

    def __init__(
        self,
        action: str,
        expected: int,
        on_progress: Callable[[], None],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Describe a counter.

        :param action: what is done, as the first word of the line.
        :param expected: about how much there is to do; 0 if nobody knows.
        :param on_progress: is called at each step.
        """
        super().__init__(action, expected, interval_seconds, _BAR_SECONDS)
        self._on_progress = on_progress
        self._done = 0

    def __enter__(self) -> Self:
        """Begin with nothing counted."""
        self._done = 0
        return super().__enter__()

    def add(self, done: int) -> None:
        """Count more."""
        self._done += done
        self._advance()

    def _advance(self) -> None:
        self._on_progress()
        now = time.monotonic()
        if self._is_due(now):
            rate = self._done / max(now - self._started, _SMALLEST)
            if self._bar:
                self._bar.show(self._done, self._expected, self._text(rate))
            else:
                log.info("%s", self._line(rate))

    @abstractmethod
    def _line(self, rate: float) -> str:
        """Return the line for the log; `rate` is how much is done in a second."""

    @abstractmethod
    def _text(self, rate: float) -> str:
        """Return what stands behind the bar: shorter, and without the time left."""

    def _time_left(self, rate: float) -> str:
        seconds = max(0, self._expected - self._done) / max(rate, _SMALLEST)
        return duration(timedelta(seconds=min(seconds, _LONGEST)))


class Countdown(_Counter):
    """Counts entities that are checked, deleted, restored or compared, and tells the time left."""

    def _line(self, rate: float) -> str:
        if not self._expected:
            return f"{self._action} {entity_count(self._done)} ({rate:,.0f}/s)"
        return (
            f"{self._action} {self._done:,} of {entity_count(self._expected)} ({rate:,.0f}/s), "
            f"about {self._time_left(rate)} left"
        )

    def _text(self, rate: float) -> str:
        return _entities(self._done, self._expected, rate)


class ByteCountdown(_Counter):
    """Counts bytes that are checked, and tells the time left."""

    def _line(self, rate: float) -> str:
        return (
            f"{self._action} {megabytes(self._done)} of {megabytes(self._expected)} "
            f"({megabytes(int(rate))}/s), about {self._time_left(rate)} left"
        )

    def _text(self, rate: float) -> str:
        return f"{megabytes(self._done)}/{megabytes(self._expected)}  {megabytes(int(rate))}/s"


class Progress(_Counter):
    """Counts the entities that an export reads and the bytes that it stores."""

    def __init__(
        self,
        expected: int,
        on_progress: Callable[[], None],
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """Describe an export.

        :param expected: about how many entities there are.
        :param on_progress: is called at each step.
        """
        super().__init__("Exported", expected, on_progress, interval_seconds)
        self._bytes = 0

    def __enter__(self) -> Self:
        self._bytes = 0
        return super().__enter__()

    def step(self) -> None:
        """Tell the stall watch that the run goes on, although nothing was exported."""
        self._on_progress()

    def stored(self, size: int) -> None:
        """Count bytes of the archive as handed to the upload."""
        self._bytes += size
        self._advance()

    def _line(self, rate: float) -> str:
        expected = entity_count(self._expected)
        exported = f"Exported {self._done:,} of about {expected} ({rate:,.0f}/s)"
        # What was exported is stored some time later, in whole blocks.
        if self._bytes < _SHOWN_BYTES:
            return f"{exported}, nothing stored yet"
        return f"{exported}, {megabytes(self._bytes)} stored so far"

    def _text(self, rate: float) -> str:
        stored = f"  {megabytes(self._bytes)}" if self._bytes >= _SHOWN_BYTES else ""
        return f"{_entities(self._done, self._expected, rate)}{stored}"


def _entities(done: int, expected: int, rate: float) -> str:
    return f"{done:,}{f'/{expected:,}' if expected else ''}  {rate:,.0f}/s"
