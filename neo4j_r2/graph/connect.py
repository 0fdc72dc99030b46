"""How this service connects to Neo4j."""

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


def open_driver(settings: Neo4jSettings) -> neo4j.Driver:
    """Return a driver that logs in as the settings say; nothing is sent yet."""
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
    """Open a session with options of the driver's, and close it.

    If the run is ended in it, or nobody wants the rest of a result, its connection is cut instead:
    closing waits for the server, and would for ever if that is what hangs.
    """
    with driver.session(**options) as session:
        try:
            yield session
        except (Ending, GeneratorExit):
            # What the driver does when it is cancelled; nothing is left to close then.
            session.__exit__(CancelledError, None, None)  # type: ignore[no-untyped-call]
            raise


def close_driver(driver: neo4j.Driver, error_type: type[BaseException] | None) -> None:
    """Close a driver's connections, after an error without a word of what fails at that.

    Another thread may be in the middle of a call then, which the driver does not allow for.
    """
    try:
        driver.close()
    except Exception as error:
        if error_type is None:
            raise
        log.debug("The connection to Neo4j was not closed: %r", error)
