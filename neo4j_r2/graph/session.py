"""Sessions with Neo4j: each statement says in which Cypher it is meant, and takes its time.

Without the first, the default language of the database decides what a statement means. Without the
second, the server ends a statement after its `db.transaction.timeout`: a scan of a large graph, or
the building of an index, would then never succeed. A transaction that this service no longer wants
ends with its connection. Only a `Reading` has a limit of time, because a user wrote its statement.
This module is the only one that hands statements to the driver, so none can be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import neo4j

_LANGUAGE: Final = "CYPHER 5 "
"""Every supported server knows it, and it means the same on all of them."""
_NO_TIMEOUT: Final = 0.0
"""Overrides the server's `db.transaction.timeout`."""
_NAMES_LANGUAGE: Final = re.compile(r"\s*CYPHER\s+[0-9]", re.IGNORECASE)


class Session:
    """A session of the driver."""

    def __init__(self, session: neo4j.Session) -> None:
        self._session = session

    def run(self, statement: str, parameters: Mapping[str, object] | None = None) -> neo4j.Result:
        """Run a statement in a transaction of its own."""
        query = neo4j.Query(with_language(statement), timeout=_NO_TIMEOUT)
        return self._session.run(query, dict(parameters or {}))

    def begin_transaction(self) -> Transaction:
        """Begin a transaction. If it stays open, the end of the session rolls it back."""
        return Transaction(self._session.begin_transaction(timeout=_NO_TIMEOUT))

    def begin_reading(self, seconds: float) -> Reading:
        """Begin a transaction that the server ends after some seconds, and that cannot commit.

        The session must be one that reads. Its end rolls the transaction back.
        """
        return Reading(self._session.begin_transaction(timeout=seconds))

    def bookmark(self) -> frozenset[str]:
        """Return the bookmark of the last transaction."""
        return frozenset(self._session.last_bookmarks().raw_values)


class Transaction:
    """A transaction of several statements."""

    def __init__(self, transaction: neo4j.Transaction) -> None:
        self._transaction = transaction

    def run(self, statement: str, parameters: Mapping[str, object]) -> neo4j.Result:
        """Run a statement."""
        return self._transaction.run(with_language(statement), dict(parameters))

    def commit(self) -> None:
        """Commit all statements."""
        self._transaction.commit()


class Reading:
    """A transaction that is never committed."""

    def __init__(self, transaction: neo4j.Transaction) -> None:
        self._transaction = transaction

    def run(self, statement: str) -> neo4j.Result:
        """Run a statement."""
        return self._transaction.run(with_language(statement))

    def explain(self, statement: str) -> neo4j.Result:
        """Let the server plan a statement, and not run it."""
        return self._transaction.run(f"EXPLAIN {with_language(statement)}")


def with_language(statement: str) -> str:
    """Return a statement that says its language: Cypher 5, unless it names another by itself."""
    return statement if _NAMES_LANGUAGE.match(statement) else _LANGUAGE + statement
