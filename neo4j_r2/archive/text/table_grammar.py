"""Reads the statements of this service's own archives, and refuses all others.

Whoever can write to the bucket must not be able to run Cypher on the server that an archive is
restored into. So a statement is never run as it stands. Its names and cells are taken out of it,
the code that writes archives writes it again, and the two texts must be equal. docs/design.md,
"Archive grammar", has the format.

The regular expressions use possessive repetition (``*+``): it never gives back what it has matched,
so a statement of any length is refused in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.archive.text.literals import unquoted
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import ID_CELLS, EntityKind
from neo4j_r2.archive.text.statements import (
    content_of,
    node_creation,
    property_expression,
    relationship_creation,
)
from neo4j_r2.archive.text.unwind import read_string
from neo4j_r2.core.errors import CorruptError

_STRING: Final = r'"(?:[^"\\]|\\.)*+"'
_NAME: Final = r"`(?:[^`]|``)*+`"
_NODE: Final = re.compile(
    rf"CREATE \(n?:({_NAME})((?::{_NAME})*) \{{({_NAME}): toInteger\(r\[0\]\)"
)
_RELATIONSHIP: Final = re.compile(
    rf"MATCH \(a:({_NAME}) \{{({_NAME}): toInteger\(r\[0\]\)\}}\) USING INDEX a:\1\(\2\) "
    r"MATCH \(b:\1 \{\2: toInteger\(r\[1\]\)\}\) USING INDEX b:\1\(\2\) "
    rf"CREATE \(a\)-\[e?:({_NAME})(?: \{{)?"
)
_PROPERTY: Final = re.compile(rf"({_NAME}): (?:CASE r\[\d+\] WHEN ({_STRING}) THEN null ELSE )?")
_VECTOR: Final = re.compile(
    rf" CALL db\.create\.set(?:Node|Relationship)VectorProperty\([ne], ({_STRING}), "
    rf"{re.escape(KINDS[FLOATS_32].partition('{c}')[0].format())}r\[(\d{{1,9}})\]"
)
_CELL: Final = re.compile(r"r\[(\d{1,9})\]")


@dataclass(frozen=True)
class TableColumn:
    """One property of a table's rows: its key, its kind, and how a row can lack it."""

    key: str
    kind: str
    """A key of `kinds.KINDS`."""
    missing: str | None
    """The marker of a missing cell (`missing_cells`); None if no row lacks the property."""


@dataclass(frozen=True)
class TableShape:
    """What a statement says apart from its rows; many statements of an archive share one shape."""

    entity: EntityKind
    group: tuple[str, ...]
    """A node's labels, or a relationship's type."""
    columns: tuple[TableColumn, ...]
    """In the order of their cells."""
    restore_label: str
    """The label of the restore key."""
    restore_property: str
    """The property of the restore key."""

    @property
    def id_cells(self) -> int:
        """How many ids of nodes a row has before the cells of its columns."""
        return ID_CELLS[self.entity]


@dataclass(frozen=True)
class Table:
    """A statement that creates nodes or relationships, taken apart."""

    shape: TableShape
    rows: list[list[str]]
    """The cells of each row: `shape.id_cells` ids, then one cell for each column."""
    places: Sequence[int]
    """Which rows of the statement these are."""


def read_table(rows: list[list[str]], creation: str) -> Table:
    """Parse a statement that creates nodes or relationships; `read_unwind` takes it apart.

    :param creation: the clauses behind the rows, without the semicolon.
    :raises CorruptError: if this service does not write exactly this statement.
    """
    shape = _shape(creation)
    width = shape.id_cells + len(shape.columns)
    if any(len(row) != width for row in rows):
        raise CorruptError(f"a row does not have {width} cells")
    return Table(shape, rows, range(len(rows)))


@lru_cache(maxsize=4096)
def _shape(creation: str) -> TableShape:
    """Parse the text behind the rows, and check that this service would write just that.

    Many statements have the same text there. The cache does the work for the first of them only.
    """
    shape = _node_shape(creation) or _relationship_shape(creation)
    if shape is None or render(shape) != creation:
        raise CorruptError("not a statement of this service")
    return shape


def render(shape: TableShape) -> str:
    """Return the text that this service writes for a shape."""
    columns = ((column.key, column.kind, column.missing) for column in shape.columns)
    restore_key = RestoreKey(shape.restore_label, shape.restore_property, "")
    create = node_creation if shape.entity == "node" else relationship_creation
    return create(restore_key, shape.group, content_of(columns, shape.id_cells))


def _node_shape(creation: str) -> TableShape | None:
    match = _NODE.match(creation)
    if match is None:
        return None
    labels = tuple(map(unquoted, re.findall(_NAME, match[2])))
    columns = _columns(creation, match.end())
    return TableShape("node", labels, columns, unquoted(match[1]), unquoted(match[3]))


def _relationship_shape(creation: str) -> TableShape | None:
    match = _RELATIONSHIP.match(creation)
    if match is None:
        return None
    columns = _columns(creation, match.end())
    label, key, kind = map(unquoted, match.groups())
    return TableShape("relationship", (kind,), columns, label, key)


def _columns(creation: str, position: int) -> tuple[TableColumn, ...]:
    """Parse the properties from a position on; return them in the order of their cells."""
    columns: dict[int, TableColumn] = {}
    while (found := _property(creation, position)) is not None:
        index, column, position = found
        columns[index] = column
    for match in _VECTOR.finditer(creation, position):
        columns[int(match[2])] = TableColumn(read_string(match[1]), FLOATS_32, None)
    return tuple(columns[index] for index in sorted(columns))


def _property(creation: str, position: int) -> tuple[int, TableColumn, int] | None:
    """Parse one entry of the map; return its cell's index, its column and where it ends."""
    position += 2 if creation.startswith(", ", position) else 0
    match = _PROPERTY.match(creation, position)
    cell = _CELL.search(creation, match.end(1)) if match else None
    if match is None or cell is None:
        return None
    kind = _kind(creation, match.end(), cell[0])
    if kind is None:
        return None
    column = TableColumn(unquoted(match[1]), kind, read_string(match[2]) if match[2] else None)
    end = position + len(property_expression(column.key, kind, cell[0], column.missing))
    return int(cell[1]), column, end


def _kind(creation: str, position: int, cell: str) -> str | None:
    """Return the kind whose expression is at a position; the longest, since some begin alike."""
    kinds = (
        kind
        for kind, expression in KINDS.items()
        if creation.startswith(expression.format(c=cell), position)
    )
    return max(kinds, key=lambda kind: len(KINDS[kind]), default=None)
