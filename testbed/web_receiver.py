"""A web server that takes what is posted to it, and answers well, badly, slowly or never."""

import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

import trustme

from testbed.ports import LOOPBACK


@dataclass(frozen=True)
class Received:
    """A request."""

    method: str
    target: str
    """The path with its query."""
    body: str


class WebReceiver:
    """A server on a free loopback port while the context lasts.

    The path's last part but `start` and `fail` says how it answers: `good` with 200, a number with
    that status, `redirect` with an address elsewhere, `slow` after a second, `silent` never, and
    `drip` with headers that come one by one and never end.
    """

    def __init__(self, *, tls: bool = False) -> None:
        """Prepare; nothing listens yet. With `tls`, the certificate is one that nobody trusts."""
        self._tls = tls
        self.received: list[Received] = []
        self.closing = threading.Event()
        receiver = self

        class Handler(_Handler):
            """Passes requests on to this receiver."""

            owner = receiver

        self._handler = Handler

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self._server.server_address[1]}"

    def targets(self) -> list[str]:
        """Return methods and targets of all requests, in the order in which they came."""
        return [f"{request.method} {request.target}" for request in self.received]

    def __enter__(self) -> Self:
        """Start to listen."""
        self._server = ThreadingHTTPServer((LOOPBACK, 0), self._handler)
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            trustme.CA().issue_cert(LOOPBACK).configure_cert(context)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what is under way and stop."""
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: WebReceiver

    def do_GET(self) -> None:
        self._receive()

    def do_POST(self) -> None:
        self._receive()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _receive(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.owner.received.append(Received(self.command, self.path, body.decode()))
        parts = urlsplit(self.path).path.strip("/").split("/")
        mode = next(part for part in reversed(parts) if part not in {"start", "fail"})
        with suppress(ConnectionError):  # a client that has lost patience is gone
            self._answer(mode)

    def _answer(self, mode: str) -> None:
        if mode == "silent":
            self.owner.closing.wait()
            return
        if mode == "drip":
            self._drip()
            return
        if mode == "slow":
            self.owner.closing.wait(1)
        self.send_response(302 if mode == "redirect" else int(mode) if mode.isdigit() else 200)
        if mode == "redirect":
            self.send_header("Location", f"http://{self.owner.address}/elsewhere/good")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self) -> None:
        self.send_response(200)
        self.flush_headers()
        while not self.owner.closing.wait(0.2):
            self.wfile.write(f"X-Time: {time.time()}\r\n".encode())
