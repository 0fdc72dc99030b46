"""The mark of a database into which a restore is not finished.

It is an index, because an index is no data: no count and no fingerprint of the graph sees it.
"""

from __future__ import annotations

from typing import Final

from neo4j_r2.core.errors import GraphError
from neo4j_r2.graph.reader import Graph

NAME: Final = "_unfinished_restore"
CREATION: Final = f"CREATE RANGE INDEX {NAME} IF NOT EXISTS FOR (n:{NAME}) ON (n.{NAME})"
REMOVAL: Final = f"DROP INDEX {NAME} IF EXISTS"


def is_marked(graph: Graph) -> bool:
    """Whether a restore into a database was begun and not finished."""
    _, indexes = graph.catalogue.schema()
    return any(index.name == NAME for index in indexes)


def refuse_unfinished(graph: Graph, database: str) -> None:
    """Keep a part of an archive from becoming a backup.

    :raises GraphError: if the database is marked.
    """
    if is_marked(graph):
        raise GraphError(
            f"Database {database} holds an unfinished restore and is not backed up: run restore "
            f"again with --force, or keep what is there, which lacks indexes and constraints, by "
            f"DROP INDEX {NAME}"
        )
