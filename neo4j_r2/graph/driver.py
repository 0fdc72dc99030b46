"""The driver, as this service opens and closes it and its sessions."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import neo4j

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import Ending
from neo4j_r2.graph.session import Session

log = logging.getLogger(__name__)

CONNECTION_SECONDS: Final = 10.0
"""How long the driver waits for a new connection."""


class Driver:
    """The driver's connections to one database."""

    def __init__(self, settings: Neo4jSettings) -> None:
        """Prepare to log in as the settings say; nothing is sent yet."""
        self._database = settings.database
        self._driver = neo4j.GraphDatabase.driver(
            settings.uri,
            auth=(settings.user, settings.password.reveal()),
            connection_timeout=CONNECTION_SECONDS,
            connection_acquisition_timeout=2 * CONNECTION_SECONDS,
            notifications_min_severity="OFF",
            user_agent="neo4j-r2-backup",
        )

    @contextmanager
    def session(self, **options: Any) -> Iterator[Session]:
        """Open a session with the driver's options, and close it.

        The session's connection is cut instead if the run is ended, or if the caller drops the rest
        of a result. A normal close waits for the server's reply, and never returns if the server
        hangs.
        """
        with self._driver.session(database=self._database, **options) as session:
            try:
                yield Session(session)
            except (Ending, GeneratorExit):
                # The driver has no public call that cuts a connection. But it cuts it when a
                # session ends with asyncio's CancelledError, so the session is told that. The
                # session's own close, at the end of the `with`, then finds nothing open.
                session.__exit__(CancelledError, None, None)  # type: ignore[no-untyped-call]
                raise

    def close(self, error_type: type[BaseException] | None) -> None:
        """Close the connections.

        After an error, a failure to close is only logged: another thread may be in the middle of a
        call, and the driver does not support that.

        :param error_type: of the error that ends the use of the driver, None if there is none.
        """
        try:
            self._driver.close()
        except Exception as error:
            if error_type is None:
                raise
            log.debug("The connection to Neo4j was not closed: %r", error)
