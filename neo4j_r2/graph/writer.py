"""Writes to the database that is restored into; no other module writes to Neo4j."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self, TypeVar

from neo4j.exceptions import DriverError, Neo4jError, TransientError

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import GraphError
from neo4j_r2.core.figures import counted, entity_count
from neo4j_r2.core.outage import Outage
from neo4j_r2.graph.driver import Driver
from neo4j_r2.graph.driver_errors import first_line, is_deadlock, is_short_of_memory
from neo4j_r2.graph.session import Transaction

Result = TypeVar("Result")

_TRIES: Final = 12
_LONGEST_PAUSE: Final = 2.0
"""Seconds between two tries."""


class TooLargeError(GraphError):
    """One transaction needs more memory than the server gives it; a smaller one may not."""


@dataclass(frozen=True)
class Write:
    """A statement, and the rows that are its parameter."""

    query: str
    rows: Sequence[Sequence[Any]]
    creates: int | None
    """How many entities it must create; None if that depends on what it matches."""


@dataclass(frozen=True)
class Written:
    """The result of a statement."""

    ids: list[list[int]]
    """Its column `ids`; empty if it has none."""
    created: int
    """How many entities it created."""
    deleted: int
    """How many entities it deleted."""


def halves(write: Write) -> tuple[Write, Write]:
    """Return a statement as two, with half of its rows each; it has at least two rows."""
    middle = len(write.rows) // 2
    first, second = (
        replace(write, rows=rows, creates=None if write.creates is None else len(rows))
        for rows in (write.rows[:middle], write.rows[middle:])
    )
    return first, second


class Target:
    """A connection to the database that is restored into."""

    def __init__(self, settings: Neo4jSettings) -> None:
        self._uri = settings.uri
        self._driver = Driver(settings)
        self._outage = Outage("Neo4j")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        # If the run is ended from outside, the process's end closes the connections. To close one
        # here would wait for the server, which may not read from it any more.
        if error_type is None or issubclass(error_type, Exception):
            self._driver.close(error_type)

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Run statements in one transaction.

        :raises TooLargeError: if the transaction needs too much memory.
        :raises GraphError: if anything else fails, or the number of new entities is wrong.
        """
        return self._retried(lambda: self._transaction(writes))

    def run(self, query: str, *, once: bool = False) -> None:
        """Run one statement in a transaction of its own, as a change of the schema needs.

        :param once: do not try it again: it may be one that commits a part of its work.
        :raises GraphError: if it fails.
        """
        self._retried(lambda: self._statement(query), tries=1 if once else _TRIES)

    def _retried(self, write: Callable[[], Result], tries: int = _TRIES) -> Result:
        """Write, and try again if the server rolled it back for the sake of other transactions.

        After a commit whose reply was lost it is not tried again: the commit may have happened.
        """
        for attempt in range(tries):
            try:
                result = write()
            except (DriverError, Neo4jError) as error:
                if is_short_of_memory(error):
                    raise TooLargeError(str(self._driver.explained(error))) from error
                can_pass = isinstance(error, TransientError) and attempt < tries - 1
                if not can_pass or self._driver.has_full_disk(error):
                    raise self._driver.explained(error) from error
                if not is_deadlock(error):  # two transactions of a restore can have one
                    self._outage.failed(
                        error.code or "",  # without the ids of locks, which differ at each try
                        f"Neo4j failed during a write, trying again: {first_line(error)}",
                    )
                time.sleep(min(_LONGEST_PAUSE, 0.1 * 2**attempt))
            else:
                self._outage.over()
                return result
        raise AssertionError("unreachable: the last try returns or raises")

    def _statement(self, query: str) -> None:
        with self._driver.session() as session:
            session.run(query).consume()

    def _transaction(self, writes: Sequence[Write]) -> list[Written]:
        with self._driver.session() as session:
            transaction = session.begin_transaction()
            written = [_written(transaction, write) for write in writes]
            for write, each in zip(writes, written, strict=True):
                if write.creates is not None and write.creates != each.created:
                    raise GraphError(
                        f"{self._uri} made {entity_count(each.created)} of "
                        f"{counted(write.creates, 'row')}; the transaction was rolled back. "
                        "Does anybody else write to it?"
                    )
            transaction.commit()
        return written


def _written(transaction: Transaction, write: Write) -> Written:
    rows = _Unprinted(write.rows)
    result = transaction.run(write.query, {"rows": rows})
    record = result.single()
    counters = result.consume().counters
    # The driver's result and transaction refer to each other, and the result keeps its parameters.
    # So the rows would stay in memory until the next pass of Python's garbage collector.
    rows.clear()
    created = counters.nodes_created + counters.relationships_created
    deleted = counters.nodes_deleted + counters.relationships_deleted
    return Written(record["ids"] if record else [], created, deleted)


class _Unprinted(list[Any]):
    """A list with a short `repr`.

    The driver calls `repr` on all parameters of a query for a debug line, even if nobody reads its
    log. For many rows that takes longer than sending them.
    """

    def __repr__(self) -> str:
        return "[…]"
