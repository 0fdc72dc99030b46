"""Steps of a stream that run side by side: reading, encoding, compressing and uploading.

What each thread does most releases the interpreter's lock: the socket, ISA-L and zlib, SHA-256.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
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


def while_answering(
    call: Callable[[], object],
    ask: Callable[[], object],
    on_answer: Callable[[], None],
    interval_seconds: float = _ASKING_SECONDS,
) -> None:
    """Make a call that can take hours, and ask something short of the same server meanwhile.

    An error of either is raised here. The call is made by a daemon: see `prefetch`.

    :param on_answer: is called whenever `ask` has returned.
    """
    ended = threading.Event()
    errors: list[BaseException] = []

    def make() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - carried to the waiting thread
            errors.append(error)
        finally:
            ended.set()

    threading.Thread(target=make, name="long call", daemon=True).start()
    while not ended.wait(interval_seconds):
        ask()
        on_answer()
    for error in errors:
        raise error


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield `function` of each item in their order; up to `threads` + 1 are under way at once."""
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="pack") as pool:
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) > threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()


def in_lanes(
    function: Callable[[Item], Result], items: Sequence[Item], lanes: int
) -> Iterator[Result]:
    """Yield `function` of each item in their order; a few of each lane are under way at once.

    For calls that wait for a server: see `prefetch` for how they end with an interrupted run.
    """
    streams = [prefetch(map(function, items[lane::lanes]), 1) for lane in range(lanes)]
    for index in range(len(items)):
        yield next(streams[index % lanes])
