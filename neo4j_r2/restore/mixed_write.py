"""Puts small batches of many groups into one statement.

The server plans each text of a statement once, which takes it as long as some hundred rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from neo4j_r2.archive.cells.decode import is_typed
from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch, parameters
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.graph.writer import Write
from neo4j_r2.restore.replay_queries import mixed_node_query, mixed_relationship_query


def mixed_node_write(batches: Sequence[NodeBatch]) -> Write:
    """Return the statement that creates all nodes of the batches; their numbers go through all."""
    kinds = _paired_kinds(batches)
    rows = [
        [labels, *properties]
        for batch in batches
        for labels, properties in _each_row(list(batch.labels), batch, kinds)
    ]
    numbered = [[number, *row] for number, row in enumerate(rows)]
    return Write(mixed_node_query(kinds), numbered, len(numbered))


def mixed_relationship_write(
    batches: Sequence[RelationshipBatch], ends: Sequence[tuple[int, int]]
) -> Write:
    """Return the statement that creates all relationships of the batches.

    :param ends: the ids of the endpoints of each.
    """
    kinds = _paired_kinds(batches)
    rows = (
        [kind, *properties]
        for batch in batches
        for kind, properties in _each_row(batch.type, batch, kinds)
    )
    joined = [[*pair, *row] for pair, row in zip(ends, rows, strict=True)]
    return Write(mixed_relationship_query(kinds), joined, len(joined))


def _is_paired(column: Column) -> bool:
    """Whether values of a column are no parameters of their own type, which a map can hold."""
    return column.kind == FLOATS_32 or not is_typed(column.kind)


def _paired_kinds(batches: Sequence[NodeBatch | RelationshipBatch]) -> tuple[str, ...]:
    columns = {column for batch in batches for column in batch.columns}
    return tuple(sorted({column.kind for column in columns if _is_paired(column)}))


def _each_row(
    group: Any, batch: NodeBatch | RelationshipBatch, kinds: Sequence[str]
) -> Iterator[tuple[Any, list[Any]]]:
    """Yield, for each row, the group; and a map of properties, with pairs for each of the kinds."""
    for row in parameters(batch):
        plain: dict[str, Any] = {}
        pairs: dict[str, list[list[Any]]] = {kind: [] for kind in kinds}
        for column, value in zip(batch.columns, row, strict=True):
            if value is None:
                continue
            if _is_paired(column):
                pairs[column.kind].append([column.key, value])
            else:
                plain[column.key] = value
        yield group, [plain, *pairs.values()]
