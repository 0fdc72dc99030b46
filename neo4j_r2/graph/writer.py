"""The database that is restored into: the only module that writes to Neo4j."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import neo4j
from neo4j.exceptions import DriverError, Neo4jError, TransientError

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.connect import close_driver, open_driver, open_session
from neo4j_r2.graph.driver_errors import explain

_DEADLOCK_TRIES: Final = 12
_DEADLOCK_SECONDS: Final = 2.0
"""The longest pause between them."""
_MEMORY: Final = "Memory"
"""In the codes of the errors that smaller steps may avoid."""
_TIMEOUT: Final = "Neo.ClientError.Transaction.TransactionTimedOut"
"""How the codes of the other such errors begin: a transaction has taken too long."""


class TooLargeError(GraphError):
    """The server has too little memory, or gives too little time, for one transaction; a smaller
    one may do."""


@dataclass(frozen=True)
class Write:
    """A statement and its rows."""

    query: str
    rows: Sequence[Sequence[Any]]
    creates: int | None
    """How many entities it has to create; None if that depends on what it matches."""


@dataclass(frozen=True)
class Written:
    """What a statement has done."""

    ids: list[list[int]]
    """Its column of that name, if it has one."""
    created: int
    """Entities."""


def halves(write: Write) -> tuple[Write, Write]:
    """Return a statement of two rows or more as two of half of them each."""
    middle = len(write.rows) // 2
    first, second = (
        replace(write, rows=rows, creates=None if write.creates is None else len(rows))
        for rows in (write.rows[:middle], write.rows[middle:])
    )
    return first, second


class Target:
    """A connection to the database that is written."""

    def __init__(self, settings: Neo4jSettings) -> None:
        self._settings = settings
        self._driver = open_driver(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        # A run that is ended from outside leaves its connections to the process's end: one that the
        # server does not read from would keep it.
        if error_type is None or issubclass(error_type, Exception):
            close_driver(self._driver, error_type)

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Run statements in one transaction.

        A deadlock is tried again. A commit whose reply is lost is not: it may have happened.

        :raises TooLargeError: if the server has too little memory for it, or ends it as too long.
        :raises GraphError: if anything else fails, or fewer entities come to be than have to.
        """
        for attempt in range(_DEADLOCK_TRIES):
            try:
                return self._transaction(writes)
            except (DriverError, Neo4jError) as error:
                if _is_too_large(error):
                    raise TooLargeError(self._explained(error)) from error
                if not isinstance(error, TransientError) or attempt == _DEADLOCK_TRIES - 1:
                    raise GraphError(self._explained(error)) from error
                time.sleep(min(_DEADLOCK_SECONDS, 0.1 * 2**attempt))
        raise AssertionError("unreachable: the last try returns or raises")

    def run(self, query: str) -> None:
        """Run one statement in a transaction of its own, such as one that changes the schema."""
        try:
            with self._session() as session:
                session.run(query).consume()
        except (DriverError, Neo4jError) as error:
            raise GraphError(self._explained(error)) from error

    def _session(self) -> AbstractContextManager[neo4j.Session]:
        return open_session(self._driver, database=self._settings.database)

    def _transaction(self, writes: Sequence[Write]) -> list[Written]:
        with self._session() as session:
            transaction = session.begin_transaction()  # which the session rolls back if it is open
            written = [_written(transaction, write) for write in writes]
            for write, each in zip(writes, written, strict=True):
                if write.creates not in (None, each.created):
                    raise GraphError(
                        f"{self._settings.uri} made {each.created} entities of {write.creates} "
                        "rows; the transaction was rolled back. Does anybody else write to it?"
                    )
            transaction.commit()
        return written

    def _explained(self, error: DriverError | Neo4jError) -> str:
        return explain(error, self._settings)


def _written(transaction: neo4j.Transaction, write: Write) -> Written:
    rows = _Unprinted(write.rows)
    result = transaction.run(write.query, rows=rows)
    record = result.single()
    counters = result.consume().counters
    rows.clear()  # the result keeps its parameters, and is in a cycle with the transaction
    created = counters.nodes_created + counters.relationships_created
    return Written(record["ids"] if record else [], created)


def _is_too_large(error: DriverError | Neo4jError) -> bool:
    code = getattr(error, "code", None) or ""
    return (isinstance(error, TransientError) and _MEMORY in code) or code.startswith(_TIMEOUT)


class _Unprinted(list[Any]):
    """A list that prints as nothing: the driver prints all parameters for a debug line of its own,
    whether or not anybody reads it, and that costs more than sending them."""

    def __repr__(self) -> str:
        return "[…]"
