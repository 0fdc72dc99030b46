"""Gathers entities, which a file of another program gives a few at a time, into batches."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from neo4j_r2.archive.foreign.creation import BatchGroup, RowPlan, node_names
from neo4j_r2.archive.items import Batch, MatchBatch, NodeBatch, RelationshipBatch
from neo4j_r2.archive.text.row_tables import STATEMENT_CHARACTERS, STATEMENT_ROWS
from neo4j_r2.archive.text.rows import Column

_MOST_CHARACTERS: Final = 8 * STATEMENT_CHARACTERS
_MOST_GROUPS: Final = 64
_MOST_OPEN_OF_A_GROUP: Final = 4
"""The most that may wait in open batches: a file can have any number of groups and columns."""


@dataclass
class _OpenBatch:
    """A batch that still takes rows: of one group, with columns that do not conflict."""

    line: int
    """The line of its first entity."""
    group: BatchGroup
    columns: tuple[Column, ...]
    """Of all rows so far; a row can lack some."""
    names: list[list[Any]] = field(default_factory=lambda: [[], []])
    """Of the nodes, in the first list; or of the relationships' starts and ends."""
    rows: list[list[Any]] = field(default_factory=list)
    characters: int = 0

    def takes(self, columns: Sequence[Column]) -> bool:
        """Whether rows with these columns fit: no kinds conflict, and few values are missing."""
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
        """Add the new columns to all rows so far; return the new rows with the batch's columns."""
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
    """Holds the open batches, and closes them when they are full or too many."""

    def __init__(self) -> None:
        self._open: dict[BatchGroup, list[_OpenBatch]] = {}
        self._entity = ""
        self._characters = 0

    def add(
        self, line: int, plan: RowPlan, texts: Sequence[Sequence[str]], characters: int
    ) -> Iterator[tuple[int, Batch]]:
        """Add entities, and yield the batches that this closes, each with its first line.

        Nodes that stand before relationships in the file come before them here too, and those
        behind them come after. Nodes among nodes, and relationships among relationships, can change
        their order: nothing depends on it.

        :param line: the number of the line where the entities are.
        :param texts: for each entity the texts of its values.
        :param characters: how long the text of all of them is.
        """
        if plan.group.entity != self._entity:
            yield from self.flush()
            self._entity = plan.group.entity
        # A statement can have many more rows than a batch may: it is added in parts.
        step = max(1, min(STATEMENT_ROWS, STATEMENT_CHARACTERS * len(texts) // (characters + 1)))
        for first in range(0, len(texts), step):
            part = texts[first : first + step]
            yield from self._make_room(plan)
            size = characters * len(part) // len(texts)
            self._fill(self._fitting_or_new(line, plan), plan, part, size)

    def flush(self) -> Iterator[tuple[int, Batch]]:
        """Close all open batches, and yield them."""
        batches = [batch for batches in self._open.values() for batch in batches]
        self._open, self._characters = {}, 0
        for batch in batches:
            yield batch.line, batch.batch()

    def _make_room(self, plan: RowPlan) -> Iterator[tuple[int, Batch]]:
        """Close and yield full or surplus batches, before rows of a plan are added."""
        if self._characters >= _MOST_CHARACTERS or (
            len(self._open) >= _MOST_GROUPS and plan.group not in self._open
        ):
            yield from self.flush()
        of_group = self._open.setdefault(plan.group, [])
        for each in [each for each in of_group if each.is_full()]:
            yield self._close(of_group, each)
        if len(of_group) >= _MOST_OPEN_OF_A_GROUP and self._fitting(plan) is None:
            yield self._close(of_group, of_group[0])

    def _close(self, of_group: list[_OpenBatch], closed: _OpenBatch) -> tuple[int, Batch]:
        of_group.remove(closed)
        self._characters -= closed.characters
        return closed.line, closed.batch()

    def _fitting(self, plan: RowPlan) -> _OpenBatch | None:
        of_group = self._open[plan.group]
        for each in of_group:
            if each.columns == plan.columns:
                return each
        return next((each for each in of_group if each.takes(plan.columns)), None)

    def _fitting_or_new(self, line: int, plan: RowPlan) -> _OpenBatch:
        found = self._fitting(plan)
        if found is None:
            found = _OpenBatch(line, plan.group, plan.columns)
            self._open[plan.group].append(found)
        return found

    def _fill(
        self, target: _OpenBatch, plan: RowPlan, texts: Sequence[Sequence[str]], characters: int
    ) -> None:
        values = [
            list(map(convert, column))
            for convert, column in zip(plan.convert, zip(*texts, strict=True), strict=False)
        ]
        # Not strict: a node has one list of names, and at most one key.
        for names, key in zip(target.names, plan.keys, strict=False):
            names.extend(node_names(key, values, len(texts)))
        if not plan.keys and plan.group.entity == "node":
            nameless: list[Hashable] = [None] * len(texts)
            target.names[0] += nameless
        target.add(plan.columns, plan.rows(values) or [[] for _ in texts])
        target.characters += characters
        self._characters += characters
