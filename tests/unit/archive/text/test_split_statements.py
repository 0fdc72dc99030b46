"""Scripts split into statements."""

from __future__ import annotations

import pytest

from neo4j_r2.archive.text.split_statements import split
from neo4j_r2.core.errors import CorruptError


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        ("a;b;\nc\n;", [(1, "a"), (1, "b"), (2, "c")]),
        ("a ';' \";\" `;`;", [(1, "a ';' \";\" `;`")]),
        ("a 'x\n;\ny';b;", [(1, "a 'x\n;\ny'"), (3, "b")]),
        ("a '\\';' \"\\\\\";b;", [(1, "a '\\';' \"\\\\\""), (1, "b")]),
        ("a '\\\n';b;", [(1, "a '\\\n'"), (2, "b")]),
        ("a `x\n``;`;", [(1, "a `x\n``;`")]),
        ("// a;\n/* b;\n:begin\n*/ c /* ; */ d; // e", [(4, "c   d")]),
        ("a '//' \"/*\" / b;", [(1, "a '//' \"/*\" / b")]),
        ("a // ' \n;", [(1, "a")]),
        (":begin\na\n:b;\n:commit\n", [(1, ":begin"), (2, "a\n:b"), (4, ":commit")]),
        ("\r\na\r\n;\r\n", [(2, "a")]),
        (";\n;", [(1, ""), (2, "")]),
        ("", []),
    ],
)
def test_a_script_is_split_into_these_statements(script: str, texts: list[tuple[int, str]]) -> None:
    assert [statement[:2] for statement in split(script.split("\n"))] == texts


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        *((script, "line 1: the statement") for script in ("a", "a 'x;", 'a "\n', "a `;")),
        *((script, "line 1: a comment") for script in ("a; /* b", "/*\n/* b;")),
        ("a /* b;", "line 1: the statement"),
        ("a;\n/* c */\nb\nc", "line 3: the statement"),
    ],
)
def test_a_script_that_does_not_end_is_refused(script: str, complaint: str) -> None:
    with pytest.raises(CorruptError) as raised:
        list(split(script.split("\n")))
    assert str(raised.value) == f"{complaint} does not end: the file was cut off"


def test_an_endless_statement_is_refused_before_it_fills_the_memory() -> None:
    line = "x" * 1024 * 1024
    lines = iter([line] * 70)
    with pytest.raises(CorruptError, match=r"line 1: .* too long"):
        list(split(lines))
    assert next(lines) == line
