"""How this service opens and closes the driver and its sessions."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import neo4j

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import Ending

log = logging.getLogger(__name__)

CONNECTION_SECONDS: Final = 10.0
"""How long the driver waits for a new connection."""


def open_driver(settings: Neo4jSettings) -> neo4j.Driver:
    """Return a driver that logs in as the settings say; it sends nothing yet."""
    return neo4j.GraphDatabase.driver(
        settings.uri,
        auth=(settings.user, settings.password.reveal()),
        connection_timeout=CONNECTION_SECONDS,
        connection_acquisition_timeout=2 * CONNECTION_SECONDS,
        notifications_min_severity="OFF",
        user_agent="neo4j-r2-backup",
    )


@contextmanager
def open_session(driver: neo4j.Driver, **options: Any) -> Iterator[neo4j.Session]:
    """Open a session with the driver's options, and close it.

    The session's connection is cut instead if the run is ended, or if the caller drops the rest of
    a result. A normal close waits for the server's reply, and never returns if the server hangs.
    """
    with driver.session(**options) as session:
        try:
            yield session
        except (Ending, GeneratorExit):
            # The driver has no public call that cuts a connection. But it cuts it when a session
            # ends with asyncio's CancelledError, so the session is told that. The session's own
            # close, at the end of the `with`, then finds nothing open.
            session.__exit__(CancelledError, None, None)  # type: ignore[no-untyped-call]
            raise


def close_driver(driver: neo4j.Driver, error_type: type[BaseException] | None) -> None:
    """Close a driver's connections.

    After an error, a failure to close is only logged: another thread may be in the middle of a
    call, and the driver does not support that.

    :param error_type: of the error that ends the use of the driver, None if there is none.
    """
    try:
        driver.close()
    except Exception as error:
        if error_type is None:
            raise
        log.debug("The connection to Neo4j was not closed: %r", error)
