"""The graph that is read."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from operator import itemgetter
from typing import Any, Final, Self, TypeVar

import neo4j
from neo4j.exceptions import DriverError, Neo4jError, ServiceUnavailable

from neo4j_r2.archive.text.quoting import CYPHER_25
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.database import Database, SchemaObject
from neo4j_r2.core.errors import GraphError, GraphUnavailableError, LoginRefusedError
from neo4j_r2.graph import queries
from neo4j_r2.graph.connect import close_driver, open_driver, open_session
from neo4j_r2.graph.driver_errors import explain, first_line, is_refused_login
from neo4j_r2.graph.float_widths import Place, Widths

log = logging.getLogger(__name__)

BATCH_IDS: Final = 128
"""Ids read into one record: few enough for entities of 4 KB, enough to be as fast as more."""
QUERY_BATCHES: Final = 64
"""Records read by one query."""
RECORD_CHARACTERS: Final = 512 * 1024
"""Characters of cells that a record should not have more of."""
VALUE_CHARACTERS: Final = 8 * RECORD_CHARACTERS
"""Characters of a property in one record; an entity with more than its share comes alone."""
LATE_IDS: Final = 16
"""Ids read at once where they are not a range; few, as that is not tried again in smaller steps."""
_SCHEMA_COLUMNS: Final = "YIELD name, type, properties, createStatement"
SUPPORTED: Final = "5.26 (LTS) and 2025.01 or later"
_WAIT_STEP_SECONDS: Final = 1.0
_UNLIMITED: Final = (1 << 63) - 1
_VALUES: Final = itemgetter(-1)

Result = TypeVar("Result")

_MEMORY_CODES: Final = {
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
    "Neo.TransientError.General.TransactionOutOfMemoryError",
    "Neo.TransientError.General.TransactionMemoryLimit",
    "Neo.TransientError.General.OutOfMemoryError",
}
_TIMEOUT_CODE: Final = "Neo.ClientError.Transaction.TransactionTimedOut"


class Graph:
    """A connection to one database; reads only."""

    def __init__(self, settings: Neo4jSettings, retry_seconds: float) -> None:
        self._settings = settings
        self._retry_seconds = retry_seconds
        self._batch_ids = self._most_ids = BATCH_IDS
        self._mean_characters = 0.0
        self._query_batches = QUERY_BATCHES
        self._widths = {
            queries.NODE: Widths(self._floats_32_of_nodes),
            queries.RELATIONSHIP: Widths(self._floats_32_of_relationships),
        }
        self._driver = open_driver(settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        close_driver(self._driver, error_type)

    def database(self) -> Database:
        """Log in and say which database this is.

        :raises GraphError: if there is no such server, login, database or supported version.
        """
        (component,) = self._login(
            "CALL dbms.components() YIELD name, versions, edition "
            "WHERE name = 'Neo4j Kernel' RETURN versions, edition"
        )
        version = str(component["versions"][0])
        if not is_supported(version):
            raise GraphError(f"Neo4j {version} is not supported; supported are {SUPPORTED}")
        info = self.row("CALL db.info() YIELD id, name")
        return Database(info["name"], info["id"], version, component["edition"])

    def online_databases(self) -> list[str]:
        """Log in, to `SYSTEM_DATABASE`, and return the names of all databases that can be read.

        In ascending order; without that one, and without composite databases, which have no graph.

        :raises GraphError: if there is no such server or login; or no database, or not yet.
        """
        rows = self._login(
            "SHOW DATABASES YIELD name, type, currentStatus "
            "WHERE type = 'standard' AND currentStatus = 'online'"
        )
        if not rows:
            raise GraphUnavailableError(
                f"Neo4j failed: {self._settings.uri} has no database online"
            )
        return sorted({row["name"] for row in rows})  # a cluster has a row for each server

    def wait_for(self, login: Callable[[], Result], seconds: float) -> Result:
        """Log in, by `database` or `online_databases`, as soon as the server is up.

        Only what can heal by itself is waited for. A refused login never is: the server locks the
        account of who keeps trying.

        :raises GraphError: at once, or when it has taken too long.
        """
        deadline = time.monotonic() + seconds
        reason = ""
        while True:
            try:
                return login()
            except GraphUnavailableError as error:
                if time.monotonic() + _WAIT_STEP_SECONDS > deadline:
                    raise GraphError(
                        f"Neo4j was not ready within {seconds:.0f} s: {error}"
                    ) from error
                if str(error) != reason:
                    log.debug("Not ready yet: %s", error)
                reason = str(error)
            time.sleep(_WAIT_STEP_SECONDS)

    def bookmark(self) -> frozenset[str]:
        """Return a mark that is equal to a later one only if nothing was committed in between."""

        def read() -> frozenset[str]:
            with self._session() as session:
                session.run("RETURN 1").consume()
                return frozenset(session.last_bookmarks().raw_values)

        return self._patiently(read)

    def answer(self) -> None:
        """Return when the server answers.

        :raises GraphError: if it does not.
        """
        self.row("RETURN 1 AS one")

    def counts(self) -> tuple[int, int]:
        """Return the number of nodes and of relationships, from the server's count store."""
        row = self.row(queries.COUNTS)
        return row["nodes"], row["relationships"]

    def highest_node_id(self) -> int:
        """Return the highest internal id of a node, -1 without any; a scan without properties."""
        row = self.row("CYPHER 5 MATCH (n) RETURN coalesce(max(id(n)), -1) AS id")
        return int(row["id"])

    def highest_relationship_id(self) -> int:
        """Return the highest internal id of a relationship; see `highest_node_id`."""
        row = self.row("CYPHER 5 MATCH ()-[r]->() RETURN coalesce(max(id(r)), -1) AS id")
        return int(row["id"])

    def nodes(self, last: int) -> Iterator[list[Any]]:
        """Yield records ``[id, labels, keys, values]`` up to an id, in ascending order of ids.

        They come in lists as they are read. Values are those that `encode.encode` takes.
        """
        return self._by_range(queries.NODE, last)

    def relationships(self, last: int) -> Iterator[list[Any]]:
        """Yield records ``[id, type, start id, end id, keys, values]``; see `nodes`."""
        return self._by_range(queries.RELATIONSHIP, last)

    def expect(self, characters: int, entities: int) -> None:
        """Learn how large some entities were, and choose how many ids a record has by the mean of
        them and of about `BATCH_IDS` before them; from the next query."""
        known = self._mean_characters * BATCH_IDS
        self._mean_characters = (known + characters) / (BATCH_IDS + entities)
        fitting = int(RECORD_CHARACTERS / max(1.0, self._mean_characters))
        self._batch_ids = max(1, min(self._most_ids, 1 << max(0, fitting.bit_length() - 1)))

    def nodes_by_ids(self, ids: Iterable[int]) -> Iterator[list[Any]]:
        """Yield records as `nodes` does, a few at once, of those of `ids` that exist."""
        return self._by_ids(queries.NODE, sorted(ids))

    def relationships_by_ids(self, ids: Iterable[int]) -> Iterator[list[Any]]:
        """Yield records as `relationships` does, a few at once, of those of `ids` that exist."""
        return self._by_ids(queries.RELATIONSHIP, sorted(ids))

    def schema(self) -> tuple[list[SchemaObject], list[SchemaObject]]:
        """Return all constraints, and all indexes that no constraint owns, by their names."""
        constraints = self._schema_objects("SHOW CONSTRAINTS", "")
        no_owner = ", owningConstraint WHERE owningConstraint IS NULL"
        return constraints, self._schema_objects("SHOW INDEXES", no_owner)

    def uses_label(self, label: str) -> bool:
        """Whether any node has a label."""
        row = self.row(
            "CALL db.labels() YIELD label WHERE label = $label RETURN count(*) AS number",
            label=label,
        )
        return bool(row["number"])

    def knows_property(self, key: str) -> bool:
        """Whether any entity has, or has ever had, a property: names of keys are never dropped."""
        row = self.row(
            "CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey = $key "
            "RETURN count(*) AS number",
            key=key,
        )
        return bool(row["number"])

    def apoc_version(self) -> str | None:
        """Return APOC's version, None if its Cypher export cannot be called."""
        procedures = self.rows(
            "SHOW PROCEDURES EXECUTABLE YIELD name WHERE name = 'apoc.export.cypher.all'"
        )
        functions = self.rows("SHOW FUNCTIONS EXECUTABLE YIELD name WHERE name = 'apoc.version'")
        if not procedures or not functions:
            return None
        return str(self.row("RETURN apoc.version() AS version")["version"])

    def counts_by_group(self) -> tuple[list[tuple[list[str], int]], list[tuple[str, int]]]:
        """Return the number of nodes of each label set, and of relationships of each type."""
        labels = self.rows("MATCH (n) RETURN labels(n) AS labels, count(*) AS number")
        types = self.rows("MATCH ()-[r]->() RETURN type(r) AS type, count(*) AS number")
        return (
            [(row["labels"], row["number"]) for row in labels],
            [(row["type"], row["number"]) for row in types],
        )

    def storage_types(self) -> set[str]:
        """Return the names of the types that the store holds, as Double or FloatArray."""
        return {
            row["type"]
            for kind in ("node", "rel")
            for row in self.rows(
                f"CALL db.schema.{kind}TypeProperties() YIELD propertyTypes "
                "UNWIND propertyTypes AS type RETURN DISTINCT type"
            )
        }

    def apoc_export(self, batch: int, rows: int) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of APOC's Cypher export, each with up to `batch` entities' statements.

        Its numbers are totals so far. Only of the last row of a complete export are the `batches`
        more than the `rows` make.

        :param rows: entities in one of its UNWIND statements.
        :raises GraphError: if it fails where it says so; it can also just end too early.
        """
        try:
            with self._session(fetch_size=1) as session:
                for record in _whole(session.run(queries.APOC_EXPORT, batch=batch, rows=rows)):
                    yield _row(record)
        except (DriverError, Neo4jError) as error:
            raise self._error(error) from error

    def row(self, query: str, **parameters: object) -> Mapping[str, Any]:
        """Run a query that returns one row."""
        return self.rows(query, **parameters)[0]

    def rows(self, query: str, **parameters: object) -> list[Mapping[str, Any]]:
        """Run a query with a small result."""
        return self._patiently(lambda: self._run(query, parameters))

    def _run(self, query: str, parameters: Mapping[str, object]) -> list[Mapping[str, Any]]:
        with self._session() as session:
            return [_row(record) for record in _whole(session.run(query, dict(parameters)))]

    def _schema_objects(self, show: str, where: str) -> list[SchemaObject]:
        rows = self.rows(f"CYPHER 5 {show} {_SCHEMA_COLUMNS}{where}")
        statements = {row["name"]: row["createStatement"] for row in rows}
        if None in statements.values():
            in_cypher_25 = self._cypher_25_statements(show)
            statements = {
                name: statement or in_cypher_25.get(name) for name, statement in statements.items()
            }
        objects = (
            SchemaObject(
                row["name"], row["type"], tuple(row["properties"] or ()), statements[row["name"]]
            )
            for row in rows
        )
        return sorted(objects, key=lambda schema_object: schema_object.name)

    def _cypher_25_statements(self, show: str) -> dict[str, str]:
        """Return the statements of what Cypher 5 cannot state, such as an index with a filter."""
        try:
            rows = self.rows(f"{CYPHER_25}{show} {_SCHEMA_COLUMNS}")
        except GraphUnavailableError:
            raise
        except GraphError:  # a server that does not know the language
            return {}
        return {
            row["name"]: f"{CYPHER_25}{row['createStatement']}"
            for row in rows
            if row["createStatement"] is not None
        }

    def _login(self, query: str) -> list[Mapping[str, Any]]:
        """Run the first query: without patience, so that a wrong address is told at once."""
        try:
            return self._run(query, {})
        except (DriverError, Neo4jError) as error:
            raise self._error(error) from error

    def _patiently(self, read: Callable[[], Result]) -> Result:
        started = time.monotonic()
        while True:
            try:
                return read()
            except (DriverError, Neo4jError) as error:
                self._wait_or_raise(error, time.monotonic() - started)

    def _session(self, fetch_size: int = 1000) -> AbstractContextManager[neo4j.Session]:
        return open_session(
            self._driver,
            database=self._settings.database,
            default_access_mode=neo4j.READ_ACCESS,
            fetch_size=fetch_size,
        )

    def _by_range(self, entity: str, last: int) -> Iterator[list[Any]]:
        """Yield the entities of all ids up to `last`; reads on after a transient failure."""
        query = queries.BY_RANGE.format(entity=entity)
        following, progress = 0, time.monotonic()
        while following <= last:
            batch, start = self._batch_ids, following
            limits = {
                "first": start,
                "last": min(start + self._query_batches * batch - 1, last),
                "batch": batch,
                "limit": _UNLIMITED if batch == 1 else VALUE_CHARACTERS // batch,
            }
            try:
                with self._session(fetch_size=32) as session:
                    for record in _whole(session.run(query, limits)):
                        if record["start"] != start:
                            raise ServiceUnavailable("a part of the result is missing")
                        for entities in self._settled(entity, record["entities"]):
                            yield entities
                            following = entities[-1][0] + 1 if entities else start
                        start += batch
                        following, progress = start, time.monotonic()
            except (DriverError, Neo4jError) as error:
                self._wait_or_raise(error, time.monotonic() - progress)

    def _settled(self, entity: str, entities: list[Any]) -> Iterator[list[Any]]:
        """Yield what a record holds; an entity with a large value, read anew, comes alone."""
        if list not in map(type, chain.from_iterable(map(_VALUES, entities))):
            yield entities
            return
        first = 0
        for index, record in enumerate(entities):
            if queries.LARGE not in record[-1]:
                self._widths[entity].settle(record)
                continue
            if first < index:
                yield entities[first:index]
            for alone in self._at_once(entity, record[:1], _UNLIMITED):  # or it was deleted
                self._widths[entity].settle(alone)
                yield [alone]
            first = index + 1
        if first == 0 or first < len(entities):
            yield entities[first:]

    def _by_ids(self, entity: str, ids: Sequence[int]) -> Iterator[list[Any]]:
        for first in range(0, len(ids), LATE_IDS):
            some = ids[first : first + LATE_IDS]
            found = self._at_once(entity, some, VALUE_CHARACTERS // LATE_IDS)
            yield from self._settled(entity, found)

    def _at_once(self, entity: str, ids: Sequence[int], limit: int) -> list[Any]:
        query = queries.BY_IDS.format(entity=entity)
        found: list[Any] = self.row(query, ids=ids, limit=limit)["entities"]
        return found

    def _floats_32_of_nodes(self) -> set[Place]:
        rows = self.rows(queries.FLOATS_32_OF_NODES)
        return {(tuple(sorted(row["group"])), row["key"]) for row in rows}

    def _floats_32_of_relationships(self) -> set[Place]:
        rows = self.rows(queries.FLOATS_32_OF_RELATIONSHIPS)
        return {((row["group"].removeprefix(":`").removesuffix("`"),), row["key"]) for row in rows}

    def _wait_or_raise(self, error: DriverError | Neo4jError, waited: float) -> None:
        """Pause before a read is tried again, or raise if that is no use (any more)."""
        code = getattr(error, "code", None) or ""
        if code in _MEMORY_CODES and self._batch_ids > 1:
            self._most_ids = self._batch_ids = max(1, self._batch_ids // 4)
            log.warning("Neo4j ran out of memory for one read, reading in smaller steps")
            return
        if code.startswith(_TIMEOUT_CODE) and self._query_batches > 1:
            self._query_batches //= 4
            log.warning("Neo4j ended a read for its length, reading in shorter queries")
            return
        if not error.is_retryable() or waited > self._retry_seconds:
            raise self._error(error) from error
        log.warning("Neo4j failed during a read, trying again: %s", first_line(error))
        time.sleep(min(5.0, 0.5 + waited / 4))

    def _error(self, error: DriverError | Neo4jError) -> GraphError:
        text = explain(error, self._settings)
        if is_refused_login(error):
            return LoginRefusedError(text)
        return GraphUnavailableError(text) if error.is_retryable() else GraphError(text)


def is_supported(version: str) -> bool:
    """Whether this service supports a Neo4j version: 5.26 and the calendar versions after it."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= (5, 26)


def _row(record: neo4j.Record) -> dict[str, Any]:
    """Return a record by its names; `Record.data` would copy every item of every list."""
    return dict(zip(record.keys(), record.values(), strict=True))


def _whole(result: neo4j.Result) -> Iterator[neo4j.Record]:
    """Yield a result's records.

    If the server goes down meanwhile, the driver's own iteration can end early without an error:
    then there is no summary of the query.

    :raises ServiceUnavailable: in that case.
    """
    yield from result
    if result.consume().query_type is None:
        raise ServiceUnavailable("the connection was lost during a result")
