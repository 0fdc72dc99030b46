"""The schema, as servers of today and of later state it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.catalogue import Catalogue
from neo4j_r2.graph.connection import Connection

KNOWN = "CREATE RANGE INDEX `a` FOR (n:`T`) ON (n.`p`)"
FILTERED = "CREATE VECTOR INDEX `b` FOR (n:`T`) ON (n.`v`) WITH [n.`p`]"


class Server:
    """Stands in for a server with two indexes: `a`, and one that few servers can state, or none."""

    def __init__(self, statement: str | None, in_cypher_25: str | Exception | None = None) -> None:
        """Say how the server states the index `b` in Cypher 5 and in Cypher 25."""
        self.statement = statement
        self.in_cypher_25 = in_cypher_25

    def rows(self, query: str) -> list[Mapping[str, Any]]:
        """Answer the two queries of the schema."""
        if "SHOW CONSTRAINTS" in query:
            return []
        other = self.in_cypher_25 if query.startswith("CYPHER 25 ") else self.statement
        if isinstance(other, Exception):
            raise other
        return [
            {"name": name, "type": "RANGE", "properties": ["p"], "createStatement": text}
            for name, text in (("a", KNOWN), ("b", other))
        ]


def statements(server: Server) -> Mapping[str, str | None]:
    """Return by name how a backup states the indexes of a server."""
    _, indexes = Catalogue(cast(Connection, server)).schema()
    return {index.name: index.create_statement for index in indexes}


def test_an_index_of_an_unknown_kind_is_one_without_a_statement() -> None:
    unknown = "CREATE HOLOGRAM INDEX `b` FOR (n:`T`) ON (n.`p`)"
    assert statements(Server(unknown)) == {"a": KNOWN, "b": None}


def test_an_index_that_cypher_5_cannot_state_is_stated_in_cypher_25() -> None:
    assert statements(Server(None, FILTERED)) == {"a": KNOWN, "b": f"CYPHER 25 {FILTERED}"}


def test_an_index_that_no_language_can_state_is_one_without_a_statement() -> None:
    assert statements(Server(None, None)) == {"a": KNOWN, "b": None}


def test_an_index_that_a_server_without_cypher_25_cannot_state_is_one_without_a_statement() -> None:
    refusal = GraphError("Neo4j failed: Neo.ClientError.Statement.SyntaxError: Invalid input '25'")
    assert statements(Server(None, refusal)) == {"a": KNOWN, "b": None}


def test_another_failure_of_the_second_query_ends_the_backup() -> None:
    failure = GraphError("Neo4j failed: Neo.ClientError.Security.Forbidden: not allowed")
    with pytest.raises(GraphError, match="not allowed"):
        statements(Server(None, failure))
