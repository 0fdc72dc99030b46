"""Rows as Cypher statements that create them; many rows are one string literal in a statement.

The parser takes longer for a long list of literals than the database takes to create the rows. One
string literal restores 28 times faster. So a statement is ``UNWIND split("…", "\\n") AS line WITH
split(line, "\\t") AS r CREATE …``: the literal becomes a parameter, and the server reuses the plan
of the statement. docs/design.md, "Archive grammar", has the format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS, TEXTS, VECTOR_SETTERS
from neo4j_r2.archive.text.id_runs import IDS, runs_text
from neo4j_r2.archive.text.missing_cells import missing_marker, null_if_missing
from neo4j_r2.archive.text.mixed_table import mixed_statements, split_off_rare
from neo4j_r2.archive.text.quoting import quote_name, string_literal
from neo4j_r2.archive.text.restore_key import RestoreKey, endpoints
from neo4j_r2.archive.text.row_tables import RowTable, row_tables
from neo4j_r2.archive.text.rows import ID_CELLS, EntityKind, Rows
from neo4j_r2.archive.text.unwind import unwind


class Content(NamedTuple):
    """How a statement makes the properties of the entities that it creates."""

    properties: str
    """The text of the property map, without its braces."""
    vectors: tuple[str, ...]
    """For each list of 32-bit floats, the key and the expression: a procedure's arguments."""


def node_statements(rows: Iterable[Rows], restore_key: RestoreKey) -> str:
    """Return the statements that create nodes, one statement a line."""
    return _statements(_tables(rows), "node", restore_key)


def relationship_statements(rows: Iterable[Rows], restore_key: RestoreKey) -> str:
    """Return the statements that create relationships, one statement a line.

    Their endpoints must have been created before.
    """
    return _statements(_tables(rows), "relationship", restore_key)


def relationship_script(rows: Iterable[Rows], restore_key: RestoreKey) -> str:
    """Return the same with a comment in front that names their ids in the order of their rows."""
    tables = _tables(rows)
    mixed = sorted(chain.from_iterable(table.ids for table in tables.rare))
    ids = [*chain.from_iterable(table.ids for table in tables.alike), *mixed]
    comment = f"{IDS}{runs_text(ids)}\n" if ids else ""
    return comment + _statements(tables, "relationship", restore_key)


def node_creation(restore_key: RestoreKey, labels: tuple[str, ...], content: Content) -> str:
    """Return the clauses that create a node from the row ``r``."""
    quoted = "".join(":" + quote_name(label) for label in (restore_key.label, *labels))
    key = f"{quote_name(restore_key.key)}: toInteger(r[0])"
    properties = ", ".join(filter(None, [key, content.properties]))
    name = "n" if content.vectors else ""
    return f"CREATE ({name}{quoted} {{{properties}}}){node_vectors(content)}"


def relationship_creation(restore_key: RestoreKey, kind: tuple[str, ...], content: Content) -> str:
    """Return the clauses that find the endpoints of the row ``r`` and create a relationship.

    :param kind: the relationship's type, as a tuple of one.
    """
    properties = f" {{{content.properties}}}" if content.properties else ""
    name = "e" if content.vectors else ""
    created = f"CREATE (a)-[{name}:{quote_name(kind[0])}{properties}]->(b)"
    return f"{endpoints(restore_key)}{created}{relationship_vectors(content)}"


def node_vectors(content: Content) -> str:
    """Return the clauses that set the lists of 32-bit floats of a node ``n``."""
    return _vector_clauses("n", content.vectors)


def relationship_vectors(content: Content) -> str:
    """Return the clauses that set the lists of 32-bit floats of a relationship ``e``."""
    return _vector_clauses("e", content.vectors)


def _vector_clauses(name: str, vectors: Iterable[str]) -> str:
    calls = "".join(f" CALL {VECTOR_SETTERS[name]}({name}, {arguments})" for arguments in vectors)
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
        expression = null_if_missing(cell, missing, expression)
    return f"{quote_name(key)}: {expression}"


class _Tables(NamedTuple):
    alike: list[RowTable]
    """Those that get statements of their own."""
    rare: list[RowTable]
    """Those whose rows share statements, in ascending order of their ids."""


def _tables(rows: Iterable[Rows]) -> _Tables:
    return _Tables(*split_off_rare(list(row_tables(rows)), len))


def _statements(tables: _Tables, entity: EntityKind, restore_key: RestoreKey) -> str:
    lines = [_statement(table, entity, restore_key) for table in tables.alike]
    return "".join(chain(lines, mixed_statements(tables.rare, entity, restore_key)))


def _statement(table: RowTable, entity: EntityKind, restore_key: RestoreKey) -> str:
    id_cells = ID_CELLS[entity]
    creation = node_creation if entity == "node" else relationship_creation
    markers = [
        missing_marker(cells) if column in table.lacking else None
        for column, cells in zip(table.columns, table.cells, strict=True)
    ]
    texts = [index for index, column in enumerate(table.columns, id_cells) if column.kind in TEXTS]
    content = content_of(
        ((key, kind, marker) for (key, kind), marker in zip(table.columns, markers, strict=True)),
        id_cells,
    )
    columns: list[Sequence[str]] = [list(map(str, numbers)) for numbers in table.names]
    columns += map(_filled, table.cells, markers)
    rows = unwind(columns, texts)
    return f"{rows} {creation(restore_key, table.group, content)};\n"


def _filled(cells: Sequence[str | None], marker: str | None) -> Sequence[str]:
    """Return a column with its marker for each missing cell."""
    if marker is None:
        return cells  # type: ignore[return-value]  # none of them is None
    return [marker if cell is None else cell for cell in cells]


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
