"""Refuses a server that takes no restore: read-only, or with too few transactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.server_limits import READ_ONLY_CURE, TRANSACTIONS_SETTING

_READ_ONLY: Final = "server.databases.read_only"
_DEFAULT_TO_READ_ONLY: Final = "server.databases.default_to_read_only"
_WRITABLE: Final = "server.databases.writable"
_UNLIMITED: Final = 0
_LEAST_TRANSACTIONS: Final = 2
"""One that writes, and the server's own, in which it creates names meanwhile."""


def refuse_unfit_for_restore(connection: Connection, database: str) -> None:
    """Refuse a server that allows too few transactions, and a database that is read-only.

    :raises GraphError: naming the setting, and what is needed.
    """
    settings = connection.settings(
        TRANSACTIONS_SETTING, _READ_ONLY, _DEFAULT_TO_READ_ONLY, _WRITABLE
    )
    maximum = settings.get(TRANSACTIONS_SETTING)
    if maximum is not None and allows_too_few_transactions(int(maximum)):
        raise GraphError(
            f"{connection.uri} has {TRANSACTIONS_SETTING}={maximum}, and a restore needs "
            f"at least {_LEAST_TRANSACTIONS}"
        )
    if is_read_only(settings, database):
        raise GraphError(f"Database {database} is read-only: {READ_ONLY_CURE}")


def is_read_only(settings: Mapping[str, str], database: str) -> bool:
    """Whether settings make a database read-only, as the server itself decides it."""
    read_only, writable = (
        {name.strip() for name in settings.get(setting, "").split(",")}
        for setting in (_READ_ONLY, _WRITABLE)
    )
    by_default = settings.get(_DEFAULT_TO_READ_ONLY) == "true"
    return database in read_only or (by_default and database not in writable)


def allows_too_few_transactions(maximum: int) -> bool:
    """Whether a restore cannot succeed with so many transactions at once; 0 is without a limit."""
    return _UNLIMITED < maximum < _LEAST_TRANSACTIONS
