"""Signals that ask a run to end."""

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
"""Only wakes the main thread. A process without a handler for it ignores it."""
_NUDGE_PAUSES: Final = (0.1, 0.4, 1.5)
"""Seconds before each nudge. There are several, because the main thread may enter its blocking call
only after the first one."""


def raise_on_signals() -> None:
    """Set up the signals: the first that asks for an end raises `Interruption` in the main thread.

    Later ones do nothing: the first one began the clean-up, which has time limits of its own.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        for each in (*_SIGNALS, signal.SIGALRM):
            signal.signal(each, do_nothing)
        raise Interruption(number)

    _nudge_after_signals()
    for each in _SIGNALS:
        signal.signal(each, interrupt)


def _nudge_after_signals() -> None:
    """Start a thread that wakes the main thread a few times after every signal.

    Python runs a signal's handler only between two steps of the main thread. A signal that comes
    just before a blocking system call does not interrupt that call, so the handler waits until the
    call returns: a run that waits for R2 would end a minute late. A nudge interrupts the call.

    The interpreter writes the number of each signal to the wake-up descriptor at once, whichever
    thread the kernel chose for the signal.
    """
    main_thread = threading.get_ident()
    received, announced = socket.socketpair()
    announced.setblocking(False)
    signal.signal(_NUDGE, do_nothing)
    signal.set_wakeup_fd(announced.detach(), warn_on_full_buffer=False)

    def nudge() -> None:
        while True:
            (number,) = received.recv(1)
            if number == _NUDGE:  # a nudge is a signal too, and must not cause others
                continue
            for pause in _NUDGE_PAUSES:
                time.sleep(pause)
                signal.pthread_kill(main_thread, _NUDGE)

    threading.Thread(target=nudge, name="nudge", daemon=True).start()


def do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Use this instead of SIG_IGN: Python raises OSError if a pending signal is then ignored."""


def ignore_signals() -> None:
    """Ignore signals from now on.

    While the interpreter shuts down, a signal would kill the process, and so change its exit code.
    """
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
