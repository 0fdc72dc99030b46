"""A small HTTP server for a few pages, which no client can block. It knows only GET and HEAD.

Each connection is for one request, has a thread of its own, and is closed at its deadline.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from neo4j_r2.core.errors import ConfigurationError

log = logging.getLogger(__name__)

_CONNECTIONS: Final = 32
"""How many there can be at once; one more is closed without an answer."""
_CONNECTION_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Answer:
    """The answer of a page."""

    status: HTTPStatus
    content_type: str
    body: bytes


Page = Callable[[str], Answer]
"""Makes the answer; its argument is the value of the request's `Accept` header."""


def serve(address: str, port: int, pages: Mapping[str, Page]) -> None:
    """Serve the pages until an exception, such as a signal's, ends this call.

    :param address: an IP address; `::` means all addresses of IPv6 and IPv4.
    :param pages: by their paths.
    :raises ConfigurationError: if this process cannot listen at the address and port.
    """
    if address == "::" and not socket.has_dualstack_ipv6():  # a kernel without IPv6
        address = "0.0.0.0"  # noqa: S104 - all addresses were asked for
    try:
        server = _Server(address, port, pages)
    except OSError as error:
        raise ConfigurationError(
            f"METRICS_ADDRESS={address!r}, METRICS_PORT={port}: cannot listen there: "
            f"{error.strerror}"
        ) from error
    with server:
        host = f"[{address}]" if ":" in address else address
        log.info("Serving %s at http://%s:%d", " and ".join(pages), host, port)
        server.serve_forever()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = _CONNECTIONS

    def __init__(self, address: str, port: int, pages: Mapping[str, Page]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.pages = pages
        self._deadlines: dict[socket.socket, float] = {}
        super().__init__((address, port), _Handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            is_single = self.server_address[0] != "::"  # `::` serves IPv4 clients too
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, is_single)
        super().server_bind()

    def process_request(self, request: Any, client_address: Any) -> None:
        if len(self._deadlines) >= _CONNECTIONS:
            log.debug("Too many connections: one from %s is closed", client_address[0])
            self.shutdown_request(request)
            return
        self._deadlines[request] = time.monotonic() + _CONNECTION_SECONDS
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._deadlines.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Close connections after their deadline; the server calls this about twice a second."""
        now = time.monotonic()
        for request, deadline in list(self._deadlines.items()):
            if now > deadline:
                with suppress(OSError):  # its own thread has just closed it
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """Log why a connection ended without an answer; mostly the client has gone."""
        level = logging.DEBUG if isinstance(sys.exception(), OSError) else logging.ERROR
        log.log(level, "A connection from %s failed", client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    error_message_format = "%(message)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def do_GET(self) -> None:
        """Answer a request."""
        answer = self._answer()
        if answer is None:
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_HEAD = do_GET  # noqa: N815 - the name by which the standard library looks for it

    def _answer(self) -> Answer | None:
        """Return the answer of the page; None if an error was sent instead."""
        page = self.server.pages.get(self.path.partition("?")[0])
        if page is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        try:
            return page(" ".join(self.headers.get("Accept", "").split()))
        except Exception:
            log.exception("Unexpected error")
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return None

    def version_string(self) -> str:
        """Return the name for the `Server` header, without Python and its version."""
        return "neo4j-r2-backup"

    def log_message(self, message: str, *arguments: Any) -> None:
        """Log a request on one line. The client chose the text, so `%a` escapes it."""
        log.debug("%s: %a", self.client_address[0], message % arguments)
