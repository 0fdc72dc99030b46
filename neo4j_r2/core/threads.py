"""Runs the steps of a stream side by side: reading, encoding, compressing and uploading.

Threads are enough for that. Their main work releases the interpreter's lock: sockets, ISA-L, zlib
and SHA-256.
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
"""How often `while_answering` asks."""


def prefetch(items: Iterable[Item], depth: int) -> Iterator[Item]:
    """Yield `items`, while another thread takes them up to `depth` items ahead.

    An error of `items` is raised here. The thread is a daemon, because a thread that hangs in a
    read must not keep an interrupted run from ending.
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
    """Make a call in a thread of its own.

    The thread is a daemon, because a call that hangs must not keep an interrupted run from ending.
    """
    future: Future[Result] = Future()

    def make() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - carried to the waiting thread
            future.set_exception(error)

    threading.Thread(target=make, name="call", daemon=True).start()
    return future


def one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield `items`, while another thread takes the next one. It begins with the first one at once.

    Unlike `prefetch`, no thread is left waiting if nobody takes the rest, and no more than one item
    is held.
    """
    return _one_ahead(items, begin(partial(next, items, _END)))


def _one_ahead(items: Iterator[Item], pending: Future[Item | _End]) -> Iterator[Item]:
    while not isinstance(item := pending.result(), _End):
        pending = begin(partial(next, items, _END))
        yield item


def while_answering(
    call: Callable[[], Result],
    ask: Callable[[], object],
    on_answer: Callable[[], None],
    interval_seconds: float = _ASKING_SECONDS,
) -> Result:
    """Make a call that can take hours. Meanwhile, ask the same server something short.

    :param ask: is called again and again until the call returns. An error of it is raised here.
    :param on_answer: is called each time when `ask` has returned.
    :returns: what the call returns; an error of the call is raised here.
    """
    made = begin(call)
    while not wait([made], interval_seconds).done:
        ask()
        on_answer()
    return made.result()


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], at_once: int
) -> Iterator[Result]:
    """Yield the results of `function` in the order of the items; up to `at_once` calls run."""
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(begin(partial(function, item)))
        if len(pending) == at_once:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


class Lanes:
    """Calls that run side by side. One thread begins them and takes all results."""

    def __init__(self, number: int) -> None:
        """:param number: how many calls may run at once."""
        self._number = number
        self._pending: deque[Callable[[], None]] = deque()

    def begin(self, call: Callable[[], Result], take: Callable[[Result], None]) -> None:
        """Begin a call as soon as a lane is free.

        :param take: is called with the result later, by this method or by `drain`, in this thread.
            An error of the call is raised there too.
        """
        if len(self._pending) == self._number:
            self._pending.popleft()()
        made = begin(call)
        self._pending.append(lambda: take(made.result()))

    def drain(self) -> None:
        """Wait for all calls, and take their results."""
        while self._pending:
            self._pending.popleft()()
