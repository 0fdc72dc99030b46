"""Rows as Cypher statements that create them, batches of rows as one string literal each.

Long lists of literals take the parser longer than the database (one string literal restores
28 times faster), so a statement is ``UNWIND split("…", "\\n") AS line WITH split(line, "\\t") AS r
CREATE …``: the literal becomes a parameter and the plan of the statement is reused.
docs/design.md, "Archive grammar", has the format.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, count
from operator import attrgetter
from typing import Final, NamedTuple

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS, TEXTS
from neo4j_r2.archive.text.quoting import quote_name, string_literal
from neo4j_r2.archive.text.rows import ID, SIZE, Column, Row, RowShape, shapes
from neo4j_r2.archive.text.unwind import unwind

STATEMENT_ROWS: Final = 1000
STATEMENT_CHARACTERS: Final = 512 * 1024
"""A statement holds at most this many rows, and no further row once it has so many characters."""

_IDS: Final = attrgetter("ids")
_CELLS: Final = attrgetter("cells")


@dataclass(frozen=True)
class RestoreKey:
    """The names that a restore uses to find a relationship's endpoints, and then removes.

    No node of the graph has the label or the property, and nothing in its schema the name.
    """

    label: str
    key: str
    constraint: str

    @staticmethod
    def numbered(number: int) -> RestoreKey:
        """Return the first choice of names (0), or a further one."""
        suffix = str(number) if number else ""
        return RestoreKey(
            f"_BackupNode{suffix}", f"_backup_id{suffix}", f"_backup_identity{suffix}"
        )


class Content(NamedTuple):
    """The properties of entities that a statement creates."""

    properties: str
    """What stands in the map."""
    vectors: tuple[str, ...]
    """The key and the expression, as arguments of a procedure, of each list of 32-bit floats."""


@dataclass
class _RowTable:
    """Rows of one group whose columns agree, some of them perhaps missing in some rows."""

    group: tuple[str, ...]
    kinds: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    cells: int = 0

    def takes(self, columns: Sequence[Column], rows: int) -> bool:
        """Whether rows with these columns fit without a conflict and without much emptiness."""
        if any(self.kinds.get(key, kind) != kind for key, kind in columns):
            return False
        if _vectors(self.kinds.items()) != _vectors(columns):
            return False  # no row can be without them
        width = len(self.kinds.keys() | {column.key for column in columns})
        filled = self.cells + rows * len(columns)
        return width * (len(self.rows) + rows) <= 2 * filled

    def add(self, columns: Sequence[Column], rows: list[Row]) -> None:
        self.kinds.update(columns)
        self.rows.extend(rows)
        self.cells += len(columns) * len(rows)


def node_statements(rows: Iterable[Row], restore_key: RestoreKey) -> str:
    """Return the statements that create nodes, a line each; see `Row`."""
    return _statements(rows, 1, partial(node_creation, restore_key))


def relationship_statements(rows: Iterable[Row], restore_key: RestoreKey) -> str:
    """Return the statements that create relationships between nodes already created."""
    return _statements(rows, 2, partial(relationship_creation, restore_key))


def node_creation(restore_key: RestoreKey, labels: tuple[str, ...], content: Content) -> str:
    """Return the clauses that create a node of the row ``r``."""
    quoted = "".join(":" + quote_name(label) for label in (restore_key.label, *labels))
    key = f"{quote_name(restore_key.key)}: toInteger(r[0])"
    properties = ", ".join(filter(None, [key, content.properties]))
    name = "n" if content.vectors else ""
    return f"CREATE ({name}{quoted} {{{properties}}}){node_vectors(content)}"


def relationship_creation(restore_key: RestoreKey, kind: tuple[str, ...], content: Content) -> str:
    """Return the clauses that find the endpoints of the row ``r`` and create a relationship.

    :param kind: its type, alone.
    """
    label, key = quote_name(restore_key.label), quote_name(restore_key.key)
    endpoints = "".join(
        f"MATCH ({name}:{label} {{{key}: toInteger(r[{index}])}}) "
        f"USING INDEX {name}:{label}({key}) "
        for index, name in enumerate("ab")
    )
    properties = f" {{{content.properties}}}" if content.properties else ""
    name = "e" if content.vectors else ""
    created = f"CREATE (a)-[{name}:{quote_name(kind[0])}{properties}]->(b)"
    return f"{endpoints}{created}{relationship_vectors(content)}"


def node_vectors(content: Content) -> str:
    """Return the clauses that set the lists of 32-bit floats of a node ``n``."""
    return _vector_clauses("n", "db.create.setNodeVectorProperty", content.vectors)


def relationship_vectors(content: Content) -> str:
    """Return the clauses that set the lists of 32-bit floats of a relationship ``e``."""
    return _vector_clauses("e", "db.create.setRelationshipVectorProperty", content.vectors)


def _vector_clauses(name: str, procedure: str, vectors: Iterable[str]) -> str:
    calls = "".join(f" CALL {procedure}({name}, {arguments})" for arguments in vectors)
    return calls and f" WITH {name}, r{calls}"


def cell_expression(kind: str, cell: str) -> str:
    """Return the expression that makes a value of its kind from a cell, as in r[1]."""
    return KINDS[kind].format(c=cell)


def property_expression(
    key: str,
    kind: str,
    cell: str,
    missing: str | None,
    express: Callable[[str, str], str] = cell_expression,
) -> str:
    """Return a property map's entry: the key, and how its kind is read from a cell.

    :param cell: the expression that the cell is, as in r[1].
    :param missing: the cell of rows without the property, None if there are none.
    :param express: returns the expression that makes the value, from the kind and the cell.
    """
    expression = express(kind, cell)
    if missing is not None:
        expression = f"CASE {cell} WHEN {string_literal(missing)} THEN null ELSE {expression} END"
    return f"{quote_name(key)}: {expression}"


def _statements(
    rows: Iterable[Row], id_cells: int, creation: Callable[[tuple[str, ...], Content], str]
) -> str:
    lines = []
    for table in _tables(rows):
        for batch in _batches(table):
            optional, columns = _columns(batch)
            kinds = (batch.kinds[key] for key in sorted(batch.kinds))
            texts = [index for index, kind in enumerate(kinds, id_cells) if kind in TEXTS]
            content = _content(batch, id_cells, optional)
            lines.append(f"{unwind(columns, texts)} {creation(batch.group, content)};\n")
    return "".join(lines)


def _tables(rows: Iterable[Row]) -> Iterator[_RowTable]:
    """Gather rows by group and columns, in an order that depends on nothing but the rows.

    Rows of one group with different columns share a table where they can: a label with ten
    optional properties would otherwise need a statement, and a plan, for each combination.
    """
    by_shape: dict[RowShape, list[Row]] = {}
    for row in rows:
        by_shape.setdefault(row.shape, []).append(row)
    groups: dict[tuple[str, ...], dict[tuple[Column, ...], list[Row]]] = {}
    for shape, alike in by_shape.items():
        groups.setdefault(shape.group, {}).setdefault(shape.columns, []).extend(alike)
    for group in sorted(groups):
        table = _RowTable(group)
        for columns, alike in sorted(groups[group].items(), key=_order):
            if table.rows and not table.takes(columns, len(alike)):
                yield table
                table = _RowTable(group)
            table.add(columns, alike)
        yield table


def _batches(table: _RowTable) -> Iterator[_RowTable]:
    """Cut a table into statements' worth of rows, in ascending order of their ids."""
    rows = sorted(table.rows, key=ID)
    first = 0
    while first < len(rows):
        some = rows[first : first + STATEMENT_ROWS]
        sizes = list(accumulate(map(SIZE, some)))
        some = some[: bisect_left(sizes, STATEMENT_CHARACTERS) + 1]
        yield _RowTable(table.group, table.kinds, some)
        first += len(some)


def _columns(table: _RowTable) -> tuple[dict[str, str], list[Sequence[str]]]:
    """Return the marker of a missing cell for each key that needs one, and all columns of cells."""
    keys = sorted(table.kinds)
    ids = list(zip(*map(_IDS, table.rows), strict=True))
    if all(len(shape.columns) == len(keys) for shape in shapes(table.rows)):
        return {}, [*ids, *zip(*map(_CELLS, table.rows), strict=True)]
    present = [
        {column.key: cell for column, cell in zip(row.shape.columns, row.cells, strict=True)}
        for row in table.rows
    ]
    markers = {
        key: _missing_marker(present, key)
        for key in keys
        if any(key not in cells for cells in present)
    }
    cells = ([each.get(key, markers.get(key, "")) for each in present] for key in keys)
    return markers, [*ids, *cells]


def _missing_marker(present: Sequence[dict[str, str]], key: str) -> str:
    used = {cells.get(key) for cells in present}
    return next(marker for length in count(1) if (marker := "-" * length) not in used)


def _content(table: _RowTable, id_cells: int, optional: dict[str, str]) -> Content:
    columns = ((key, table.kinds[key], optional.get(key)) for key in sorted(table.kinds))
    return content_of(columns, id_cells)


def content_of(
    columns: Iterable[tuple[str, str, str | None]],
    first: int,
    express: Callable[[str, str], str] = cell_expression,
) -> Content:
    """Return what columns of cells make.

    :param columns: the key, the kind, and the cell of rows without it, of each.
    :param first: the index of the first column's cells in a row.
    :param express: see `property_expression`.
    """
    properties, vectors = [], []
    for index, (key, kind, missing) in enumerate(columns, first):
        cell = f"r[{index}]"
        if kind == FLOATS_32:
            vectors.append(f"{string_literal(key)}, {express(kind, cell)}")
        else:
            properties.append(property_expression(key, kind, cell, missing, express))
    return Content(", ".join(properties), tuple(vectors))


def _order(shape: tuple[tuple[Column, ...], list[Row]]) -> tuple[list[str], tuple[Column, ...]]:
    return _vectors(shape[0]), shape[0]


def _vectors(columns: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(key for key, kind in columns if kind == FLOATS_32)
