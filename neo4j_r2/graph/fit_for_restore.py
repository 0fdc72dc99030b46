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
    """Refuse a server that allows too few transactions, and a database that is read-only.

    :raises GraphError: naming the setting, and what is needed.
    """
    # First, because with one transaction at once no server tells of its databases.
    for row in connection.rows(_SETTING, name=TRANSACTIONS_SETTING):  # none if it may not be seen
        if allows_too_few_transactions(row["value"]):
            raise GraphError(
                f"{connection.uri} has {TRANSACTIONS_SETTING}={row['value']}, and a restore needs "
                f"at least {_LEAST_TRANSACTIONS}"
            )
    servers = connection.rows(_ACCESS, name=database)  # one, or more in a cluster
    if servers and all(row["access"] == "read-only" for row in servers):
        raise GraphError(f"Database {database} is read-only: {READ_ONLY_CURE}")


def allows_too_few_transactions(maximum: int) -> bool:
    """Whether a restore cannot succeed with so many transactions at once; 0 is without a limit."""
    return _UNLIMITED < maximum < _LEAST_TRANSACTIONS
