"""The ends of a run that come from outside it, by signals."""

from __future__ import annotations

import signal
import socket
import threading
import time
from types import FrameType
from typing import Final

from neo4j_r2.core.errors import Interruption

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
            signal.signal(each, do_nothing)
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
    signal.signal(_NUDGE, do_nothing)
    signal.set_wakeup_fd(announced.detach(), warn_on_full_buffer=False)

    def nudge() -> None:
        while True:
            (number,) = received.recv(1)
            for pause in _NUDGE_PAUSES if number != _NUDGE else ():
                time.sleep(pause)
                signal.pthread_kill(main_thread, _NUDGE)

    threading.Thread(target=nudge, name="nudge", daemon=True).start()


def do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Stand in for SIG_IGN: Python makes an OSError of a pending signal that is ignored."""


def ignore_signals() -> None:
    """Let no signal change the exit code any more: at the interpreter's end it would kill."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
