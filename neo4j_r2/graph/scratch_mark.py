"""The mark of a database that holds what a drill of this host has brought there.

The mark is an index, as the mark of an unfinished restore is. Its label has the token of the host.
"""

from __future__ import annotations

from typing import Final

from neo4j_r2.graph.reader import Graph

NAME: Final = "_drill_scratch"
REMOVAL: Final = f"DROP INDEX {NAME} IF EXISTS"
_PREFIX: Final = "_drill_"
_LABELS: Final = (
    f"SHOW INDEXES YIELD name, labelsOrTypes WHERE name = '{NAME}' RETURN labelsOrTypes AS labels"
)


def creation(token: str) -> str:
    """Return the statement that sets the mark of a host; it fails if there is a mark.

    :param token: letters and digits that no other host has.
    """
    return f"CREATE RANGE INDEX {NAME} FOR (n:{_PREFIX}{token}) ON (n._drill)"


def read_token(graph: Graph) -> str | None:
    """Return the token of the host whose mark a database has; None without a mark."""
    labels = [label for row in graph.connection.rows(_LABELS) for label in row["labels"] or [""]]
    return labels[0].removeprefix(_PREFIX) if labels else None
