"""What the answer to a question must be, and whether it is: pure decisions."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from neo4j_r2.core.figures import counted
from neo4j_r2.graph.read_only import Rows

Value = bool | int | float | str

MOST_ROWS: Final = 10_000
"""How far rows are counted."""
LONGEST: Final = 200
"""Characters of an answer that are kept."""

_UNPRINTABLE: Final = "\N{REPLACEMENT CHARACTER}"
_ACCEPTED: Final = (
    'accepted are "no rows", "rows > 0", "count > 0", a number, true, false or a \'text\''
)
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OF_ALL_KINDS: Final = ("=", "<>")
"""The comparisons that truth values and texts know."""
_ROWS: Final = "rows"
_NO_ROWS: Final = re.compile(r"no +rows")
_COMPARISON: Final = re.compile(
    r"(?:(?P<name>[^\W\d_]\w*)|`(?P<quoted>(?:[^`]|``)+)`)"
    r" *(?P<sign><=|>=|<>|=|<|>) *(?P<value>.+)"
)
_WHOLE: Final = re.compile(r"[0-9]{1,9}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}((?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?)")
_TEXT: Final = re.compile(r"'(.*)'")
_TRUTH_VALUES: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Verdict:
    """What came of a question."""

    answer: str
    """The compared value, or the number of rows, as text; empty if there is none to compare."""
    problem: str
    """What is not as expected, in words that follow the question's name; empty if all is."""


@dataclass(frozen=True)
class Expectation:
    """What the answer to a question must be."""

    text: str
    """As the file of questions has it."""
    sign: str
    value: Value
    column: str | None = None
    """The column that is compared with the value; None: the only one."""
    counts_rows: bool = False
    """Whether the number of rows is compared with it instead."""

    @property
    def reads(self) -> int:
        """How many rows of an answer are needed for the verdict, at most."""
        return MOST_ROWS + 1 if self.counts_rows else 2

    def column_problem(self, columns: Sequence[str]) -> str:
        """Return why a query with these columns has no value to compare; empty if it has one."""
        if self.counts_rows or self.column in columns:
            return ""
        if self.column is not None:
            return f"gives no column {shown(self.column)}"
        if len(columns) == 1:
            return ""
        return f"gives {counted(len(columns), 'column')}, and {shown(self.text)} needs one"

    def judge(self, rows: Rows) -> Verdict:
        """Compare an answer."""
        if self.counts_rows:
            return self._judge_number(rows.number)
        if rows.number != 1:
            given = "more than 1 row" if rows.number else "0 rows"
            return Verdict("", f"gives {given}, and {shown(self.text)} needs one")
        if problem := self.column_problem(rows.columns):
            return Verdict("", problem)
        value = rows.first[0 if self.column is None else rows.columns.index(self.column)]
        what = "the answer" if self.column is None else shown(self.column)
        return self._verdict(value, _text(value), f"{what} is {_text(value)}")

    def _judge_number(self, number: int) -> Verdict:
        # More rows than are counted are more than any accepted number.
        given = f"more than {MOST_ROWS:,}" if number > MOST_ROWS else f"{number:,}"
        answer = f"{given} {'row' if number == 1 else 'rows'}" if number else "no rows"
        return self._verdict(number, answer, f"the answer has {given}")

    def _verdict(self, value: object, answer: str, given: str) -> Verdict:
        is_met = _is_comparable(value, self.value) and _COMPARISONS[self.sign](value, self.value)
        return Verdict(answer, "" if is_met else f"expects {shown(self.text)}, and {given}")


def read_expectation(text: str) -> Expectation:
    """Read an expectation.

    :raises ValueError: with what is accepted.
    """
    if _NO_ROWS.fullmatch(text):
        return Expectation(text, "=", 0, counts_rows=True)
    match = _COMPARISON.fullmatch(text)
    if match is None:
        return Expectation(text, "=", _value(text))
    sign, value = match["sign"], match["value"]
    if match["name"] == _ROWS:
        return Expectation(text, sign, _number_of_rows(value), counts_rows=True)
    column = match["name"] or match["quoted"].replace("``", "`")
    read = _value(value)
    if sign not in _OF_ALL_KINDS and not _is_number(read):
        raise ValueError(f"{sign} compares numbers only; {_ACCEPTED}")
    return Expectation(text, sign, read, column)


def shown(text: str) -> str:
    """Return a text as one line of at most `LONGEST` characters that can all be printed."""
    start = text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
    return "".join(character if character.isprintable() else _UNPRINTABLE for character in start)


def _value(text: str) -> Value:
    if text in _TRUTH_VALUES:
        return _TRUTH_VALUES[text]
    if match := _TEXT.fullmatch(text):
        return match[1]
    match = _NUMBER.fullmatch(text)
    if match is None or math.isinf(float(text)):
        raise ValueError(_ACCEPTED)
    return float(text) if match[1] else int(text)


def _number_of_rows(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(_ACCEPTED)
    if int(text) > MOST_ROWS:
        raise ValueError(f"rows are counted up to {MOST_ROWS:,}; let the query count")
    return int(text)


def _is_comparable(value: object, expected: Value) -> bool:
    """Whether two values are of one kind; null and NaN are of none."""
    if _is_number(expected):
        return _is_number(value) and not (isinstance(value, float) and math.isnan(value))
    return type(value) is type(expected)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    """Return a value of an answer as text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return shown(f"'{value}'")
    if isinstance(value, int | float):
        return str(value)
    return f"a value of type {type(value).__name__}"
