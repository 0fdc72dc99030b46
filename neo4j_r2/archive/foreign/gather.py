"""Entities that come a few at a time, as batches."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from neo4j_r2.archive.foreign.creation import Group, Plan, named
from neo4j_r2.archive.items import Batch, MatchBatch, NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.row_tables import STATEMENT_CHARACTERS, STATEMENT_ROWS
from neo4j_r2.archive.text.rows import Column

_HELD_CHARACTERS: Final = 8 * STATEMENT_CHARACTERS
_HELD_GROUPS: Final = 64
_HELD_TABLES: Final = 4
"""Of one group."""


@dataclass
class _Gathered:
    """Entities of one group whose columns agree, some of them perhaps missing in some rows."""

    line: int
    group: Group
    columns: tuple[Column, ...]
    names: list[list[Any]] = field(default_factory=lambda: [[], []])
    rows: list[list[Any]] = field(default_factory=list)
    characters: int = 0

    def takes(self, columns: Sequence[Column]) -> bool:
        """Whether rows of these columns fit without a conflict and without much emptiness."""
        kinds = dict(self.columns)
        width = len(kinds.keys() | {column.key for column in columns})
        return width <= 2 * min(len(kinds), len(columns)) and all(
            kinds.get(key, kind) == kind for key, kind in columns
        )

    def is_full(self) -> bool:
        return len(self.rows) >= STATEMENT_ROWS or self.characters >= STATEMENT_CHARACTERS

    def add(self, columns: tuple[Column, ...], rows: list[list[Any]]) -> None:
        if self.columns != columns:
            rows = self._widened(columns, rows)
        self.rows += rows

    def _widened(self, columns: Sequence[Column], rows: list[list[Any]]) -> list[list[Any]]:
        """Make room for new columns in all rows, and return the new rows in the table's order."""
        new = tuple(column for column in columns if column not in self.columns)
        self.columns += new
        for row in self.rows:
            row.extend([None] * len(new))
        places = [self.columns.index(column) for column in columns]
        widened = []
        for row in rows:
            cells: list[Any] = [None] * len(self.columns)
            for place, value in zip(places, row, strict=True):
                cells[place] = value
            widened.append(cells)
        return widened

    def batch(self) -> Batch:
        columns, rows, size, (starts, ends) = self.columns, self.rows, self.characters, self.names
        names, patterns = self.group.names, self.group.patterns
        if self.group.entity == "node":
            return NodeBatch(names, columns, starts, rows, size)
        if patterns == (None, None):
            return RelationshipBatch(names[0], columns, starts, ends, rows, size)
        return MatchBatch(names[0], columns, patterns[0], patterns[1], starts, ends, rows, size)


class Gatherer:
    """Keeps what can still become part of a batch."""

    def __init__(self) -> None:
        self._tables: dict[Group, list[_Gathered]] = {}
        self._entity = ""
        self._characters = 0

    def add(
        self, line: int, plan: Plan, texts: Sequence[Sequence[str]], characters: int
    ) -> Iterator[tuple[int, Batch]]:
        """Add entities, and yield the batches that are full, each with its first line.

        Nodes and relationships keep their order; nodes among nodes and relationships among
        relationships do not need theirs.

        :param texts: of the values of each entity.
        """
        if plan.group.entity != self._entity:
            yield from self.flush()
            self._entity = plan.group.entity
        # A statement can hold many times as many rows as a batch.
        step = max(1, min(STATEMENT_ROWS, STATEMENT_CHARACTERS * len(texts) // (characters + 1)))
        for first in range(0, len(texts), step):
            part = texts[first : first + step]
            yield from self._make_room(plan)
            size = characters * len(part) // len(texts)
            self._fill(self._table(line, plan), plan, part, size)

    def flush(self) -> Iterator[tuple[int, Batch]]:
        """Yield what is kept."""
        tables = [table for tables in self._tables.values() for table in tables]
        self._tables, self._characters = {}, 0
        for table in tables:
            yield table.line, table.batch()

    def _make_room(self, plan: Plan) -> Iterator[tuple[int, Batch]]:
        """Yield what must not wait any longer for rows like those of a plan."""
        if self._characters >= _HELD_CHARACTERS or (
            len(self._tables) >= _HELD_GROUPS and plan.group not in self._tables
        ):
            yield from self.flush()
        tables = self._tables.setdefault(plan.group, [])
        for table in [table for table in tables if table.is_full()]:
            yield self._taken(tables, table)
        if len(tables) >= _HELD_TABLES and self._fitting(plan) is None:
            yield self._taken(tables, tables[0])

    def _taken(self, tables: list[_Gathered], table: _Gathered) -> tuple[int, Batch]:
        tables.remove(table)
        self._characters -= table.characters
        return table.line, table.batch()

    def _fitting(self, plan: Plan) -> _Gathered | None:
        tables = self._tables[plan.group]
        for table in tables:
            if table.columns == plan.columns:
                return table
        return next((table for table in tables if table.takes(plan.columns)), None)

    def _table(self, line: int, plan: Plan) -> _Gathered:
        table = self._fitting(plan)
        if table is None:
            table = _Gathered(line, plan.group, plan.columns)
            self._tables[plan.group].append(table)
        return table

    def _fill(
        self, table: _Gathered, plan: Plan, texts: Sequence[Sequence[str]], characters: int
    ) -> None:
        values = [
            list(map(convert, column))
            for convert, column in zip(plan.convert, zip(*texts, strict=True), strict=False)
        ]
        for names, key in zip(table.names, plan.keys, strict=False):
            names.extend(named(key, values, len(texts)))
        if not plan.keys and plan.group.entity == "node":
            nameless: list[Hashable] = [None] * len(texts)
            table.names[0] += nameless
        table.add(plan.columns, plan.rows(values) or [[] for _ in texts])
        table.characters += characters
        self._characters += characters
