"""How this service connects to Neo4j."""

from __future__ import annotations

import logging
from typing import Final

import neo4j

from neo4j_r2.config import Neo4jSettings

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


def close_driver(driver: neo4j.Driver, error_type: type[BaseException] | None) -> None:
    """Close a driver's connections, without a word of what fails at that after an error.

    After one another thread may be in the middle of a call, which the driver does not allow for. A
    run that is ended from outside leaves them to the process's end: one that the server does not
    read from would keep it.
    """
    if error_type is None:
        driver.close()
    elif issubclass(error_type, Exception):
        try:
            driver.close()
        except Exception as error:  # noqa: BLE001 - whatever another thread's call makes of it
            log.debug("The connection to Neo4j was not closed: %r", error)
