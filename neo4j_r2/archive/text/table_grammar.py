"""The statements of an archive of this service, recognised one by one.

Whoever can write to the bucket must not be able to run Cypher on the server that an archive is
restored into. So nothing of a statement is run as it stands there: its names and cells are taken
out of it, written anew by the code that wrote it, and compared. docs/design.md, "Archive grammar".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.archive.text.literals import unquoted
from neo4j_r2.archive.text.quoting import string_literal
from neo4j_r2.archive.text.statements import (
    RestoreKey,
    content_of,
    node_creation,
    property_expression,
    relationship_creation,
)
from neo4j_r2.core.errors import CorruptError

_STRING: Final = r'"(?:[^"\\]|\\.)*+"'
_NAME: Final = r"`(?:[^`]|``)*+`"
_UNWIND: Final = 'UNWIND split("'
_SEPARATORS: Final = re.compile(
    rf", ({_STRING})\) AS line WITH split\(line, ({_STRING})\) AS r (.*);"
)
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
    """A property of a table's rows."""

    key: str
    kind: str
    """A key of `kinds.KINDS`."""
    missing: str | None
    """The cell of rows that do not have the property, None if all have it."""


@dataclass(frozen=True)
class TableShape:
    """What a statement of rows says but for the rows; equal for many statements."""

    entity: str
    """node or relationship."""
    group: tuple[str, ...]
    """A node's labels, or a relationship's type."""
    columns: tuple[TableColumn, ...]
    restore_label: str
    restore_property: str

    @property
    def id_cells(self) -> int:
        """How many cells there are before those of the columns: the ids of nodes."""
        return 1 if self.entity == "node" else 2


@dataclass(frozen=True)
class Table:
    """A statement of rows."""

    shape: TableShape
    rows: list[list[str]]
    """Cells: as many ids as `shape.id_cells`, then one for each column."""


def parse_table(line: str) -> Table:
    """Parse a statement that creates nodes or relationships, without its line break.

    :raises CorruptError: if it is not exactly one that this service writes.
    """
    if not line.startswith(_UNWIND):
        raise CorruptError("not a statement of this service")
    end = _end_of_string(line, len(_UNWIND))
    match = _SEPARATORS.fullmatch(line, end)
    if match is None:
        raise CorruptError("not a statement of this service")
    text, row_end, cell_end = map(_string, (line[len(_UNWIND) - 1 : end], match[1], match[2]))
    shape = _shape(match[3])
    width = shape.id_cells + len(shape.columns)
    rows = [row.split(cell_end) for row in text.split(row_end)]
    if any(len(row) != width for row in rows):
        raise CorruptError(f"a row has not {width} cells")
    return Table(shape, rows)


def _end_of_string(line: str, start: int) -> int:
    """Return the place behind the quote that ends a string whose text begins at `start`."""
    quote = line.find('"', start)
    while quote >= 0:
        before = quote
        while line[before - 1] == "\\":
            before -= 1
        if (quote - before) % 2 == 0:
            return quote + 1
        quote = line.find('"', quote + 1)
    raise CorruptError("a string does not end")


def _string(literal: str) -> str:
    """Return the text of a string, and prove that this service writes it just so: in JSON's way."""
    try:
        text = orjson.loads(literal)
    except orjson.JSONDecodeError as error:
        raise CorruptError("a string is not one of this service") from error
    if not isinstance(text, str) or string_literal(text) != literal:
        raise CorruptError("a string is not one of this service")
    if not text:
        raise CorruptError("a string is empty")
    return text


@lru_cache(maxsize=4096)
def _shape(creation: str) -> TableShape:
    """Parse what follows the rows, and prove that this service writes just that."""
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
    """Parse the properties from a position on, in the order of their cells."""
    columns: dict[int, TableColumn] = {}
    while (found := _property(creation, position)) is not None:
        index, column, position = found
        columns[index] = column
    for match in _VECTOR.finditer(creation, position):
        columns[int(match[2])] = TableColumn(_string(match[1]), FLOATS_32, None)
    return tuple(columns[index] for index in sorted(columns))


def _property(creation: str, position: int) -> tuple[int, TableColumn, int] | None:
    """Parse an entry of the map, and return its cell's index, its column and its end."""
    position += 2 if creation.startswith(", ", position) else 0
    match = _PROPERTY.match(creation, position)
    cell = _CELL.search(creation, match.end(1)) if match else None
    if match is None or cell is None:
        return None
    kind = _kind(creation, match.end(), cell[0])
    if kind is None:
        return None
    column = TableColumn(unquoted(match[1]), kind, _string(match[2]) if match[2] else None)
    end = position + len(property_expression(column.key, kind, cell[0], column.missing))
    return int(cell[1]), column, end


def _kind(creation: str, position: int, cell: str) -> str | None:
    """Return the kind whose expression is at a position: the longest one, as some begin alike."""
    kinds = (
        kind
        for kind, expression in KINDS.items()
        if creation.startswith(expression.format(c=cell), position)
    )
    return max(kinds, key=lambda kind: len(KINDS[kind]), default=None)
