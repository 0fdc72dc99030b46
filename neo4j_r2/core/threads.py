"""Steps of a stream that run side by side: reading, encoding, compressing and uploading.

What each thread does most releases the interpreter's lock: the socket, ISA-L and zlib, SHA-256.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class _Failure:
    error: BaseException


class _End:
    """Marks the end of a stream between threads."""


_END: Final = _End()
_ASKING_SECONDS: Final = 5.0


def prefetch(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """Yield `items`, which another thread takes up to `depth` ahead.

    An error of `items` is raised here. The thread is a daemon: one that hangs in a read does not
    keep an interrupted run from ending.
    """
    channel: queue.Queue[Item | _Failure | _End] = queue.Queue(depth)
    abandoned = threading.Event()

    def produce() -> None:
        try:
            for item in items:
                channel.put(item)
                if abandoned.is_set():
                    return
            channel.put(_END)
        except BaseException as error:  # noqa: BLE001 - carried to the consuming thread
            channel.put(_Failure(error))

    threading.Thread(target=produce, name="prefetch", daemon=True).start()
    try:
        while not isinstance(item := channel.get(), _End):
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        abandoned.set()
        with suppress(queue.Empty):
            channel.get_nowait()


def begin(call: Callable[[], Result]) -> Future[Result]:
    """Make a call in a daemon: one that hangs does not keep an interrupted run from ending."""
    future: Future[Result] = Future()

    def make() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - carried to the waiting thread
            future.set_exception(error)

    threading.Thread(target=make, name="call", daemon=True).start()
    return future


def while_answering(
    call: Callable[[], Result],
    ask: Callable[[], object],
    on_answer: Callable[[], None],
    interval_seconds: float = _ASKING_SECONDS,
) -> Result:
    """Make a call that can take hours, and ask something short of the same server meanwhile.

    Returns what the call returns; an error of either is raised here.

    :param on_answer: is called whenever `ask` has returned.
    """
    made = begin(call)
    while not wait([made], interval_seconds).done:
        ask()
        on_answer()
    return made.result()


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], at_once: int
) -> Iterator[Result]:
    """Yield `function` of each item in their order; up to `at_once` are under way."""
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(begin(partial(function, item)))
        if len(pending) == at_once:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


class Lanes:
    """Calls that are made side by side, and whose results are taken by one thread."""

    def __init__(self, number: int) -> None:
        """:param number: of calls that are under way at once, at most."""
        self._number = number
        self._pending: deque[Callable[[], None]] = deque()

    def begin(self, call: Callable[[], Result], take: Callable[[Result], None]) -> None:
        """Begin a call, once there is room for it; `take` is given its result later, here.

        An error of an earlier call is raised here, or by `drain`.
        """
        if len(self._pending) == self._number:
            self._pending.popleft()()
        made = begin(call)
        self._pending.append(lambda: take(made.result()))

    def drain(self) -> None:
        """Wait for all calls, and have their results taken."""
        while self._pending:
            self._pending.popleft()()
