"""Rows of many groups in one statement, each with its own labels or type, and its own keys.

The server plans each text of a statement once, which takes it as long as some hundred rows. So
tables of a few rows share a statement, where a block has many of them. A row is its ids, its labels
or its type, and three cells for each property: the key, the kind of the value, and its cell.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import chain, repeat
from typing import Final, NamedTuple, TypeVar

from neo4j_r2.archive.cells.encode import escaped_strings_cell
from neo4j_r2.archive.cells.kinds import ESCAPED_STRINGS, FLOATS_32, KINDS, VECTOR_SETTERS
from neo4j_r2.archive.text.quoting import quote_name, string_literal
from neo4j_r2.archive.text.restore_key import RestoreKey, endpoints
from neo4j_r2.archive.text.row_tables import RowTable, pieces
from neo4j_r2.archive.text.rows import ID_CELLS, EntityKind
from neo4j_r2.archive.text.unwind import unwind_rows

_FEW_ROWS: Final = 16
"""A table of up to this many rows is better mixed with others, if there are many such tables."""
_MANY_TABLES: Final = 32
"""So many tables of a few rows each are worth a statement that is slower for a row."""


_Table = TypeVar("_Table")


class _Row(NamedTuple):
    id: int
    cells: list[str]
    kinds: list[str]
    size: int


def split_off_rare(
    tables: Sequence[_Table], number_of: Callable[[_Table], int]
) -> tuple[list[_Table], list[_Table]]:
    """Return the tables that get statements of their own, and those that are to be mixed.

    :param number_of: returns how many rows a table has.
    """
    alike = [table for table in tables if number_of(table) > _FEW_ROWS]
    if len(tables) - len(alike) <= _MANY_TABLES:
        return list(tables), []
    return alike, [table for table in tables if number_of(table) <= _FEW_ROWS]


def mixed_statements(
    tables: Iterable[RowTable], entity: EntityKind, restore_key: RestoreKey
) -> Iterator[str]:
    """Yield the statements that create the rows of tables, in ascending order of their ids."""
    rows = sorted(chain.from_iterable(_rows(table, entity) for table in tables))
    sizes = [row.size for row in rows]
    for place in pieces(len(rows), sum(sizes), lambda: sizes):
        some = rows[place]
        kinds = set(chain.from_iterable(row.kinds for row in some))
        creation = mixed_creation(entity, kinds, restore_key)
        yield f"{unwind_rows([row.cells for row in some])} {creation};\n"


def _rows(table: RowTable, entity: EntityKind) -> Iterator[_Row]:
    named = escaped_strings_cell(table.group) if entity == "node" else table.group[0]
    cells = zip(*table.cells, strict=True) if table.cells else repeat(())
    names = zip(*table.names, strict=True)
    for number, row_names, row_cells, size in zip(
        table.ids, names, cells, table.sizes(), strict=False
    ):
        properties = [
            (column.key, column.kind, cell)
            for column, cell in zip(table.columns, row_cells, strict=True)
            if cell is not None
        ]
        yield _Row(
            number,
            [*map(str, row_names), named, *chain.from_iterable(properties)],
            [kind for _, kind, _ in properties],
            size,
        )


def mixed_creation(entity: EntityKind, kinds: Collection[str], restore_key: RestoreKey) -> str:
    """Return the clauses that create the entity of a row ``r``.

    :param kinds: all kinds of the statement's cells.
    """
    name = "n" if entity == "node" else "e"
    places = f"range({ID_CELLS[entity] + 1}, size(r) - 3, 3)"
    clauses = [mixed_beginning(entity, restore_key)]
    if plain := sorted(kind for kind in kinds if kind != FLOATS_32):
        cases = " ".join(
            f"WHEN {string_literal(kind)} THEN {KINDS[kind].format(c='r[place + 2]')}"
            for kind in plain
        )
        clauses.append(
            f"FOREACH (place IN {places} | SET {name}[r[place]] = CASE r[place + 1] {cases} END)"
        )
    if FLOATS_32 in kinds:
        vector = KINDS[FLOATS_32].format(c="r[place + 2]")
        clauses.append(
            f"WITH {name}, r CALL ({name}, r) {{ UNWIND {places} AS place WITH {name}, r, place "
            f"WHERE r[place + 1] = {string_literal(FLOATS_32)} "
            f"CALL {VECTOR_SETTERS[name]}({name}, r[place], {vector}) }}"
        )
    return " ".join(clauses)


def mixed_beginning(entity: EntityKind, restore_key: RestoreKey) -> str:
    """Return the clauses that create the entity without its properties."""
    if entity == "relationship":
        return f"{endpoints(restore_key)}CREATE (a)-[e:$(r[2])]->(b)"
    label, key = quote_name(restore_key.label), quote_name(restore_key.key)
    labels = KINDS[ESCAPED_STRINGS].format(c="r[1]")
    return f"CREATE (n:{label}:$({labels}) {{{key}: toInteger(r[0])}})"
