"""Reads a database's schema, its names, and how many entities it has."""

from __future__ import annotations

from typing import Final

from neo4j_r2.archive.foreign.schema_grammar import check_schema
from neo4j_r2.archive.text.quoting import CYPHER_25, escape_unicode
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.errors import CorruptError, GraphError
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.driver_errors import is_unknown_statement
from neo4j_r2.graph.queries import COUNTS

_SCHEMA_COLUMNS: Final = "YIELD name, type, properties, createStatement"


def _restorable(statement: str | None) -> str | None:
    """Return a statement of the server; None if a restore would refuse it as one of no known kind.

    A later server may have constraints and indexes that this version does not know. One that is
    left out is named, and costs the backup nothing else.
    """
    try:
        check_schema(escape_unicode(statement or ""))
    except CorruptError:
        return None
    return statement


class Catalogue:
    """The schema, names and counts of one database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self) -> tuple[int, int]:
        """Return the number of nodes and of relationships, from the server's count store."""
        row = self._connection.row(COUNTS)
        return row["nodes"], row["relationships"]

    def counts_by_group(self) -> tuple[list[tuple[list[str], int]], list[tuple[str, int]]]:
        """Return the number of nodes of each label set, and of relationships of each type."""
        rows = self._connection.rows
        labels = rows("MATCH (n) RETURN labels(n) AS labels, count(*) AS number")
        types = rows("MATCH ()-[r]->() RETURN type(r) AS type, count(*) AS number")
        return (
            [(row["labels"], row["number"]) for row in labels],
            [(row["type"], row["number"]) for row in types],
        )

    def schema(self) -> tuple[list[SchemaObject], list[SchemaObject]]:
        """Return all constraints, and all indexes that no constraint owns, by their names."""
        constraints = self._schema_objects("SHOW CONSTRAINTS", "")
        no_owner = ", owningConstraint WHERE owningConstraint IS NULL"
        return constraints, self._schema_objects("SHOW INDEXES", no_owner)

    def uses_label(self, label: str) -> bool:
        """Whether any node has a label."""
        row = self._connection.row(
            "CALL db.labels() YIELD label WHERE label = $label RETURN count(*) AS number",
            label=label,
        )
        return bool(row["number"])

    def knows_property(self, key: str) -> bool:
        """Whether any entity has a property, or ever had it: Neo4j never drops a key's name."""
        row = self._connection.row(
            "CALL db.propertyKeys() YIELD propertyKey WHERE propertyKey = $key "
            "RETURN count(*) AS number",
            key=key,
        )
        return bool(row["number"])

    def storage_types(self) -> set[str]:
        """Return the names of the types that the store holds, such as Double and FloatArray."""
        return {
            row["type"]
            for kind in ("node", "rel")
            for row in self._connection.rows(
                f"CALL db.schema.{kind}TypeProperties() YIELD propertyTypes "
                "UNWIND propertyTypes AS type RETURN DISTINCT type"
            )
        }

    def _schema_objects(self, show: str, where: str) -> list[SchemaObject]:
        rows = self._connection.rows(f"CYPHER 5 {show} {_SCHEMA_COLUMNS}{where}")
        statements = {row["name"]: row["createStatement"] for row in rows}
        if None in statements.values():
            in_cypher_25 = self._cypher_25_statements(show)
            statements = {
                name: statement or in_cypher_25.get(name) for name, statement in statements.items()
            }
        objects = (
            SchemaObject(
                row["name"],
                row["type"],
                tuple(row["properties"] or ()),
                _restorable(statements[row["name"]]),
            )
            for row in rows
        )
        return sorted(objects, key=lambda schema_object: schema_object.name)

    def _cypher_25_statements(self, show: str) -> dict[str, str]:
        """Return the statements in Cypher 25, by name: Cypher 5 has none for some objects, such as
        an index with a filter."""
        try:
            rows = self._connection.rows(f"{CYPHER_25}{show} {_SCHEMA_COLUMNS}")
        except GraphError as error:
            if not is_unknown_statement(error):
                raise
            return {}  # the server does not know the language
        return {
            row["name"]: f"{CYPHER_25}{row['createStatement']}"
            for row in rows
            if row["createStatement"] is not None
        }
