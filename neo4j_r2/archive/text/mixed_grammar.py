"""Reads the statements of `mixed_table`, and refuses all others."""

from __future__ import annotations

from neo4j_r2.archive.cells.decode import decode
from neo4j_r2.archive.cells.encode import escaped_strings_cell
from neo4j_r2.archive.cells.kinds import ESCAPED_STRINGS, KINDS
from neo4j_r2.archive.text.mixed_table import mixed_beginning, mixed_creation
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import ID_CELLS, Column, EntityKind
from neo4j_r2.archive.text.table_grammar import Table, TableColumn, TableShape
from neo4j_r2.core.errors import CorruptError


def read_mixed(rows: list[list[str]], creation: str, restore_key: RestoreKey) -> list[Table] | None:
    """Return rows of many groups as tables, each of rows with the same group and columns.

    :param creation: the clauses behind the rows.
    :return: None if the clauses are not of this form.
    :raises CorruptError: if this service does not write just these clauses for these rows.
    """
    for entity in ID_CELLS:
        if creation.startswith(mixed_beginning(entity, restore_key)):
            return _tables(rows, creation, entity, restore_key)
    return None


def _tables(
    rows: list[list[str]], creation: str, entity: EntityKind, restore_key: RestoreKey
) -> list[Table]:
    group_place = ID_CELLS[entity]
    tables: dict[tuple[str, tuple[Column, ...]], list[int]] = {}
    for place, row in enumerate(rows):
        if len(row) <= group_place:
            raise CorruptError("a row has too few cells")
        columns = _columns(row[group_place + 1 :])
        tables.setdefault((row[group_place], columns), []).append(place)
    kinds = {column.kind for _, columns in tables for column in columns}
    if creation != mixed_creation(entity, kinds, restore_key):
        raise CorruptError("not a statement of this service")
    return [
        Table(
            _shape(entity, group, columns, restore_key),
            [[*rows[place][:group_place], *rows[place][group_place + 3 :: 3]] for place in places],
            places,
        )
        for (group, columns), places in tables.items()
    ]


def _columns(cells: list[str]) -> tuple[Column, ...]:
    columns = tuple(map(Column, cells[::3], cells[1::3]))
    keys = [column.key for column in columns]
    if len(cells) % 3 or keys != sorted(set(keys)) or "" in keys:
        raise CorruptError("a row's properties are not those that this service writes")
    if not all(column.kind in KINDS for column in columns):
        raise CorruptError("a row has a value of an unknown kind")
    return columns


def _shape(
    entity: EntityKind, group: str, columns: tuple[Column, ...], restore_key: RestoreKey
) -> TableShape:
    named = tuple(decode(ESCAPED_STRINGS, group)) if entity == "node" else (group,)
    is_own = entity == "relationship" or escaped_strings_cell(named) == group
    if "" in named or list(named) != sorted(set(named)) or not is_own:
        raise CorruptError("a row's labels are not those that this service writes")
    table_columns = tuple(TableColumn(column.key, column.kind, None) for column in columns)
    return TableShape(entity, named, table_columns, restore_key.label, restore_key.key)
