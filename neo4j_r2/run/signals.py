"""Signals that ask a run to end.

A handler raises `Interruption` in the main thread. That is not enough. If the main thread is inside
a finalizer (`__del__`) at that moment, Python prints the exception and drops it. So the signal is
also remembered until the run has ended: each step of progress looks at it (`check`), and the main
thread is woken again and again, wherever it waits, to look at it.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from types import FrameType
from typing import TYPE_CHECKING, Final

from neo4j_r2.core.errors import Ending, Interruption

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NUDGE: Final = signal.SIGURG
"""Only wakes the main thread. A process without a handler for it ignores it."""
_NUDGE_PAUSES: Final = (0.1, 0.4, 1.5)
"""Seconds before each nudge. There are several, because the main thread may enter its blocking call
only after the first one."""
_LATER_PAUSE: Final = 2.0
"""Seconds between the nudges after these, until the run has ended."""


class _Request:
    """The request to end that a signal has made."""

    def __init__(self) -> None:
        self.number: int | None = None
        """The first signal that came; None without one, or after the run has ended."""


_request: Final = _Request()


def raise_on_signals() -> None:
    """Set up the signals: the first that asks for an end raises `Interruption` in the main thread.

    While the run cleans up because of it, later ones do nothing: the clean-up has time limits of
    its own.
    """

    def interrupt(number: int, _: FrameType | None) -> None:
        if _request.number is None:
            _request.number = number
        check()

    _nudge_after_signals()
    sys.unraisablehook = _hide_endings
    for each in _SIGNALS:
        signal.signal(each, interrupt)


def check() -> None:
    """Raise the request to end, if there is one and the run does not follow it yet.

    Any thread may call this. Only the main thread raises.

    :raises Interruption: if a signal asked for an end.
    """
    number = _request.number
    if number is None or threading.current_thread() is not threading.main_thread():
        return
    if not is_ending():
        raise Interruption(number)


def is_ending() -> bool:
    """Whether the calling code cleans up because of an `Ending`.

    An error of the clean-up itself has the `Ending` as its context, or as the context of that.
    """
    error = sys.exception()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Ending):
            return True
        seen.add(id(error))
        error = error.__context__
    return False


def settle() -> None:
    """Forget the request to end: what it asked for has ended."""
    _request.number = None


def _nudge_after_signals() -> None:
    """Start a thread that wakes the main thread after every signal, until the run has ended.

    Python runs a signal's handler only between two steps of the main thread. A signal that comes
    just before a blocking system call does not interrupt that call, so the handler waits until the
    call returns: a run that waits for R2 would end a minute late. A nudge interrupts the call.

    The interpreter writes the number of each signal to the wake-up descriptor at once, whichever
    thread the kernel chose for the signal.
    """
    main_thread = threading.get_ident()
    received, announced = socket.socketpair()
    announced.setblocking(False)
    signal.signal(_NUDGE, lambda _number, _frame: check())
    signal.set_wakeup_fd(announced.detach(), warn_on_full_buffer=False)

    def nudge() -> None:
        while True:
            (number,) = received.recv(1)
            if number == _NUDGE:  # a nudge is a signal too, and must not cause others
                continue
            for pause in _NUDGE_PAUSES:
                time.sleep(pause)
                signal.pthread_kill(main_thread, _NUDGE)
            while _request.number is not None:
                time.sleep(_LATER_PAUSE)
                signal.pthread_kill(main_thread, _NUDGE)

    threading.Thread(target=nudge, name="nudge", daemon=True).start()


def _hide_endings(unraisable: UnraisableHookArgs) -> None:
    """Print nothing of an `Ending` that a finalizer has dropped: it is raised again."""
    if not isinstance(unraisable.exc_value, Ending):
        sys.__unraisablehook__(unraisable)


def ignore_signals() -> None:
    """Ignore signals from now on.

    While the interpreter shuts down, a signal would kill the process, and so change its exit code.
    """
    settle()
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
