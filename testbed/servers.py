"""Several servers at once: their starts overlap, and so do their stops."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Server(Protocol):
    """What Neo4jServer and S3Server have in common."""

    def start(self) -> None:
        """Start the server and return at once."""

    def wait_ready(self) -> None:
        """Return when the started server answers."""

    def request_stop(self) -> None:
        """Ask the server to end and return at once."""

    def stop(self) -> None:
        """Stop the server and wait for its end; nothing happens when it isn't running."""


@contextmanager
def running(*servers: Server) -> Iterator[None]:
    """Keep all of `servers` running, and stop each of them whatever happens."""
    try:
        for server in servers:
            server.start()
        for server in servers:
            server.wait_ready()
        yield
    finally:
        for server in servers:
            server.request_stop()
        for server in servers:
            server.stop()


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """Have a server down for the time of the context, and up again on the same data after it."""
    server.stop()
    try:
        yield
    finally:
        server.start()
        server.wait_ready()
