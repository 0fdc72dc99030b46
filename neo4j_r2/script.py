"""The archive's first and last lines: comments, the temporary identity, and the schema."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from neo4j_r2.cypher import escape_unicode, quote_name
from neo4j_r2.graph import Database, SchemaObject
from neo4j_r2.statements import Identity

END_MARKER: Final = "// End of export: "
"""How the last line of a complete archive begins."""
CACHE_CLEARING: Final = "CALL db.clearQueryCaches();\n"
"""Makes the server forget the texts of the statements so far: it keeps the last thousand, which at
half a megabyte each is more than a small heap."""
DEFAULT_LOOKUP_INDEXES: Final = ("index_343aff4e", "index_f7700477")
"""The two token lookup indexes that every new database has."""
_AWAIT: Final = "CALL db.awaitIndexes(86400);\n"
_REMOVAL_ROWS: Final = 10_000


def header(database: Database, started: datetime, method: str) -> str:
    """Return the comments at the archive's top; times are UTC."""
    return (
        "// Neo4j Database Export\n"
        f"// Database: {database.name}\n"
        f"// Exported: {started:%Y-%m-%dT%H:%M:%S}\n"
        "//\n"
        f"// Neo4j {database.server_version} ({database.edition}), {method} export, times in UTC.\n"
        "// Restore into an empty database: gunzip -c FILE | cypher-shell -u neo4j\n"
        "// cypher-shell cannot make byte arrays: those marked in the text become lists of\n"
        "// integers. Everything else comes back exactly. A file is complete if its last line is\n"
        f'// "{END_MARKER.strip()} ..."\n'
        "\n"
    )


def identity_creation(identity: Identity) -> str:
    """Return the statements that relationships find their endpoints by."""
    label, key = quote_name(identity.label), quote_name(identity.key)
    return (
        f"CREATE CONSTRAINT {quote_name(identity.constraint)} "
        f"FOR (n:{label}) REQUIRE n.{key} IS UNIQUE;\n"
        f"{_AWAIT}"
    )


def identity_removal(identity: Identity) -> str:
    """Return the statements that leave no trace of the identity."""
    label, key = quote_name(identity.label), quote_name(identity.key)
    return (
        f"MATCH (n:{label}) CALL (n) {{ REMOVE n:{label} REMOVE n.{key} }} "
        f"IN TRANSACTIONS OF {_REMOVAL_ROWS} ROWS;\n"
        f"DROP CONSTRAINT {quote_name(identity.constraint)};\n"
    )


def index_creation(indexes: Iterable[SchemaObject]) -> str:
    """Return the server's own statements for all indexes that no constraint owns.

    A new database has the default lookup indexes: those that the source lacks are dropped.
    """
    indexes = list(indexes)
    names = {index.name for index in indexes if index.type == "LOOKUP"}
    dropped = [name for name in DEFAULT_LOOKUP_INDEXES if name not in names]
    lines = [f"DROP INDEX {quote_name(name)} IF EXISTS;\n" for name in dropped]
    lines += [
        _statement(index)
        for index in indexes
        if index.type != "LOOKUP" or index.name not in DEFAULT_LOOKUP_INDEXES
    ]
    return "".join(lines)


def constraint_creation(constraints: Iterable[SchemaObject]) -> str:
    """Return the server's own statements for all constraints."""
    return "".join(map(_statement, constraints))


def end(nodes: int, relationships: int) -> str:
    """Return the last lines; from the absence of the very last a cut-off file is recognised."""
    return f"{_AWAIT}{END_MARKER}{nodes} nodes, {relationships} relationships\n"


def _statement(schema_object: SchemaObject) -> str:
    """Return a create statement as ASCII on one line.

    The server quotes names but leaves backslashes, line breaks and the rest in them as they are;
    escapes are decoded in names and strings alike, so the whole statement can be escaped.
    """
    return escape_unicode(schema_object.create_statement) + ";\n"
