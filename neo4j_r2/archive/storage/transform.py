"""Makes a step of a stream out of a library call that reads one file and writes another."""

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
"""Chunks that may wait for the transform."""
_CHECK_SECONDS: Final = 0.5
"""How often a waiting transform checks that the main thread still runs."""


class _AbandonedError(Exception):
    """Nobody takes the results any more."""


@dataclass(frozen=True)
class _End:
    """The end of a stream, and the error that ended it, if any."""

    error: BaseException | None = None


class _Input(BufferedIOBase):
    """The file that the transform reads. Another thread supplies its chunks."""

    def __init__(self) -> None:
        self._given: queue.SimpleQueue[bytes | _End] = queue.SimpleQueue()
        self._slots = threading.Semaphore(_AHEAD)
        self._chunk, self._place = b"", 0
        self._is_at_end = False

    def give(self, chunk: bytes) -> None:
        """Add a chunk. Waits while `_AHEAD` chunks have not been read yet."""
        self._slots.acquire()
        self._given.put(chunk)

    def end(self, error: BaseException | None = None) -> None:
        """End the file. With an error, further reading fails with it. Never waits."""
        self._given.put(_End(error))

    def make_room(self) -> None:
        """Let a waiting `give` go on although nothing is read any more."""
        self._slots.release()

    def read(self, size: int | None = -1, /) -> bytes:
        """Return some bytes; none at the end."""
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
                return self._given.get(timeout=_CHECK_SECONDS)
        raise _AbandonedError


class _Output(BufferedIOBase):
    """The file that the transform writes. Another thread takes its pieces."""

    def __init__(self) -> None:
        self._made: queue.SimpleQueue[bytes | _End] = queue.SimpleQueue()
        self.is_over = False

    def write(self, data: ReadableBuffer, /) -> int:
        """Add a piece. Never waits."""
        piece = bytes(data)
        self._made.put(piece)
        return len(piece)

    def end(self, error: BaseException | None) -> None:
        """End the file. An error is raised in the thread that takes the pieces."""
        self._made.put(_End(error))

    def pieces(self, *, wait: bool) -> Iterator[bytes]:
        """Yield the pieces that are there. With `wait`, yield all of them up to the end.

        The error that ended the file, if any, is raised.
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
    """Yield what `transform` writes while it reads the chunks. It runs in a thread of its own.

    The calling thread takes the chunks, so an interruption ends this like any other generator. At
    most two chunks wait for the transform, and only their results wait to be taken. An error of
    the chunks or of the transform is raised here. If the caller stops early, the transform's next
    read fails.

    The thread is never a daemon. The interpreter would kill a daemon inside the library when the
    program ends, and the library then aborts the whole process. So the thread itself checks
    whether the main thread has ended.
    """
    given, made = _Input(), _Output()

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
