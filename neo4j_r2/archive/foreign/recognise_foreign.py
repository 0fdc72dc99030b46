"""Reads archives of other programs: APOC's Cypher exports, and the specification's format.

A statement with data is never run as it stands. Its names and values are taken out of it, and the
code that restores our own archives writes statements of its own for them. So a file that takes
cypher-shell hours is restored in minutes, and whoever can write to the bucket cannot run Cypher.

APOC writes MERGE for `updateAll`, `addStructure` and `updateStructure`. Here it creates, because
keys are unique in an export and the target is empty. Parallel relationships stay apart; a real
MERGE would make one of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from neo4j_r2.archive.foreign import statement_grammar as grammar
from neo4j_r2.archive.foreign.creation import Creation, RowPlan, plan_rows
from neo4j_r2.archive.foreign.gather import Gatherer
from neo4j_r2.archive.foreign.literal_shapes import LiteralShape, ShapeReader
from neo4j_r2.archive.foreign.old_schema import modernise
from neo4j_r2.archive.foreign.schema_grammar import (
    FRAME,
    TEMPORARY_CONSTRAINT,
    TEMPORARY_CONSTRAINT_DROP,
    check_schema,
    is_schema,
)
from neo4j_r2.archive.items import Adaptation, AnyStatement, Item, SchemaStatement
from neo4j_r2.archive.text.scanner import KeyPath
from neo4j_r2.archive.text.split_statements import Statement, split
from neo4j_r2.core.errors import CorruptError

_PlannedRows = tuple[RowPlan, list[Sequence[str]]]
"""Rows of one shape, as the texts of their values, and the plan for them."""
_ROWS: Final = re.compile(r"UNWIND\s+(?=\[)")
_PARAMETER: Final = re.compile(r":param rows => (?=\[)")
_PARAMETER_USE: Final = re.compile(r"UNWIND \$rows (?=(?:AS|as) row)")
_DATA: Final = re.compile(r"(?:CREATE|MATCH|MERGE)\s*\(")
_BEHIND_ROW: Final = r"[ \t\r\n]*+(?:,[ \t\r\n]*+(?=\{)|\](?![ \t\r\n]*+\{))"
"""A comma with another row behind it, or the closing bracket with none."""
_BEGIN: Final = frozenset({":begin", "begin"})
_COMMIT: Final = frozenset({":commit", "commit"})
_AWAIT: Final = "schema await"
"""Commands in lower case. APOC 3.0 and 3.1 wrote some of them in the other case."""
_LOOKUP_INDEX_DROP: Final = "DROP INDEX "
_MOST_PLANS: Final = 4096
"""How many plans are remembered; then all are forgotten, to keep memory small."""


def recognise_foreign(
    lines: Iterable[str], *, allow_any_statement: bool = False
) -> Iterator[tuple[int, Item]]:
    """Yield what a file of another program holds, in the file's order, each with its line.

    The file's frame is left out: transactions, waits, and APOC's temporary constraint and label.

    :param lines: without their line feeds.
    :param allow_any_statement: whether a statement that no grammar knows is passed on as it is.
    :raises CorruptError: if the file was cut off; or for a statement that no grammar knows, with
        the number of its line.
    """
    reader = _Reader(allow_any_statement)
    for statement in split(lines):
        try:
            yield from reader.read(statement)
        except CorruptError as error:
            raise CorruptError(f"line {statement.line}: {error}") from error
    yield from reader.finish()


class _Reader:
    """Reads statement by statement, and remembers what the following ones depend on."""

    def __init__(self, allow_any_statement: bool) -> None:
        self._allows_any = allow_any_statement
        self._gatherer = Gatherer()
        self._rows = ShapeReader(grammar.parse_row, _BEHIND_ROW)
        self._statements = ShapeReader(grammar.parse_statement, r"[ \t\r\n]*\Z")
        self._plans: dict[tuple[Creation, LiteralShape[frozenset[KeyPath]]], RowPlan] = {}
        self._statement_plans: dict[LiteralShape[Creation], RowPlan] = {}
        self._parameter: str | None = None
        """The list of rows in a `:param` command, which the next statement has to use."""
        self._is_in_transaction = False
        self._has_constraint = False
        """Whether APOC's temporary constraint was created, and has yet to be dropped."""
        self._has_lookup_indexes = True
        """Whether the file leaves a new database its lookup indexes."""
        self._last: list[tuple[int, SchemaStatement]] = []
        """Statements that come after all others."""

    def read(self, statement: Statement) -> Iterator[tuple[int, Item]]:
        if self._parameter is not None:
            yield from self._before_rows_are_used(statement)
        elif statement.is_command:
            self._command(statement.text)
        elif not self._is_frame(statement.text):
            yield from self._content(statement)

    def finish(self) -> Iterator[tuple[int, Item]]:
        if self._parameter is not None or self._is_in_transaction or self._has_constraint:
            raise CorruptError("the end is missing: the file was cut off")
        yield from self._gatherer.flush()
        yield from self._last

    def _command(self, text: str) -> None:
        command = text.lower()
        if command in _BEGIN and not self._is_in_transaction:
            self._is_in_transaction = True
        elif command in _COMMIT and self._is_in_transaction:
            self._is_in_transaction = False
        elif match := _PARAMETER.match(text):
            self._parameter = text[match.end() :]
        elif command != _AWAIT:
            raise CorruptError(f"not a command that restores: {text[:60]!r}")

    def _is_frame(self, text: str) -> bool:
        if TEMPORARY_CONSTRAINT.fullmatch(text):
            self._has_constraint = True
        elif TEMPORARY_CONSTRAINT_DROP.fullmatch(text):
            self._has_constraint = False
        else:
            return FRAME.fullmatch(text) is not None
        return True

    def _content(self, statement: Statement) -> Iterator[tuple[int, Item]]:
        try:
            rows = self._data(statement.text)
            others = [] if rows else self._schema(statement)
        except CorruptError:
            if not self._allows_any:
                raise
            rows, others = [], [AnyStatement(statement.text)]
        if rows:
            yield from self._gathered(statement.line, len(statement.text), rows)
        else:
            yield from self._gatherer.flush()
            yield from ((statement.line, item) for item in others)

    def _data(self, text: str) -> list[_PlannedRows]:
        """Return the rows of a statement that creates entities; none if it is another one."""
        if match := _ROWS.match(text):
            return self._table(text, match.end())
        return [self._single(text)] if _DATA.match(text) else []

    def _schema(self, statement: Statement) -> list[Item]:
        text = statement.text
        modern = modernise(text, has_lookup_indexes=self._has_lookup_indexes)
        if modern is None:
            if not is_schema(text):
                raise CorruptError(f"not a statement that restores: {text[:60]!r}")
            check_schema(text)
            self._has_lookup_indexes &= not text.startswith(_LOOKUP_INDEX_DROP)
            return [SchemaStatement(text)]
        items: list[Item] = [Adaptation(statement.line, text, modern.text, modern.loss)]
        if modern.comes_last:
            self._last.append((statement.line, SchemaStatement(modern.text)))
        elif modern.text:
            items.append(SchemaStatement(modern.text))
        return items

    def _gathered(
        self, line: int, characters: int, runs: list[_PlannedRows]
    ) -> Iterator[tuple[int, Item]]:
        number = sum(len(rows) for _, rows in runs)
        for chosen, rows in runs:
            yield from self._gatherer.add(line, chosen, rows, characters * len(rows) // number)

    def _before_rows_are_used(self, statement: Statement) -> Iterator[tuple[int, Item]]:
        if statement.is_command and statement.text.lower() in _BEGIN:
            self._command(statement.text)  # APOC 3.4 wrote the rows before the transaction
        else:
            yield from self._use_parameter(statement)

    def _use_parameter(self, statement: Statement) -> Iterator[tuple[int, Item]]:
        match = _PARAMETER_USE.match(statement.text)
        if match is None or statement.is_command:
            raise CorruptError("the rows are not used")
        text = f"{self._parameter} {statement.text[match.end() :]}"
        self._parameter = None
        yield from self._gathered(statement.line, len(text), self._table(text, 0))

    def _table(self, text: str, position: int) -> list[_PlannedRows]:
        """Read the rows in the brackets at a position, and plan what is made of them."""
        position += 1
        runs: dict[LiteralShape[frozenset[KeyPath]], list[Sequence[str]]] = {}
        while not runs or text.startswith("{", position):
            shape, values, position = self._rows.read(text, position)
            runs.setdefault(shape, []).append(values)
        creation = grammar.parse_rows_creation(text[position:])
        return [(self._plan(creation, shape), rows) for shape, rows in runs.items()]

    def _plan(self, creation: Creation, shape: LiteralShape[frozenset[KeyPath]]) -> RowPlan:
        found = self._plans.get((creation, shape))
        if found is None:
            if shape.meaning != grammar.row_maps(creation):
                raise CorruptError("a row is not what its statement reads")
            found = self._plans[creation, shape] = plan_rows(creation, shape)
            if len(self._plans) > _MOST_PLANS:
                self._plans.clear()
        return found

    def _single(self, text: str) -> _PlannedRows:
        shape, values, _ = self._statements.read(text, 0)
        found = self._statement_plans.get(shape)
        if found is None:
            found = self._statement_plans[shape] = plan_rows(shape.meaning, shape)
            if len(self._statement_plans) > _MOST_PLANS:
                self._statement_plans.clear()
        return found, [values]
