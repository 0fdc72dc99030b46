"""Turns a parsed statement of our archives into a batch of entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neo4j_r2.archive.cells.decode import decode_column
from neo4j_r2.archive.cells.kinds import FLOATS_32, FLOATS_32_WEIGHT
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.rows import ID_CELLS, Column, RowShape
from neo4j_r2.archive.text.table_grammar import Table
from neo4j_r2.archive.text.table_rows import node_ids


def table_batch(table: Table, size: int) -> NodeBatch | RelationshipBatch:
    """Return the entities of a table.

    :param size: characters of the statement.
    :raises CorruptError: if a cell does not fit the kind of its column.
    """
    shape = table.shape
    columns = tuple(Column(column.key, column.kind) for column in shape.columns)
    cells = list(zip(*table.rows, strict=True))
    for column, column_cells in zip(shape.columns, cells[shape.id_cells :], strict=True):
        if column.kind == FLOATS_32:
            size += (FLOATS_32_WEIGHT - 1) * sum(map(len, column_cells))
    ids = [node_ids(column) for column in cells[: shape.id_cells]]
    values = [
        decode_column(column.kind, column_cells, column.missing)
        for column, column_cells in zip(shape.columns, cells[shape.id_cells :], strict=True)
    ]
    return entity_batch(RowShape(shape.group, columns), ids, values, size)


def entity_batch(
    shape: RowShape,
    names: Sequence[Sequence[int]],
    values: Sequence[Sequence[Any]],
    size: int,
) -> NodeBatch | RelationshipBatch:
    """Return a batch of these columns.

    :param names: see `Rows.names`: nodes have one column of them, relationships two.
    :param values: a column for each of the shape's, as `decode` returns it.
    :param size: about how many characters they had as text.
    """
    group, columns = shape
    rows = list(map(list, zip(*values, strict=True))) if values else [[] for _ in names[0]]
    if len(names) == ID_CELLS["node"]:
        return NodeBatch(group, columns, list(names[0]), rows, size)
    return RelationshipBatch(group[0], columns, list(names[0]), list(names[1]), rows, size)
