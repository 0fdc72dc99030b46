"""The first queries on a connection: which server and which databases there are."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final, TypeVar

from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import GraphError, GraphUnavailableError
from neo4j_r2.core.outage import Outage
from neo4j_r2.graph.connection import Connection

SUPPORTED: Final = "5.26 (LTS) and 2025.01 or later"
_WAIT_STEP_SECONDS: Final = 1.0

Result = TypeVar("Result")


def log_in(connection: Connection) -> Database:
    """Log in, and return which database this is.

    :raises GraphError: if there is no such server, login or database, or if this service does not
        support the server's version.
    """
    (component,) = connection.rows_at_once(
        "CALL dbms.components() YIELD name, versions, edition "
        "WHERE name = 'Neo4j Kernel' RETURN versions, edition"
    )
    version = str(component["versions"][0])
    if not is_supported(version):
        raise GraphError(f"Neo4j {version} is not supported; supported are {SUPPORTED}")
    info = connection.row("CALL db.info() YIELD id, name")
    return Database(info["name"], info["id"], version, component["edition"])


def online_databases(connection: Connection) -> list[str]:
    """Log in, and return the names of all databases that can be read, in ascending order.

    The database `SYSTEM_DATABASE` is left out. So are composite databases, which have no graph.

    :param connection: to `SYSTEM_DATABASE`.
    :raises GraphError: if there is no such server or login; or if no database is online (yet).
    """
    rows = connection.rows_at_once(
        "SHOW DATABASES YIELD name, type, currentStatus "
        "WHERE type = 'standard' AND currentStatus = 'online'"
    )
    if not rows:
        raise GraphUnavailableError(f"Neo4j failed: {connection.uri} has no database online")
    return sorted({row["name"] for row in rows})  # a cluster has a row for each server


def wait_until_ready(
    login: Callable[[], Result], seconds: float, on_try: Callable[[], None]
) -> Result:
    """Log in as soon as the server is up, and return what the login returns.

    Only a failure that can heal by itself is waited for, and the log says why. A refused login is
    not: the server locks the account of a client that keeps trying.

    :param login: calls `log_in` or `online_databases`.
    :param on_try: is called after each try that failed: who waits does not hang.
    :raises GraphError: at once, or when the time is over.
    """
    deadline = time.monotonic() + seconds
    outage = Outage("Neo4j")
    while True:
        try:
            result = login()
        except GraphUnavailableError as error:
            left = deadline - time.monotonic()
            if left < _WAIT_STEP_SECONDS:
                raise GraphUnavailableError(
                    f"Neo4j was not ready within {seconds:.0f} s: {error}"
                ) from error
            outage.failed(
                str(error), f"Neo4j is not ready, waiting for up to {left:.0f} s: {error}"
            )
            on_try()
        else:
            outage.over()
            return result
        time.sleep(_WAIT_STEP_SECONDS)


def is_supported(version: str) -> bool:
    """Whether this service supports a Neo4j version: 5.26 and the calendar versions after it."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= (5, 26)
