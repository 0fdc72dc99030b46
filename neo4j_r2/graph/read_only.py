"""Asks one query that may only read, within a time limit that the server keeps.

The server plans a query before it is asked, and says whether it writes. It is asked in a
transaction in which the server refuses every write, and which is never committed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from neo4j.exceptions import Neo4jError

from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.connection import Connection, complete_records
from neo4j_r2.graph.driver_errors import cause, is_of_query, is_timed_out, is_wrong_statement
from neo4j_r2.graph.session import Reading

Result = TypeVar("Result")

_PLAN_SECONDS: Final = 60.0
_READS: Final = "r"
"""The server's word for a query that only reads."""
_LARGEST_FETCH: Final = 1000
_SHORTEST_SECONDS: Final = 1.0
"""The server takes a limit of 0 for none."""


class QueryError(GraphError):
    """The server refused a query, or failed at it. It answers others."""


class WrongQueryError(QueryError):
    """The server does not understand a query."""


class SlowQueryError(QueryError):
    """The server ended a query by its time limit."""


@dataclass(frozen=True)
class Plan:
    """What the server says of a query before it is asked."""

    only_reads: bool
    columns: tuple[str, ...]
    """Their names."""


@dataclass(frozen=True)
class Rows:
    """The answer to a query."""

    columns: tuple[str, ...]
    """Their names."""
    number: int
    """How many rows were read."""
    first: tuple[object, ...]
    """The values of the first row; empty if there is none."""


def explain(connection: Connection, query: str) -> Plan:
    """Let the server plan a query, and not run it.

    :raises WrongQueryError: if the server does not understand it.
    :raises QueryError: if the server cannot plan it for another reason.
    :raises GraphError: if the server does not answer.
    """

    def plan(reading: Reading) -> Plan:
        result = reading.explain(query)
        columns = tuple(result.keys())
        return Plan(result.consume().query_type == _READS, columns)

    return _within(connection, _PLAN_SECONDS, plan)


def read(connection: Connection, query: str, seconds: float, most: int) -> Rows:
    """Ask a query. Rows after the first one are counted, and not kept.

    :param seconds: the time limit, for all tries together.
    :param most: how many rows are read at most.
    :raises SlowQueryError: if it takes longer.
    :raises QueryError: if the server refuses it, or cannot answer it.
    :raises GraphError: if the server does not answer at all.
    """

    def rows(reading: Reading) -> Rows:
        result = reading.run(query)
        number, first = 0, ()
        for record in complete_records(result):
            first = first or tuple(record.values())
            number += 1
            if number == most:
                break
        if not number and result.consume().plan:
            raise QueryError("EXPLAIN plans a query, and gives no answer")
        return Rows(tuple(result.keys()), number, first)

    return _within(connection, seconds, rows, min(most, _LARGEST_FETCH))


def _within(
    connection: Connection,
    seconds: float,
    use: Callable[[Reading], Result],
    fetch_size: int = _LARGEST_FETCH,
) -> Result:
    """Use transactions until one succeeds, fails for good, or the time is over."""
    end = time.monotonic() + seconds

    def attempt() -> Result:
        left = max(_SHORTEST_SECONDS, end - time.monotonic())
        try:
            with connection.session(fetch_size) as session:
                return use(session.begin_reading(left))
        except Neo4jError as error:
            if is_of_query(error):
                raise _failure(error) from error
            raise

    return connection.retried(attempt, seconds)


def _failure(error: Neo4jError) -> QueryError:
    if is_timed_out(error):
        return SlowQueryError(cause(error))
    if is_wrong_statement(error):
        return WrongQueryError(cause(error))
    return QueryError(cause(error))
