"""Turns rows into batches of entities, as a restore takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from neo4j_r2.archive.cells.decode import decode, decode_column
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.row_tables import RowTable, row_tables
from neo4j_r2.archive.text.rows import EntityKind, Rows, weight


def row_batches(
    entity: EntityKind, rows: Sequence[Rows]
) -> Iterator[NodeBatch | RelationshipBatch]:
    """Yield rows as the batches that a restore of their text would have.

    :raises CorruptError: if a cell does not fit the kind of its column.
    """
    total, size = sum(map(len, rows)), weight(rows)
    for table in row_tables(rows):
        values = _values(table)
        share = size * len(table) // total
        columns, first, *second = tuple(table.columns), *map(list, table.names)
        if entity == "node":
            yield NodeBatch(table.group, columns, [*first], values, share)
        else:
            yield RelationshipBatch(table.group[0], columns, [*first], [*second[0]], values, share)


def _values(table: RowTable) -> list[list[Any]]:
    columns = [
        _decoded(column.kind, cells, is_lacking=column in table.lacking)
        for column, cells in zip(table.columns, table.cells, strict=True)
    ]
    return list(map(list, zip(*columns, strict=True))) if columns else [[] for _ in table.ids]


def _decoded(kind: str, cells: Iterable[str | None], *, is_lacking: bool) -> list[Any]:
    if is_lacking:
        return [None if cell is None else decode(kind, cell) for cell in cells]
    return decode_column(kind, list(cells), None)  # type: ignore[arg-type]  # none of them is None
