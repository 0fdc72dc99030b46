"""A small HTTP server for a few pages, which no client can hold up: GET and HEAD, no more.

Each connection is one request, has a thread, and is ended at its deadline, whatever it waits for.
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
"""At once; one more is closed without an answer."""
_CONNECTION_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Answer:
    """What a page says."""

    status: HTTPStatus
    content_type: str
    body: bytes


Page = Callable[[str], Answer]
"""Makes the answer; its argument is what the client accepts, as the header of that name has it."""


def serve(address: str, port: int, pages: Mapping[str, Page]) -> None:
    """Answer for the pages, by their paths, until an exception ends the calling thread's wait.

    :param address: an IP address; `::` is all of both versions.
    :raises ConfigurationError: if it is not this process's to listen at.
    """
    if address == "::" and not socket.has_dualstack_ipv6():  # a kernel without IPv6
        address = "0.0.0.0"  # noqa: S104 - what was asked for, as far as there is such
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
            is_single = self.server_address[0] != "::"
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
        """End what is over its deadline; the server calls this about twice a second."""
        now = time.monotonic()
        for request, deadline in list(self._deadlines.items()):
            if now > deadline:
                with suppress(OSError):  # its thread has just closed it
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, _request: Any, client_address: Any) -> None:
        """Log what ended a connection without an answer: mostly the client, who is gone."""
        level = logging.DEBUG if isinstance(sys.exception(), OSError) else logging.ERROR
        log.log(level, "A connection from %s failed", client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    error_message_format = "%(message)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def do_GET(self) -> None:
        """Answer for a page."""
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
        """Return what the page says; None after an answer of its own that there is nothing."""
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
        """Return what the server calls itself, which is not what it runs on."""
        return "neo4j-r2-backup"

    def log_message(self, message: str, *arguments: Any) -> None:
        """Log a request, whose text is its client's: as a literal, on one line."""
        log.debug("%s: %a", self.client_address[0], message % arguments)
