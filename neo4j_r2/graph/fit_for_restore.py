"""Refuses a database that cannot take a restore, before anything is changed."""

from __future__ import annotations

from typing import Final

from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.server_limits import READ_ONLY_CURE, TRANSACTIONS_SETTING

_ACCESS: Final = "SHOW DATABASES YIELD name, access WHERE name = $name RETURN access"
_SETTING: Final = (
    "SHOW SETTINGS YIELD name, value WHERE name = $name RETURN toInteger(value) AS value"
)
_UNLIMITED: Final = 0
_LEAST_TRANSACTIONS: Final = 2
"""One that writes, and the server's own, in which it creates names meanwhile."""


def refuse_unfit_for_restore(connection: Connection, database: str) -> None:
    """Refuse a database that is read-only, and a server that allows too few transactions.

    :raises GraphError: naming each setting, and what is needed.
    """
    problems = []
    servers = connection.rows(_ACCESS, name=database)  # one, or more in a cluster
    if servers and all(row["access"] == "read-only" for row in servers):
        problems.append(f"it is read-only: {READ_ONLY_CURE}")
    for row in connection.rows(_SETTING, name=TRANSACTIONS_SETTING):  # none if it may not be seen
        if _UNLIMITED < row["value"] < _LEAST_TRANSACTIONS:
            problems.append(
                f"{TRANSACTIONS_SETTING} is {row['value']}, and must be {_LEAST_TRANSACTIONS} or "
                "more"
            )
    if problems:
        raise GraphError(f"Database {database} cannot be restored into: {'; '.join(problems)}")
