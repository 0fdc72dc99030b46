"""The mark of a database that holds an unfinished restore.

The mark is an index, because an index is not data: no count and no fingerprint of the graph sees
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.reader import Graph

NAME: Final = "_unfinished_restore"
CREATION: Final = f"CREATE RANGE INDEX {NAME} IF NOT EXISTS FOR (n:{NAME}) ON (n.{NAME})"
REMOVAL: Final = f"DROP INDEX {NAME} IF EXISTS"


def is_marked(indexes: Iterable[SchemaObject]) -> bool:
    """Whether the database of these indexes holds an unfinished restore."""
    return any(index.name == NAME for index in indexes)


def refuse_unfinished(graph: Graph, database: str) -> None:
    """Refuse a backup of a database that holds only a part of an archive.

    :raises GraphError: if the database is marked.
    """
    _, indexes = graph.catalogue.schema()
    if is_marked(indexes):
        raise GraphError(
            f"Database {database} holds an unfinished restore and is not backed up: run restore "
            f"again with --force. Or run DROP INDEX {NAME} to keep the data that is there, without "
            "the indexes and constraints"
        )


def refuse_restore_begun(indexes: Iterable[SchemaObject], database: str) -> None:
    """Refuse to store what was read of a database while a restore from elsewhere began.

    :param indexes: as they are when the graph has been read: by the walk, or by the check before
        APOC's export.
    :raises GraphError: if the mark is among them.
    """
    if is_marked(indexes):
        raise GraphError(
            f"A restore into database {database} began during the export; nothing was backed up"
        )
