"""Tries on the server the values that are sent as text, before a restore changes anything.

A file of another program has no hashes that prove it. And only the server knows which dates, zones
and points are valid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from neo4j_r2.archive.cells.decode import expression, is_typed
from neo4j_r2.archive.items import Item, MatchBatch, NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.core.errors import CorruptError, GraphError, GraphUnavailableError
from neo4j_r2.graph.reader import Graph

_SHOWN: Final = 60


def try_values(item: Item, graph: Graph) -> None:
    """Let the server make an item's values; nothing is stored.

    :raises CorruptError: naming the first value that it cannot make.
    """
    for column, cells in _columns(item):
        if is_typed(column.kind):
            continue
        texts = sorted({cell for cell in cells if cell is not None})
        if not _can_be_made(graph, column.kind, texts):
            bad = next(text for text in texts if not _can_be_made(graph, column.kind, [text]))
            raise CorruptError(f"{bad[:_SHOWN]!r} of {column.key!r} is no {column.kind}")


def _columns(item: Item) -> Iterator[tuple[Column, list[Any]]]:
    tables: list[tuple[Sequence[Column], list[list[Any]]]] = []
    if isinstance(item, NodeBatch | RelationshipBatch | MatchBatch):
        tables.append((item.columns, item.rows))
    if isinstance(item, MatchBatch):
        ends = ((item.start, item.starts), (item.end, item.ends))
        tables += [(pattern.columns, rows) for pattern, rows in ends if pattern]
    for columns, rows in tables:
        for index, column in enumerate(columns):
            yield column, [row[index] for row in rows]


def _can_be_made(graph: Graph, kind: str, texts: Sequence[str]) -> bool:
    query = f"UNWIND $texts AS c RETURN count({expression(kind, 'c')}) AS number"
    try:
        graph.connection.rows(query, texts=texts)
    except GraphUnavailableError:
        raise
    except GraphError:
        return False
    return True
