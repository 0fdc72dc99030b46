"""A port that passes all on to another one, and remembers what it was sent."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from testbed.ports import LOOPBACK


@contextmanager
def relay(port: int) -> Iterator[tuple[int, bytearray]]:
    """Have a port that passes all on to another one, and all that was sent to it."""
    sent = bytearray()

    def copy(source: socket.socket, note: Callable[[bytes], None], target: socket.socket) -> None:
        while data := source.recv(65_536):
            note(data)
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((LOOPBACK, port)) as server:
                reader = threading.Thread(target=copy, args=(server, len, self.request))
                reader.start()
                copy(self.request, sent.extend, server)
                reader.join()

    with socketserver.ThreadingTCPServer((LOOPBACK, 0), Handler) as listener:
        threading.Thread(target=listener.serve_forever).start()
        try:
            yield listener.server_address[1], sent
        finally:
            listener.shutdown()
