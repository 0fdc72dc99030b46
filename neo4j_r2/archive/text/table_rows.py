"""Turns a table that was read from an archive into rows again: the inverse of `row_tables`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import compress, pairwise

from neo4j_r2.archive.cells.decode import decode_column
from neo4j_r2.archive.text.rows import Column, Rows, RowShape
from neo4j_r2.archive.text.table_grammar import Table
from neo4j_r2.core.errors import CorruptError


def table_rows(table: Table, relationship_ids: Sequence[int] | None) -> Iterator[Rows]:
    """Yield the rows of a table, those of one shape together, with their cells as they stand.

    :param relationship_ids: the ids of its relationships; None for nodes.
    :raises CorruptError: if its rows are not in ascending order of their ids.
    """
    shape, columns = table.shape, list(zip(*table.rows, strict=True))
    names = [node_ids(cells) for cells in columns[: shape.id_cells]]
    ids = names[0] if relationship_ids is None else relationship_ids
    if any(one >= two for one, two in pairwise(ids)):
        raise CorruptError("rows are not in the order of their ids")
    cells = columns[shape.id_cells :]
    if all(column.missing is None for column in shape.columns):
        whole = tuple(Column(column.key, column.kind) for column in shape.columns)
        yield Rows.of(RowShape(shape.group, whole), ids, names, cells)
        return
    presence = list(
        zip(
            *(
                [cell != column.missing for cell in some]
                for column, some in zip(shape.columns, cells, strict=True)
            ),
            strict=True,
        )
    )
    for present in dict.fromkeys(presence):
        flags = [each == present for each in presence]
        own = [Column(column.key, column.kind) for column in compress(shape.columns, present)]
        whole_rows = Rows.of(
            RowShape(shape.group, tuple(own)), ids, names, list(compress(cells, present))
        )
        if chosen := whole_rows.chosen(flags):
            yield chosen


def node_ids(cells: Sequence[str]) -> list[int]:
    """Return the ids of nodes that cells hold.

    :raises CorruptError: if one is no number, or too large.
    """
    numbers: list[int] = decode_column("integer", cells, None)
    if not all(cell.isdigit() for cell in cells):
        raise CorruptError("a node's id is no number")
    return numbers
