"""Turns rows into batches of entities, as a restore takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from neo4j_r2.archive.cells.decode import decode, decode_column
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch
from neo4j_r2.archive.table_batch import entity_batch
from neo4j_r2.archive.text.row_tables import row_tables
from neo4j_r2.archive.text.rows import Rows, RowShape, weight


def row_batches(rows: Sequence[Rows]) -> Iterator[NodeBatch | RelationshipBatch]:
    """Yield rows as the batches that a restore of their text would have.

    :raises CorruptError: if a cell does not fit the kind of its column.
    """
    total, size = sum(map(len, rows)), weight(rows)
    for table in row_tables(rows):
        shape = RowShape(table.group, tuple(table.columns))
        values = [
            _decoded(column.kind, cells, is_lacking=column in table.lacking)
            for column, cells in zip(table.columns, table.cells, strict=True)
        ]
        yield entity_batch(shape, table.names, values, size * len(table) // total)


def _decoded(kind: str, cells: Iterable[str | None], *, is_lacking: bool) -> list[Any]:
    if is_lacking:
        return [None if cell is None else decode(kind, cell) for cell in cells]
    return decode_column(kind, list(cells), None)  # type: ignore[arg-type]  # none of them is None
