"""What an answer must be: by value, never across kinds, and never null."""

from __future__ import annotations

import math

import pytest

from neo4j_r2.graph.read_only import Rows
from neo4j_r2.restore.expectation import LONGEST, MOST_ROWS, read_expectation, shown


def one(value: object, column: str = "count") -> Rows:
    """Return an answer of one value."""
    return Rows((column,), 1, (value,))


def problem(text: str, rows: Rows) -> str:
    return read_expectation(text).judge(rows).problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count > 0", 1),
        ("count >= 1", 1),
        ("count < 2", 1),
        ("count <= 1", 1.0),
        ("count = 3", 3.0),
        ("count = 3.0", 3),
        ("count=3", 3),
        ("count <> 3", 4),
        ("count = -1.5e3", -1500),
        ("count = 0.1", 0.1),
        ("count > 1e300", math.inf),
        ("count = 9007199254740993", 9007199254740993),
        ("count = true", True),
        ("count <> true", False),
        ("count = 'a'", "a"),
        ("count <> 'a'", "b"),
        ("count = 'it's'", "it's"),
        ("count = ''", ""),
        ("`count` = 1", 1),
        ("3", 3),
        ("+3", 3),
        ("-3", -3),
        ("false", False),
        ("'three'", "three"),
    ],
)
def test_an_answer_is_as_expected(text: str, value: object) -> None:
    assert problem(text, one(value)) == ""


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("count > 0", 0, "count is 0"),
        ("count >= 1", 0.5, "count is 0.5"),
        ("count < 2", 2, "count is 2"),
        ("count <= 1", 1.5, "count is 1.5"),
        ("count = 9007199254740992.0", 9007199254740993, "count is 9007199254740993"),
        ("count <> 3", 3.0, "count is 3.0"),
        ("count = true", False, "count is false"),
        ("count = 'a'", "A", "count is 'A'"),
        ("3", 4, "the answer is 4"),
        ("'three'", "3", "the answer is '3'"),
    ],
)
def test_an_answer_that_is_not_as_expected_is_told(text: str, value: object, told: str) -> None:
    assert problem(text, one(value)) == f"expects {text}, and {told}"


@pytest.mark.parametrize("sign", ["=", "<>"])
@pytest.mark.parametrize(
    ("expected", "value", "told"),
    [
        ("3", "3", "'3'"),
        ("1", True, "true"),
        ("true", 1, "1"),
        ("'true'", True, "true"),
        ("'3'", 3, "3"),
        ("3", None, "null"),
        ("'null'", None, "null"),
        ("false", None, "null"),
        ("3", math.nan, "nan"),
        ("3", [3], "a value of type list"),
        ("'a'", {"a": 1}, "a value of type dict"),
    ],
)
def test_a_value_of_another_kind_is_neither_equal_nor_different(
    sign: str, expected: str, value: object, told: str
) -> None:
    text = f"count {sign} {expected}"
    assert problem(text, one(value)) == f"expects {text}, and count is {told}"


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("value", [None, math.nan, "3", True])
def test_nothing_but_a_number_is_smaller_or_larger(sign: str, value: object) -> None:
    assert problem(f"count {sign} 2", one(value)).startswith(f"expects count {sign} 2, and ")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("no rows", 0),
        ("no  rows", 0),
        ("rows = 0", 0),
        ("rows > 0", 1),
        ("rows <= 2", 2),
        ("rows <> 2", 3),
        ("rows = 10000", MOST_ROWS),
        ("rows > 10000", MOST_ROWS + 1),
        ("rows <> 10000", MOST_ROWS + 1),
    ],
)
def test_rows_are_counted(text: str, number: int) -> None:
    expectation = read_expectation(text)
    assert expectation.judge(Rows(("a", "b"), number, (1, 2))).problem == ""
    assert number <= expectation.reads


@pytest.mark.parametrize(
    ("text", "number", "told"),
    [
        ("no rows", 3, "the answer has 3"),
        ("no rows", MOST_ROWS + 1, "the answer has more than 10,000"),
        ("rows > 0", 0, "the answer has 0"),
        ("rows < 5000", 6000, "the answer has 6,000"),
        ("rows = 10000", MOST_ROWS + 1, "the answer has more than 10,000"),
        ("rows <= 10000", MOST_ROWS + 1, "the answer has more than 10,000"),
    ],
)
def test_another_number_of_rows_is_told(text: str, number: int, told: str) -> None:
    assert problem(text, Rows(("a",), number, (1,))) == f"expects {text}, and {told}"


@pytest.mark.parametrize(
    ("text", "rows", "told"),
    [
        ("count > 0", Rows(("count",), 0, ()), "gives 0 rows, and count > 0 needs one"),
        ("count > 0", Rows(("count",), 2, (1,)), "gives more than 1 row, and count > 0 needs one"),
        ("3", Rows(("a", "b"), 1, (3, 3)), "gives 2 columns, and 3 needs one"),
        ("count > 0", Rows(("a", "b"), 1, (3, 3)), "gives no column count"),
        ("Count > 0", one(1), "gives no column Count"),
        ("`rows` = 1", one(1), "gives no column rows"),
    ],
)
def test_an_answer_without_the_one_value_is_told(text: str, rows: Rows, told: str) -> None:
    assert problem(text, rows) == told


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("count = 1", "count"),
        ("größe_2 = 1", "größe_2"),
        ("true = 1", "true"),
        ("`rows` = 1", "rows"),
        ("`count(n)` = 1", "count(n)"),
        ("`a``b > 0` = 1", "a`b > 0"),
    ],
)
def test_a_value_is_found_by_the_name_of_its_column(text: str, column: str) -> None:
    rows = Rows(("other", column), 1, (2, 1))
    assert problem(text, rows) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "count",
        "count >",
        "> 0",
        "count == 0",
        "count != 0",
        "count => 0",
        "count > 0;",
        "count > x",
        "count is null",
        "null",
        "count = null",
        "count = NaN",
        "count = 1e999",
        "count = 1_000",
        "count = 1,000",
        "count = .5",
        "count = ٣",
        'count = "a"',
        "count = 'a",
        "TRUE",
        "any rows",
        "norows",
        "rows",
        "rows > -1",
        "rows = 1.0",
        "rows = 'a'",
        "a.b = 1",
        "`` = 1",
        "`a`b` = 1",
        "2a = 1",
        f"count = {'9' * 5000}",
    ],
)
def test_anything_else_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(ValueError, match=r'^accepted are "no rows", "rows > 0", "count > 0", a nu'):
        read_expectation(text)


@pytest.mark.parametrize("text", ["count > 'a'", "count <= true"])
def test_only_numbers_have_an_order(text: str) -> None:
    with pytest.raises(ValueError, match="compares numbers only"):
        read_expectation(text)


def test_more_rows_than_are_counted_cannot_be_expected() -> None:
    with pytest.raises(ValueError, match="rows are counted up to 10,000; let the query count"):
        read_expectation("rows > 10001")


@pytest.mark.parametrize(
    ("text", "rows", "answer"),
    [
        ("no rows", Rows(("a",), 0, ()), "no rows"),
        ("rows > 0", Rows(("a",), 1, (7,)), "1 row"),
        ("rows > 0", Rows(("a",), 1234, (7,)), "1,234 rows"),
        ("rows > 0", Rows(("a",), MOST_ROWS + 1, (7,)), "more than 10,000 rows"),
        ("count > 0", Rows(("a", "count"), 1, ("private", 9988)), "9988"),
        ("true", one(True), "true"),
        ("'a'", one("a"), "'a'"),
    ],
)
def test_only_the_compared_value_or_the_number_of_rows_is_kept(
    text: str, rows: Rows, answer: str
) -> None:
    assert read_expectation(text).judge(rows).answer == answer


def test_an_answer_is_cut_at_200_characters() -> None:
    verdict = read_expectation("count <> 'a'").judge(one("x" * 1000))
    assert verdict.answer == f"'{'x' * (LONGEST - 4)}..."
    assert len(verdict.answer) == LONGEST == 200
    assert shown("x" * LONGEST) == "x" * LONGEST


def test_no_character_of_an_answer_moves_the_cursor_or_turns_the_text() -> None:
    verdict = read_expectation("count <> 'a'").judge(one("ü\x1b[2J\n\u202eü\u200b\ud800"))
    assert verdict.answer == "'ü�[2J��ü��'"
    assert "\x1b" not in problem("count = 'a'", one("\x1b[2J"))
