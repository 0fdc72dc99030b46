"""A connection that only reads; it tries a failed read again if that can succeed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any, Final, Self, TypeVar

import neo4j
from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import GraphError
from neo4j_r2.core.outage import Outage
from neo4j_r2.graph.driver import Driver
from neo4j_r2.graph.driver_errors import can_pass, first_line, is_busy
from neo4j_r2.graph.read_sizes import ReadSizes
from neo4j_r2.graph.server_limits import TRANSACTIONS_SETTING
from neo4j_r2.graph.session import Session

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_SETTINGS: Final = (
    "SHOW SETTINGS YIELD name, value WHERE name IN $names RETURN name, toLower(value) AS value"
)
"""A server that has just started answers this in a fraction of the time of `SHOW DATABASES`."""

_STARTED: Final = """CALL dbms.queryJmx('java.lang:type=Runtime') YIELD attributes
RETURN attributes.StartTime.value AS started"""


class Connection:
    """A connection to one database; reads only."""

    def __init__(self, settings: Neo4jSettings, retry_seconds: float) -> None:
        """Prepare a connection; nothing is sent yet.

        :param retry_seconds: how long a read is tried again while the server fails.
        """
        self.uri = settings.uri
        self.read_sizes = ReadSizes()
        self._retry_seconds = retry_seconds
        self._driver = Driver(settings)
        self._outage = Outage("Neo4j")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        self._driver.close(error_type)

    def row(self, query: str, **parameters: object) -> Mapping[str, Any]:
        """Run a query that returns one row.

        :raises GraphError: if it fails, and goes on failing.
        """
        return self.rows(query, **parameters)[0]

    def rows(self, query: str, **parameters: object) -> list[Mapping[str, Any]]:
        """Run a query with a small result.

        :raises GraphError: if it fails, and goes on failing.
        """
        return self.retried(lambda: self._run(query, parameters))

    def settings(self, *names: str) -> dict[str, str]:
        """Return values of settings by their names, in lower case; none that may not be seen.

        :raises GraphError: if they cannot be read.
        """
        return {row["name"]: row["value"] for row in self.rows(_SETTINGS, names=names)}

    @cached_property
    def has_one_transaction(self) -> bool:
        """Whether the server allows only one transaction at a time; it is asked once.

        :raises GraphError: if it cannot be asked.
        """
        return self.settings(TRANSACTIONS_SETTING).get(TRANSACTIONS_SETTING) == "1"

    def rows_at_once(self, query: str) -> list[Mapping[str, Any]]:
        """Run a query, and do not try again: so a wrong address is reported at once.

        :raises GraphError: if it fails.
        """
        try:
            return self._run(query, {})
        except (DriverError, Neo4jError) as error:
            raise self.explained(error) from error

    def require_answer(self) -> None:
        """Return when the server answers, be it that it is busy.

        :raises GraphError: if it does not.
        """

        def ask() -> None:
            try:
                self._run("RETURN 1", {})
            except Neo4jError as error:
                if not is_busy(error):
                    raise

        self.retried(ask)

    def bookmark(self) -> frozenset[str]:
        """Return a bookmark; a later one is equal only if nothing was committed in between.

        The server names a commit before it applies it to its store, so that reads may not see it.
        """

        def read() -> frozenset[str]:
            with self.session() as session:
                session.run("RETURN 1").consume()
                return session.bookmark()

        return self.retried(read)

    def applied_bookmark(self) -> frozenset[str]:
        """Return a bookmark whose commits reads see.

        It is sent back: the server answers that only when it has applied all commits up to it.
        """

        def read() -> frozenset[str]:
            with self.session() as session:
                session.run("RETURN 1").consume()
                bookmark = session.bookmark()
                session.run("RETURN 1").consume()
                return bookmark

        return self.retried(read)

    def started(self) -> int:
        """Return when the server's process started, in milliseconds since 1970; 0 if unknown."""
        try:
            return int(self.rows_at_once(_STARTED)[0]["started"])
        except (GraphError, IndexError, TypeError) as error:
            log.debug("When Neo4j's process started is not known: %s", error)
            return 0

    def session(self, fetch_size: int = 1000) -> AbstractContextManager[Session]:
        """Open a session that reads.

        :param fetch_size: how many records the driver asks for in one message.
        """
        return self._driver.session(default_access_mode=neo4j.READ_ACCESS, fetch_size=fetch_size)

    def retried(self, read: Callable[[], Result], seconds: float = math.inf) -> Result:
        """Read, and try again after a failure that can pass.

        :param seconds: how long at most, if this is shorter than the connection's own limit.
        :raises GraphError: if it fails, and goes on failing.
        """
        started = time.monotonic()
        while True:
            try:
                result = read()
            except (DriverError, Neo4jError) as error:
                self.wait_or_raise(error, time.monotonic() - started, seconds)
            else:
                self.made_progress()
                return result

    def wait_or_raise(
        self, error: DriverError | Neo4jError, waited: float, seconds: float = math.inf
    ) -> None:
        """Return when a failed read may be tried again: at once if it is smaller now, or later.

        :param waited: seconds since the read last made progress.
        :param seconds: as for `retried`.
        :raises GraphError: if another try cannot succeed, or if the time for retries is over.
        """
        if self.read_sizes.shrink_after(error):
            return
        is_over = waited > min(seconds, self._retry_seconds)
        if is_over or not can_pass(error) or self._driver.has_full_disk(error):
            raise self.explained(error) from error
        reason = first_line(error)
        self._outage.failed(reason, f"Neo4j failed during a read, trying again: {reason}")
        time.sleep(min(5.0, 0.5 + waited / 4))

    def made_progress(self) -> None:
        """Say that the server answers again, if it failed before."""
        self._outage.over()

    def explained(self, error: DriverError | Neo4jError) -> GraphError:
        """Return an error of the driver as one of this service, to be raised."""
        return self._driver.explained(error)

    def _run(self, query: str, parameters: Mapping[str, object]) -> list[Mapping[str, Any]]:
        with self.session() as session:
            result = session.run(query, parameters)
            return [by_name(record) for record in complete_records(result)]


def by_name(record: neo4j.Record) -> dict[str, Any]:
    """Return a record's values by their names; `Record.data` would copy every item of a list."""
    return dict(zip(record.keys(), record.values(), strict=True))


def complete_records(result: neo4j.Result) -> Iterator[neo4j.Record]:
    """Yield a result's records, and prove at the end that none is missing.

    If the server goes down meanwhile, the driver's own iteration can end early without an error.
    The query then has no summary.

    :raises ServiceUnavailable: in that case.
    """
    yield from result
    if result.consume().query_type is None:
        raise ServiceUnavailable("the connection was lost during a result")
