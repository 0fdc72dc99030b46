"""Rows as Cypher statements that create them, batches of rows as one string literal each.

Long lists of literals take the parser longer than the database (one string literal restores
28 times faster), so a statement is ``UNWIND split("…", "\\n") AS line WITH split(line, "\\t") AS r
CREATE …``: the literal becomes a parameter and the plan of the statement is reused.
docs/design.md, "Archive grammar", has the format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Final

from neo4j_r2.cypher import quote_name, string_literal
from neo4j_r2.rows import Column, Row
from neo4j_r2.values import KINDS

STATEMENT_ROWS: Final = 1000
STATEMENT_CHARACTERS: Final = 512 * 1024
"""A statement holds at most this many rows, and no further row once it has so many characters."""


@dataclass(frozen=True)
class Identity:
    """The names that a restore uses to find a relationship's endpoints, and then removes.

    No node of the graph has the label or the property, and nothing in its schema the name.
    """

    label: str
    key: str
    constraint: str

    @staticmethod
    def numbered(number: int) -> Identity:
        """Return the first choice of names (0), or a further one."""
        suffix = str(number) if number else ""
        return Identity(f"_BackupNode{suffix}", f"_backup_id{suffix}", f"_backup_identity{suffix}")


@dataclass
class _Table:
    """Rows of one group whose columns agree, some of them perhaps missing in some rows."""

    group: tuple[str, ...]
    kinds: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    cells: int = 0

    def takes(self, columns: Sequence[Column], rows: int) -> bool:
        """Whether rows with these columns fit without a conflict and without much emptiness."""
        if any(self.kinds.get(key, kind) != kind for key, kind in columns):
            return False
        width = len(self.kinds.keys() | {column.key for column in columns})
        filled = self.cells + rows * len(columns)
        return width * (len(self.rows) + rows) <= 2 * filled

    def add(self, columns: Sequence[Column], rows: list[Row]) -> None:
        self.kinds.update(columns)
        self.rows.extend(rows)
        self.cells += len(columns) * len(rows)


def node_statements(rows: Iterable[Row], identity: Identity) -> str:
    """Return the statements that create nodes, a line each; see `Row`."""
    return _statements(rows, 1, partial(node_creation, identity))


def relationship_statements(rows: Iterable[Row], identity: Identity) -> str:
    """Return the statements that create relationships between nodes already created."""
    return _statements(rows, 2, partial(relationship_creation, identity))


def node_creation(identity: Identity, labels: tuple[str, ...], properties: str) -> str:
    """Return the clause that creates a node of the row ``r``."""
    quoted = "".join(":" + quote_name(label) for label in (identity.label, *labels))
    key = f"{quote_name(identity.key)}: toInteger(r[0])"
    return f"CREATE ({quoted} {{{', '.join(filter(None, [key, properties]))}}})"


def relationship_creation(identity: Identity, kind: tuple[str, ...], properties: str) -> str:
    """Return the clauses that find the endpoints of the row ``r`` and create a relationship.

    :param kind: its type, alone.
    """
    label, key = quote_name(identity.label), quote_name(identity.key)
    endpoints = "".join(
        f"MATCH ({name}:{label} {{{key}: toInteger(r[{index}])}}) "
        f"USING INDEX {name}:{label}({key}) "
        for index, name in enumerate("ab")
    )
    content = f" {{{properties}}}" if properties else ""
    return f"{endpoints}CREATE (a)-[:{quote_name(kind[0])}{content}]->(b)"


def property_expression(key: str, kind: str, cell: str, missing: str | None) -> str:
    """Return a property map's entry: the key, and how its kind is read from a cell.

    :param cell: the expression that the cell is, as in r[1].
    :param missing: the cell of rows without the property, None if there are none.
    """
    expression = KINDS[kind].format(c=cell)
    if missing is not None:
        expression = f"CASE {cell} WHEN {string_literal(missing)} THEN null ELSE {expression} END"
    return f"{quote_name(key)}: {expression}"


def _statements(
    rows: Iterable[Row], identity_cells: int, creation: Callable[[tuple[str, ...], str], str]
) -> str:
    lines = []
    for table in _tables(rows):
        for batch in _batches(table):
            optional, cells = _cells(batch)
            properties = _properties(batch, identity_cells, optional)
            lines.append(f"{_unwind(cells)} {creation(batch.group, properties)};\n")
    return "".join(lines)


def _tables(rows: Iterable[Row]) -> Iterator[_Table]:
    """Gather rows by group and columns, in an order that depends on nothing but the rows.

    Rows of one group with different columns share a table where they can: a label with ten
    optional properties would otherwise need a statement, and a plan, for each combination.
    """
    groups: dict[tuple[str, ...], dict[tuple[Column, ...], list[Row]]] = {}
    for row in rows:
        groups.setdefault(row.group, {}).setdefault(row.columns, []).append(row)
    for group in sorted(groups):
        table = _Table(group)
        for columns, alike in sorted(groups[group].items()):
            if table.rows and not table.takes(columns, len(alike)):
                yield table
                table = _Table(group)
            table.add(columns, alike)
        yield table


def _batches(table: _Table) -> Iterator[_Table]:
    """Cut a table into statements' worth of rows, in ascending order of their ids."""
    batch, size = _Table(table.group, table.kinds), 0
    for row in sorted(table.rows):
        if size >= STATEMENT_CHARACTERS or len(batch.rows) == STATEMENT_ROWS:
            yield batch
            batch, size = _Table(table.group, table.kinds), 0
        batch.rows.append(row)
        size += row.size
    yield batch


def _cells(table: _Table) -> tuple[dict[str, str], list[tuple[str, ...]]]:
    """Return the marker of a missing cell for each key that needs one, and all rows' cells."""
    keys = sorted(table.kinds)
    if all(len(row.columns) == len(keys) for row in table.rows):
        return {}, [row.identity + row.cells for row in table.rows]
    present = [
        {column.key: cell for column, cell in zip(row.columns, row.cells, strict=True)}
        for row in table.rows
    ]
    markers = {
        key: _missing_marker(present, key)
        for key in keys
        if any(key not in cells for cells in present)
    }
    return markers, [
        row.identity + tuple(cells.get(key, markers.get(key, "")) for key in keys)
        for row, cells in zip(table.rows, present, strict=True)
    ]


def _missing_marker(present: Sequence[dict[str, str]], key: str) -> str:
    used = {cells.get(key) for cells in present}
    return next(marker for length in count(1) if (marker := "-" * length) not in used)


def _properties(table: _Table, identity_cells: int, optional: dict[str, str]) -> str:
    """Return the property map's content, each key with the expression of its kind."""
    return ", ".join(
        property_expression(key, table.kinds[key], f"r[{index}]", optional.get(key))
        for index, key in enumerate(sorted(table.kinds), identity_cells)
    )


def _unwind(rows: Sequence[tuple[str, ...]]) -> str:
    """Return the clauses that turn the rows' text into lists ``r`` of cells."""
    line, cell = "\n", "\t"
    text = line.join(map(cell.join, rows))
    cells = sum(map(len, rows))
    if text.count(line) != len(rows) - 1 or text.count(cell) != cells - len(rows):
        line = _separator("\n\x1e\x1c", text)
        cell = _separator("\t\x1f\x1d", text)
        text = line.join(map(cell.join, rows))
    return (
        f"UNWIND split({string_literal(text)}, {string_literal(line)}) AS line "
        f"WITH split(line, {string_literal(cell)}) AS r"
    )


def _separator(preferred: str, text: str) -> str:
    """Return a separator that `text` does not hold, nor its pieces can make.

    The last resort is a run of the last preferred character, longer than any in the text, and a
    character that ends it: wherever it is put, it is found there and nowhere else.
    """
    for separator in preferred:
        if separator not in text:
            return separator
    run = preferred[-1]
    while run in text:
        run += preferred[-1]
    return run + "."
