"""The archive's first and last lines: comments, and the temporary restore key."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from neo4j_r2.archive.text.quoting import quote_name
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.core.database import Database

END_MARKER: Final = "// End of export: "
"""How the last line of a complete archive begins."""
CACHE_CLEARING: Final = "CALL db.clearQueryCaches();\n"
"""Makes the server forget the texts of the statements so far. It keeps the last thousand; at half a
megabyte each, they are more than a small heap holds."""
GUARD: Final = (
    'MATCH (n) WITH n LIMIT 1 RETURN date("This database is not empty. Restore into an empty one." '
    "+ left(elementId(n), 0));\n"
)
"""Fails if there is a node; cypher-shell then stops. Cypher has no statement that only fails, but
an error of `date` quotes its text. The text needs the node, so no planner reads it beforehand."""
INCREMENT_GUARD: Final = (
    'RETURN date("This archive holds only what changed. backup.py fetch makes a whole one.");\n'
)
"""Fails always, so that nobody restores an increment by itself."""
AWAIT: Final = "CALL db.awaitIndexes(86400);\n"
_REMOVAL_ROWS: Final = 1_000
_FEWEST_REMOVAL_ROWS: Final = 20
"""A single huge node should not make a million transactions of a million small nodes."""
_REMOVAL_CHARACTERS: Final = 4 * 1024 * 1024
"""A server with a small heap has memory for nodes of this many characters in one transaction."""


def header(database: Database, started: datetime, method: str) -> str:
    """Return the comments at the archive's top, and the guard against a database with data.

    :param started: in UTC.
    :param method: manual or apoc.
    """
    return (
        f"{_origin(database, started, method)}"
        "// Restore into an empty database: gunzip -c FILE | cypher-shell -u neo4j\n"
        "// The first statement fails if the database is not empty. Leave it out to add to what\n"
        "// the database holds.\n"
        "// cypher-shell cannot make byte arrays: those marked in the text become lists of\n"
        "// integers. Everything else comes back exactly. A file is complete if its last line is\n"
        f'// "{END_MARKER.strip()} ..."\n'
        "\n"
        f"{GUARD}"
    )


def increment_header(database: Database, started: datetime) -> str:
    """Return the same of an archive that holds only what changed since an earlier one.

    :param started: in UTC.
    """
    return (
        f"{_origin(database, started, 'manual')}"
        "// This archive holds only what changed. Its manifest names the archives that it needs,\n"
        "// and `backup.py fetch` makes one whole archive of them. A file is complete if its last\n"
        f'// line is "{END_MARKER.strip()} ..."\n'
        "\n"
        f"{INCREMENT_GUARD}"
    )


def _origin(database: Database, started: datetime, method: str) -> str:
    return (
        "// Neo4j Database Export\n"
        f"// Database: {database.name}\n"
        f"// Exported: {started:%Y-%m-%dT%H:%M:%S}\n"
        "//\n"
        f"// Neo4j {database.server_version} ({database.edition}), {method} export, times in UTC.\n"
    )


def restore_key_creation(restore_key: RestoreKey) -> str:
    """Return the statements that make the restore key's constraint and wait for its index."""
    label, key = quote_name(restore_key.label), quote_name(restore_key.key)
    return (
        f"CREATE CONSTRAINT {quote_name(restore_key.constraint)} "
        f"FOR (n:{label}) REQUIRE n.{key} IS UNIQUE;\n"
        f"{AWAIT}"
    )


def restore_key_removal(restore_key: RestoreKey, rows: int) -> str:
    """Return the statements that remove the restore key from all nodes, and its constraint.

    :param rows: how many nodes one transaction takes; see `removal_rows`.
    """
    label, key = quote_name(restore_key.label), quote_name(restore_key.key)
    return (
        f"MATCH (n:{label}) CALL (n) {{ REMOVE n:{label} REMOVE n.{key} }} "
        f"IN TRANSACTIONS OF {rows} ROWS;\n"
        f"DROP CONSTRAINT {quote_name(restore_key.constraint)};\n"
    )


def removal_rows(characters: float) -> int:
    """Return how many nodes one transaction can remove the restore key from.

    The server reads a node's other properties for it. So large nodes need more memory.

    :param characters: of a node, the mean of the largest nodes that are next to each other.
    """
    fitting = int(_REMOVAL_CHARACTERS / max(1.0, characters))
    return max(_FEWEST_REMOVAL_ROWS, min(_REMOVAL_ROWS, fitting))


def end(nodes: int, relationships: int) -> str:
    """Return the last lines. A file without the very last one was cut off."""
    return f"{AWAIT}{end_marker(nodes, relationships)}\n"


def end_marker(nodes: int, relationships: int) -> str:
    """Return the last line, without its line break."""
    return f"{END_MARKER}{nodes} nodes, {relationships} relationships"
