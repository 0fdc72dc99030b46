"""The driver, as this service opens and closes it and its sessions, and explains its errors."""

from __future__ import annotations

import logging
import time
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import neo4j
from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable

from neo4j_r2.config.neo4j_settings import SYSTEM_DATABASE, Neo4jSettings
from neo4j_r2.core.errors import Ending, GraphError, GraphUnavailableError, LoginRefusedError
from neo4j_r2.graph.driver_errors import (
    FULL_DISK_CURE,
    explain,
    explain_encryption,
    is_of_database,
    is_refused_login,
    names_full_disk,
)
from neo4j_r2.graph.encryption_mistake import EncryptionMistake, find_encryption_mistake
from neo4j_r2.graph.session import Session

log = logging.getLogger(__name__)

CONNECTION_SECONDS: Final = 10.0
"""How long the driver waits for a new connection."""
_QUICK_SECONDS: Final = 1.0
"""A question about the encryption takes less, if the port refuses it or the server answers."""
_STATUS: Final = (
    "SHOW DATABASES YIELD name, statusMessage WHERE name = toLower($name) AND statusMessage <> '' "
    "RETURN statusMessage AS message"
)


class Driver:
    """The driver's connections to one database."""

    def __init__(self, settings: Neo4jSettings) -> None:
        """Prepare to log in as the settings say; nothing is sent yet."""
        self._settings = settings
        self._asks_for_encryption = True
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
        with self._driver.session(database=self._settings.database, **options) as session:
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

    def explained(self, error: DriverError | Neo4jError) -> GraphError:
        """Return an error of the driver as one of this service, to be raised."""
        if isinstance(error, ServiceUnavailable) and (mistake := self._encryption_mistake()):
            return GraphError(explain_encryption(mistake, self._settings))
        text = explain(error, self._settings)
        if message := self._status_message(error):
            text += f"; the server says of database {self._settings.database}: {message}"
        if names_full_disk(message):
            return GraphError(f"{text}; {FULL_DISK_CURE}")
        if is_refused_login(error):
            return LoginRefusedError(text)
        return GraphUnavailableError(text) if error.is_retryable() else GraphError(text)

    def has_full_disk(self, error: DriverError | Neo4jError) -> bool:
        """Whether the disk of the server is full: then it does not help to try again."""
        return names_full_disk(self._status_message(error))

    def _encryption_mistake(self) -> EncryptionMistake | None:
        """Ask the server after each failure, because it may be up only at a later one.

        A silent server is asked once, because each time costs seconds.
        """
        if not self._asks_for_encryption:
            return None
        started = time.monotonic()
        mistake = find_encryption_mistake(self._settings.uri)
        self._asks_for_encryption = time.monotonic() - started < _QUICK_SECONDS
        return mistake

    def _status_message(self, error: DriverError | Neo4jError) -> str:
        """Return why a database is not in order, such as a full disk; empty if nobody says."""
        if not is_of_database(error):
            return ""
        try:
            with self._driver.session(database=SYSTEM_DATABASE) as session:
                result = Session(session).run(_STATUS, {"name": self._settings.database})
                return "; ".join(record["message"] for record in result)
        except (DriverError, Neo4jError):
            return ""
