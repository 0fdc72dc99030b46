"""The schema, as servers of today and of later state it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from neo4j_r2.graph.catalogue import Catalogue
from neo4j_r2.graph.connection import Connection

KNOWN = "CREATE RANGE INDEX `a` FOR (n:`T`) ON (n.`p`)"


class Server:
    """Stands in for a server that has a kind of index which no server has today."""

    def rows(self, query: str) -> list[Mapping[str, Any]]:
        """Answer the two queries of the schema."""
        if "SHOW CONSTRAINTS" in query:
            return []
        statements = {"a": KNOWN, "b": "CREATE HOLOGRAM INDEX `b` FOR (n:`T`) ON (n.`p`)"}
        return [
            {"name": name, "type": "RANGE", "properties": ["p"], "createStatement": text}
            for name, text in statements.items()
        ]


def test_an_index_of_an_unknown_kind_is_one_without_a_statement() -> None:
    _, indexes = Catalogue(cast(Connection, Server())).schema()
    assert [(index.name, index.create_statement) for index in indexes] == [
        ("a", KNOWN),
        ("b", None),
    ]
