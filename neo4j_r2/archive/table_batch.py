"""Turns a parsed statement of our archives into a batch of entities."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from neo4j_r2.archive.cells.decode import decode_column
from neo4j_r2.archive.cells.kinds import FLOATS_32, FLOATS_32_WEIGHT
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.archive.text.table_grammar import Table
from neo4j_r2.core.errors import CorruptError


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
    ids = [_node_ids(column) for column in cells[: shape.id_cells]]
    values = [
        decode_column(column.kind, column_cells, column.missing)
        for column, column_cells in zip(shape.columns, cells[shape.id_cells :], strict=True)
    ]
    rows = list(map(list, zip(*values, strict=True))) if values else [[] for _ in table.rows]
    if shape.entity == "node":
        return NodeBatch(shape.group, columns, ids[0], rows, size)
    return RelationshipBatch(shape.group[0], columns, ids[0], ids[1], rows, size)


def _node_ids(cells: Sequence[str]) -> list[Hashable]:
    numbers: list[Hashable] = decode_column("integer", cells, None)
    if not all(cell.isdigit() for cell in cells):
        raise CorruptError("a node's id is no number")
    return numbers
