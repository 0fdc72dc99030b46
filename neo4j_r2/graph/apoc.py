"""APOC's procedures, as far as this service calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from neo4j.exceptions import DriverError, Neo4jError

from neo4j_r2.graph.connection import Connection, by_name, complete_records
from neo4j_r2.graph.queries import APOC_EXPORT


class Apoc:
    """APOC on the server of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def version(self) -> str | None:
        """Return APOC's version, None if its Cypher export cannot be called."""
        rows = self._connection.rows
        procedures = rows(
            "SHOW PROCEDURES EXECUTABLE YIELD name WHERE name = 'apoc.export.cypher.all'"
        )
        functions = rows("SHOW FUNCTIONS EXECUTABLE YIELD name WHERE name = 'apoc.version'")
        if not procedures or not functions:
            return None
        return str(self._connection.row("RETURN apoc.version() AS version")["version"])

    def export(self, batch: int, rows: int) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of APOC's Cypher export; each has statements of up to `batch` entities.

        The numbers in a row are totals so far. Only the last row of a complete export counts one
        batch more than its `rows` make.

        :param rows: entities in one UNWIND statement of APOC's.
        :raises GraphError: if APOC reports a failure; the export can also just end too early.
        """
        try:
            with self._connection.session(fetch_size=1) as session:
                result = session.run(APOC_EXPORT, {"batch": batch, "rows": rows})
                for record in complete_records(result):
                    yield by_name(record)
        except (DriverError, Neo4jError) as error:
            raise self._connection.explained(error) from error
