"""Entities on their way into a database: what every format that can be restored is turned into."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from neo4j_r2.archive.cells.decode import decode_column
from neo4j_r2.archive.cells.kinds import FLOATS_32, FLOATS_32_WEIGHT
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.archive.text.table_grammar import Table
from neo4j_r2.core.errors import CorruptError


@dataclass(frozen=True)
class NodeBatch:
    """Nodes of one label set."""

    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    names: list[Hashable]
    """By which relationships name the nodes: in our archives their former ids."""
    rows: list[list[Any]]
    """A value for each column, as `decode` makes them; None where the property is missing."""
    size: int
    """Characters of text that the rows were, about; see `kinds.FLOATS_32_WEIGHT`."""


@dataclass(frozen=True)
class RelationshipBatch:
    """Relationships of one type."""

    type: str
    columns: tuple[Column, ...]
    starts: list[Hashable]
    ends: list[Hashable]
    """NodeIds of nodes in batches that came before."""
    rows: list[list[Any]]
    size: int


@dataclass(frozen=True)
class SchemaStatement:
    """A statement that makes or drops an index or a constraint, without its semicolon."""

    text: str


@dataclass(frozen=True)
class Pattern:
    """Nodes by their labels and properties: there can be several, or none."""

    labels: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class MatchBatch:
    """Relationships of one type whose endpoints are whatever nodes a pattern matches.

    As in Cypher there is one between each start and each end: none if one of them is not there.
    """

    type: str
    columns: tuple[Column, ...]
    start: Pattern | None
    end: Pattern | None
    """None where the endpoint is one that a batch before has created with a name."""
    starts: list[Any]
    ends: list[Any]
    """Parameters for the pattern's columns, never None; or names."""
    rows: list[list[Any]]
    size: int
    """Characters of text that the rows were, about."""


Batch = NodeBatch | RelationshipBatch | MatchBatch


@dataclass(frozen=True)
class AnyStatement:
    """A statement, without its semicolon, that nobody has checked."""

    text: str


Item = Batch | SchemaStatement | AnyStatement


def parameters(batch: NodeBatch | RelationshipBatch) -> list[list[Any]]:
    """Return a batch's rows as the driver takes them: with lists for arrays."""
    places = [index for index, column in enumerate(batch.columns) if column.kind == FLOATS_32]
    if not places:
        return batch.rows
    rows = [list(row) for row in batch.rows]
    for row in rows:
        for place in places:
            row[place] = row[place].tolist()
    return rows


def batch_of(table: Table, size: int) -> NodeBatch | RelationshipBatch:
    """Return a table of an archive, of a statement of `size` characters, as a batch.

    :raises CorruptError: if a cell is not one of its column's kind.
    """
    shape = table.shape
    columns = tuple(Column(column.key, column.kind) for column in shape.columns)
    cells = list(zip(*table.rows, strict=True))
    for column, column_cells in zip(shape.columns, cells[shape.id_cells :], strict=True):
        if column.kind == FLOATS_32:
            size += (FLOATS_32_WEIGHT - 1) * sum(map(len, column_cells))
    ids = [_ids(column) for column in cells[: shape.id_cells]]
    values = [
        decode_column(column.kind, column_cells, column.missing)
        for column, column_cells in zip(shape.columns, cells[shape.id_cells :], strict=True)
    ]
    rows = list(map(list, zip(*values, strict=True))) if values else [[] for _ in table.rows]
    if shape.entity == "node":
        return NodeBatch(shape.group, columns, ids[0], rows, size)
    return RelationshipBatch(shape.group[0], columns, ids[0], ids[1], rows, size)


def _ids(cells: Sequence[str]) -> list[Hashable]:
    numbers: list[Hashable] = decode_column("integer", cells, None)
    if not all(cell.isdigit() for cell in cells):
        raise CorruptError("a node's id is no number")
    return numbers
