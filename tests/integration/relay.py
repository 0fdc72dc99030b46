"""A port that forwards everything to another one, and remembers what it received.

It can change what the other one answers. Then it is a fake of a server that does not exist.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from testbed.ports import LOOPBACK

_RECEIVED_AHEAD = 64 * 1024


class _Replacement:
    """Replaces one text by another in a stream, wherever the stream is cut into pieces."""

    def __init__(self, old: bytes, new: bytes) -> None:
        assert len(old) == len(new), "the lengths that a protocol states stay true"
        self._old, self._new = old, new
        self._begun = b""

    def __call__(self, data: bytes) -> bytes:
        """Return the next piece, without an end that may be the begin of the text."""
        data = (self._begun + data).replace(self._old, self._new)
        lengths = range(len(self._old) - 1, 0, -1)
        begun = next((each for each in lengths if data.endswith(self._old[:each])), 0)
        end = len(data) - begun
        self._begun = data[end:]
        return data[:end]


@contextmanager
def relay(
    port: int,
    *,
    at: int = 0,
    stalls_after: int | None = None,
    replaces: tuple[bytes, bytes] = (b"", b""),
) -> Iterator[tuple[int, bytearray]]:
    """Open a port that forwards to another one; yield the port, and the bytes that it received.

    :param at: the port to open; 0 means any that is free.
    :param stalls_after: how many bytes it takes before it stalls; None if it never stalls.
    :param replaces: what it replaces in the answers, and by what.
    """
    sent, ended = bytearray(), threading.Event()

    def note_sent(data: bytes) -> bytes:
        sent.extend(data)
        if stalls_after is not None and len(sent) >= stalls_after:
            ended.wait()
        return data

    def copy(source: socket.socket, pass_on: Callable[[bytes], bytes], to: socket.socket) -> None:
        with suppress(OSError):  # of a client that has ended
            while data := source.recv(65_536):
                to.sendall(pass_on(data))
        with suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((LOOPBACK, port)) as server:
                reader = threading.Thread(
                    target=copy, args=(server, _Replacement(*replaces), self.request)
                )
                reader.start()
                copy(self.request, note_sent, server)
                reader.join()

    with socketserver.ThreadingTCPServer((LOOPBACK, at), Handler) as listener:
        listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED_AHEAD)
        threading.Thread(target=listener.serve_forever).start()
        try:
            yield listener.server_address[1], sent
        finally:
            ended.set()
            listener.shutdown()
