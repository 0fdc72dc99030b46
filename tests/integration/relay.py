"""A port that forwards everything to another one, and remembers what it received."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from testbed.ports import LOOPBACK

_RECEIVED_AHEAD = 64 * 1024


@contextmanager
def relay(port: int, *, stalls_after: int | None = None) -> Iterator[tuple[int, bytearray]]:
    """Open a port that forwards to another one; yield the port, and the bytes that it received.

    :param stalls_after: how many bytes it takes before it stalls; None if it never stalls.
    """
    sent, ended = bytearray(), threading.Event()

    def note_sent(data: bytes) -> None:
        sent.extend(data)
        if stalls_after is not None and len(sent) >= stalls_after:
            ended.wait()

    def copy(source: socket.socket, note: Callable[[bytes], None], target: socket.socket) -> None:
        with suppress(OSError):  # of a client that has ended
            while data := source.recv(65_536):
                note(data)
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((LOOPBACK, port)) as server:
                reader = threading.Thread(target=copy, args=(server, len, self.request))
                reader.start()
                copy(self.request, note_sent, server)
                reader.join()

    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Handler) as listener:
        listener.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED_AHEAD)
        threading.Thread(target=listener.serve_forever).start()
        try:
            yield listener.server_address[1], sent
        finally:
            ended.set()
            listener.shutdown()
