"""The ends of a run that come from outside it: signals, and time passing without progress."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, TypeVar

from neo4j_r2.errors import Interruption, Stalled

Awaited = TypeVar("Awaited")

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NUDGE: Final = signal.SIGURG
"""Wakes the main thread and says nothing; a process without a handler ignores it."""
_NUDGE_PAUSES: Final = (0.1, 0.4, 1.5)
"""Seconds; the main thread may not have come to its call by the first one."""


def raise_on_signals() -> None:
    """Let the first signal that asks for an end raise `Interruption` in the main thread.

    Later ones do nothing: the clean-up that the first one began is bounded in time.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        for each in (*_SIGNALS, signal.SIGALRM):
            signal.signal(each, _do_nothing)
        raise Interruption(number)

    _nudge_after_signals()
    for each in _SIGNALS:
        signal.signal(each, interrupt)


def _nudge_after_signals() -> None:
    """Wake the main thread a few times after every signal, from a thread of its own.

    A signal that comes just before a blocking system call does not interrupt that call, and
    Python's handler would run only after it: a run that waits for R2 would end a minute late.
    """
    main_thread = threading.get_ident()
    received, announced = socket.socketpair()
    announced.setblocking(False)
    signal.signal(_NUDGE, _do_nothing)
    signal.set_wakeup_fd(announced.detach(), warn_on_full_buffer=False)

    def nudge() -> None:
        while True:
            (number,) = received.recv(1)
            for pause in _NUDGE_PAUSES if number != _NUDGE else ():
                time.sleep(pause)
                signal.pthread_kill(main_thread, _NUDGE)

    threading.Thread(target=nudge, name="nudge", daemon=True).start()


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Stand in for SIG_IGN: Python makes an OSError of a pending signal that is ignored."""


def ignore_signals() -> None:
    """Let no signal change the exit code any more: at the interpreter's end it would kill."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)


class Watch:
    """Ends a run that makes no progress, instead of letting it hold the lock for ever.

    The alarm raises in the main thread, wherever that waits: in a call of the driver or of the S3
    client, or for another thread.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._side = "Neo4j"
        self._watching = False

    def progress(self) -> None:
        """Start the limit anew; any thread may say so."""
        if self._watching:
            signal.setitimer(signal.ITIMER_REAL, self._seconds)

    @contextmanager
    def waiting_for(self, side: str) -> Iterator[None]:
        """Say what the run is waiting for, should it wait too long."""
        previous, self._side = self._side, side
        try:
            yield
        finally:
            self._side = previous

    def awaiting(self, side: str, items: Iterable[Awaited]) -> Iterator[Awaited]:
        """Yield items, and say for each next one that it is this side that is waited for."""
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
        """Watch while the context is open.

        :raises Stalled: in the context, once there was no progress for the limit.
        """

        def stalled(_number: int, _frame: FrameType | None) -> None:
            signal.signal(signal.SIGALRM, _do_nothing)  # the clean-up has limits of its own
            raise Stalled(self._side, self._seconds)

        signal.signal(signal.SIGALRM, stalled)
        self._watching = True
        self.progress()
        try:
            yield
        finally:
            self._watching = False
            signal.setitimer(signal.ITIMER_REAL, 0)
