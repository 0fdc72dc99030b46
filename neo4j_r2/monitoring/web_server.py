"""Serves pages with waitress, with limits on connections and time: no client can block another.

waitress reads and writes all connections in one thread, and gives whole requests to others. So a
slow client costs a connection, and no thread.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.monitoring.web_pages import HEADERS, Page, application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

log = logging.getLogger(__name__)

_NAME: Final = "neo4j-r2-backup"
_CONNECTIONS: Final = 32
"""How many there can be at once. Others wait until there is room."""
_OWN_DESCRIPTORS: Final = 2
"""waitress counts what it waits for: the listening socket and a pipe of its own, too."""
_THREADS: Final = 2
_IDLE_SECONDS: Final = 5
"""A connection is closed after these seconds without a byte."""
_CONNECTION_SECONDS: Final = 10
"""A connection is closed after these seconds, whatever it does."""
_HEADER_BYTES: Final = 16 * 1024
_BUFFER_BYTES: Final = 16 * 1024 * 1024
"""More than any page: waitress writes what is longer into a temporary file."""


def serve(address: str, port: int, pages: Mapping[str, Page]) -> None:
    """Serve the pages until a signal ends this call.

    :param address: an IP address; `::` means all addresses of IPv6 and IPv4.
    :param pages: by their paths.
    :raises ConfigurationError: if this process cannot listen at the address and port.
    """
    if address == "::" and not socket.has_dualstack_ipv6():  # a kernel without IPv6
        address = "0.0.0.0"  # noqa: S104 - all addresses were asked for
    with _listen(address, port) as listener:
        host = f"[{address}]" if ":" in address else address
        *first, last = pages
        log.info("Serving %s and %s at http://%s:%d", ", ".join(first), last, host, port)
        _Server(application(pages), listener).run()


def _listen(address: str, port: int) -> socket.socket:
    """Return a listening socket. waitress would not let one of IPv6 serve IPv4 too."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server(
            (address, port), family=family, backlog=_CONNECTIONS, dualstack_ipv6=address == "::"
        )
    except OSError as error:
        reason = str(error.strerror).partition(" (while ")[0]  # the address is there already
        raise ConfigurationError(
            f"METRICS_ADDRESS={address!r}, METRICS_PORT={port}: cannot listen there: {reason}"
        ) from error


class _Task(WSGITask):  # type: ignore[misc]  # it has no types
    """A request that is the last one of its connection.

    Many requests at once, whose answers nobody reads, would keep a thread of waitress busy.
    """

    def start(self) -> None:
        """Begin to answer."""
        super().start()
        self.set_close_on_finish()


class _ErrorTask(ErrorTask):  # type: ignore[misc]  # it has no types
    """A request that waitress itself refuses, because it is damaged or too large."""

    def execute(self) -> None:
        """Answer with the headers of every answer."""
        self.response_headers.extend(HEADERS.items())
        super().execute()


class _Channel(HTTPChannel):  # type: ignore[misc]  # it has no types
    """A connection."""

    task_class = _Task
    error_task_class = _ErrorTask


class _Server(TcpWSGIServer):  # type: ignore[misc]  # it has no types
    """waitress's server, with a deadline for each connection.

    waitress closes only connections that are silent, and only if their clients read. A client that
    sends a byte now and then, or does not read its answer, would keep its place.
    """

    channel_class = _Channel

    def __init__(self, app: WSGIApplication, listener: socket.socket) -> None:
        adjustments = Adjustments(
            sockets=[listener],
            threads=_THREADS,
            connection_limit=_CONNECTIONS + _OWN_DESCRIPTORS,
            backlog=_CONNECTIONS,
            cleanup_interval=1,
            channel_timeout=_IDLE_SECONDS,
            asyncore_use_poll=True,
            max_request_header_size=_HEADER_BYTES,
            max_request_body_size=1,
            inbuf_overflow=_BUFFER_BYTES,
            outbuf_overflow=_BUFFER_BYTES,
            log_socket_errors=False,
            ident=_NAME,
        )
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(app, _sock=listener, adj=adjustments, sockinfo=info, bind_socket=False)

    def maintenance(self, now: float) -> None:
        """Close connections that are silent, or too old; waitress calls this once a second."""
        super().maintenance(now)
        for channel in self.active_channels.values():
            if channel.creation_time < now - _CONNECTION_SECONDS:
                # The next look at all sockets closes it. To close it here would free its number: a
                # new connection could get it, and be closed by what the look saw of the old one.
                channel.will_close = True
                with suppress(OSError):
                    channel.socket.shutdown(socket.SHUT_RDWR)
