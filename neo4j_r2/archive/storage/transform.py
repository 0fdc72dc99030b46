"""A library that reads one file and writes another, as a step of a stream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedIOBase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_AHEAD: Final = 2
_LOOKING_SECONDS: Final = 0.5


class _AbandonedError(Exception):
    """Nobody takes what is made any more."""


@dataclass(frozen=True)
class _End:
    """The end of a stream, and the error that it ended with."""

    error: BaseException | None = None


class _Given(BufferedIOBase):
    """The file that is read: chunks that another thread gives."""

    def __init__(self) -> None:
        self._given: queue.SimpleQueue[bytes | _End] = queue.SimpleQueue()
        self._slots = threading.Semaphore(_AHEAD)
        self._chunk, self._place = b"", 0
        self._is_at_end = False

    def give(self, chunk: bytes) -> None:
        """Add a chunk; waits while enough of them are there."""
        self._slots.acquire()
        self._given.put(chunk)

    def end(self, error: BaseException | None = None) -> None:
        """Say that there is no more, or with what reading on fails; never waits."""
        self._given.put(_End(error))

    def make_room(self) -> None:
        """Let `give` go on, though nothing is read any more."""
        self._slots.release()

    def read(self, size: int | None = -1, /) -> bytes:
        """Return some bytes, none at the end."""
        while self._place == len(self._chunk) and not self._is_at_end:
            self._take()
        end = len(self._chunk) if size is None or size < 0 else self._place + size
        data = self._chunk[self._place : end]
        self._place += len(data)
        return data

    def _take(self) -> None:
        item = self._next()
        self._chunk, self._place = b"", 0
        if isinstance(item, bytes):
            self._chunk = item
            self._slots.release()
        elif item.error is not None:
            raise item.error
        else:
            self._is_at_end = True

    def _next(self) -> bytes | _End:
        while threading.main_thread().is_alive():
            with suppress(queue.Empty):
                return self._given.get(timeout=_LOOKING_SECONDS)
        raise _AbandonedError


class _Made(BufferedIOBase):
    """The file that is written: pieces for another thread."""

    def __init__(self) -> None:
        self._made: queue.SimpleQueue[bytes | _End] = queue.SimpleQueue()
        self.is_over = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Add a piece; never waits."""
        piece = bytes(data)
        self._made.put(piece)
        return len(piece)

    def end(self, error: BaseException | None) -> None:
        """Say that there is no more, and why."""
        self._made.put(_End(error))

    def pieces(self, *, wait: bool) -> Iterator[bytes]:
        """Yield what there is, or all up to the end if that is to be waited for.

        The error that it ended with is raised.
        """
        while not self.is_over:
            try:
                item = self._made.get(block=wait)
            except queue.Empty:
                return
            if isinstance(item, bytes):
                yield item
            elif item.error is not None:
                raise item.error
            else:
                self.is_over = True


def transformed(
    transform: Callable[[BufferedIOBase, BufferedIOBase], None], chunks: Iterable[bytes]
) -> Generator[bytes, None, None]:
    """Yield what `transform`, in a thread of its own, writes of the chunks that it reads.

    Whoever takes the results takes the chunks, so that an interruption ends it as it ends any
    generator; up to two are ahead of the transform, and what it writes of them is all that waits.
    An error of either side is raised here. If the results are not taken to their end, the
    transform's next reading fails.

    The thread is no daemon, whoever starts it: at the interpreter's end that would be cut down
    inside the library, which aborts the whole process then. So it looks whether the main thread
    has ended.
    """
    given, made = _Given(), _Made()

    def run() -> None:
        failure: BaseException | None = None
        try:
            transform(given, made)
        except BaseException as error:  # noqa: BLE001 - carried to the consuming thread
            failure = error
        made.end(failure)
        given.make_room()

    threading.Thread(target=run, name="transform", daemon=False).start()
    try:
        for chunk in chunks:
            given.give(chunk)
            yield from made.pieces(wait=False)
            if made.is_over:
                return
        given.end()
        yield from made.pieces(wait=True)
    finally:
        given.end(_AbandonedError())
