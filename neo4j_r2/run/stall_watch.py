"""Stops a run that makes no progress."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

from neo4j_r2.core.errors import Side, Stalled
from neo4j_r2.run import signals

Awaited = TypeVar("Awaited")

_AGAIN_SECONDS: Final = 5.0
"""How often the alarm is repeated, in case that a finalizer has dropped the error."""


class Watch:
    """Stops a run that makes no progress for some time, so that it does not hold the lock for ever.

    The kernel's timer sends SIGALRM, and its handler raises `Stalled` in the main thread. That
    works wherever the thread waits: in the driver, in the S3 client, or for another thread.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._side = Side.NEO4J
        self._watching = False

    def progress(self) -> None:
        """Start the time limit anew; any thread may call this.

        :raises Interruption: if a signal has asked for an end.
        """
        if self._watching:
            signal.setitimer(signal.ITIMER_REAL, self._seconds, _AGAIN_SECONDS)
        signals.check()

    @contextmanager
    def waiting_for(self, side: Side) -> Iterator[None]:
        """Name the side that the run waits for in this context, for the error."""
        previous, self._side = self._side, side
        try:
            yield
        finally:
            self._side = previous

    @contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Use another time limit in this context, for a step that has one of its own."""
        previous, self._seconds = self._seconds, seconds
        self.progress()
        try:
            yield
        finally:
            self._seconds = previous
        self.progress()

    def awaiting(self, side: Side, items: Iterable[Awaited]) -> Iterator[Awaited]:
        """Yield the items; while the next one is not there, this is the side that is waited for."""
        following = iter(items)
        while True:
            with self.waiting_for(side):
                try:
                    item = next(following)
                except StopIteration:
                    return
            yield item

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch the run while the context is open.

        :raises Stalled: anywhere in the context, if there was no progress for the time limit.
        """

        def stalled(_number: int, _frame: FrameType | None) -> None:
            if not signals.is_ending():  # the clean-up has time limits of its own
                raise Stalled(self._side, self._seconds)

        signal.signal(signal.SIGALRM, stalled)
        self._watching = True
        self.progress()
        try:
            yield
        finally:
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)
