"""Cypher's literals as parameters."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.decode import decode
from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.archive.text.literals import TOKENS, token_at, unescape, unquoted
from neo4j_r2.archive.text.quoting import quote_name, string_literal
from neo4j_r2.core.errors import CorruptError

TEXTS = st.text(st.sampled_from("\\\"'`/nrtbfu0041;,[]{}\n\r\t\b\f\x00\x85é😀 ")) | st.text()
SCALARS = st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | TEXTS
VALUES = (
    SCALARS
    | st.lists(st.booleans())
    | st.lists(st.integers(-(2**63), 2**63 - 1))
    | st.lists(st.floats())
    | st.lists(TEXTS)
)


def apoc(value: object) -> str:
    """Return a value as APOC writes it."""
    if isinstance(value, str):
        for character, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r")):
            value = value.replace(character, escape)
        return '"' + value.replace("\t", "\\t") + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(apoc, value))}]"
    if isinstance(value, float) and math.isfinite(value):
        text = repr(value).upper().replace("E+", "E")
        return text if "." in text or "E" not in text else text.replace("E", ".0E")
    return encode(value).cell


def parse_literal(text: str) -> tuple[str, object]:
    """Return the kind and the parameter of a text that is one literal."""
    found = token_at(text, 0)
    if found is None or found[1] != len(text):
        raise CorruptError(f"not a value: {text[:40]!r}")
    return found[0].kind, found[0].convert(text)


@given(VALUES)
@example([])
@example([""])
@example([math.nan, -math.inf, 1e22, 5e-324, -0.0])
def test_a_value_comes_back_as_the_parameter_of_its_cell(value: object) -> None:
    kind, cell = encode(value)
    expected = (kind.replace("escaped ", ""), decode(kind, cell))
    assert repr(parse_literal(apoc(value))) == repr(expected)


@given(TEXTS)
@example("\\u0041")
@example("\\/")
def test_a_string_comes_back_however_it_is_written(text: str) -> None:
    single = apoc(text.replace('"', "'"))[1:-1].replace("'", "\\'")
    assert unescape(apoc(text)) == text
    assert unescape(string_literal(text)) == text
    assert unescape(f"'{single}'") == text.replace('"', "'")


@given(st.text(min_size=1))
def test_a_name_comes_back(name: str) -> None:
    assert unquoted(quote_name(name)) == name


@given(VALUES)
def test_at_most_one_token_matches_a_literal(value: object) -> None:
    text = apoc(value)
    found = token_at(text, 0)
    assert found is not None
    assert found[1] == len(text)


@pytest.mark.parametrize(
    ("text", "kind", "parameter"),
    [
        ("TRUE", "boolean", True),
        ("-9223372036854775808", "integer", -(2**63)),
        ("1e22", "float", 1e22),
        (".5", "float", 0.5),
        ("Infinity", "float", math.inf),
        (r"'\u00e9\uD83D\uDE00\b\f\'\"'", "string", "é😀\b\f'\""),
        ('"a\x00\n\x85"', "string", "a\x00\n\x85"),
        ("[ 1 ,2]", "list of integer", [1, 2]),
        ("[true, FALSE]", "list of boolean", [True, False]),
        ("[1.0, .5]", "list of float", [1.0, 0.5]),
        ("[1, 2.5]", "list of float", [1.0, 2.5]),
        ("[ 2.5 , -3, 0 ]", "list of float", [2.5, -3.0, 0.0]),
        ("-10000000000000000000000", "float", -1e22),
        ("[1, 10000000000000000000000]", "list of float", [1.0, 1e22]),
        ("[\"a,b\", 'c']", "list of string", ["a,b", "c"]),
        ("date('-0044-03-15')", "date", "-0044-03-15"),
        ('date("2024-02-29")', "date", "2024-02-29"),
        ("localtime('23:59:59.999999999')", "local time", "23:59:59.999999999"),
        ("time('12:34:56+05:30')", "zoned time", "12:34:56+05:30"),
        ("time('10:00+00:00:01')", "zoned time of parts", "10:00 +00:00:01"),
        ("localdatetime('2024-02-29T12:00:00')", "local datetime", "2024-02-29T12:00:00"),
        ("datetime('2024-02-29T12:34:56Z')", "zoned datetime", "2024-02-29T12:34:56Z"),
        (
            "datetime('2024-07-01T12:00:00+02:00[Europe/Paris]')",
            "zoned datetime",
            "2024-07-01T12:00:00+02:00[Europe/Paris]",
        ),
        (
            "datetime('1850-01-01T00:00:00.5+00:09:21[Europe/Paris]')",
            "zoned datetime of parts",
            "-3786826161 500000000 Europe/Paris",
        ),
        ("duration('P-1M3DT-4.999999993S')", "duration", "P-1M3DT-4.999999993S"),
        ("point({x: -1.5, y: 1.0E300, crs: 'cartesian'})", "point 2d", "7203 -1.5 1e+300"),
        ("point({x: 1, y: 2})", "point 2d", "7203 1.0 2.0"),
        ("point({x: 0.1, y: -0.0, z: 3.0, crs: 'wgs-84-3d'})", "point 3d", "4979 0.1 -0.0 3.0"),
        ("[date('2024-02-29'), date('2024-03-01')]", "list of date", ",2024-02-29,2024-03-01"),
        ("[point({x: 1.0, y: 2.0, crs: 'wgs-84'})]", "list of point 2d", ",4326 1.0 2.0"),
        (
            "[datetime('1970-01-01T00:00:00Z'), datetime('1850-01-01T00:00:00+00:09:21')]",
            "list of zoned datetime of parts",
            ",0 0 Z,-3786826161 0 +00:09:21",
        ),
        ("[time('12:00:00Z')]", "list of zoned time", ",12:00:00Z"),
    ],
)
def test_a_literal_becomes_this_parameter(text: str, kind: str, parameter: object) -> None:
    assert parse_literal(text) == (kind, parameter)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "-",
        "01",
        "0x1F",
        "1.",
        "1_000",
        "+1",
        "9223372036854775808",
        "[9223372036854775808]",
        "1e999",
        "[1e999]",
        "'a",
        "'a'b'",
        r"'\x'",
        r"'\u00zz'",
        r'"\/"',
        r"'\ud83d'",
        "['a', 1]",
        "[1, '2.5']",
        "[1, 2.5, true]",
        "[1, 1e999]",
        "[null]",
        "[[1]]",
        "[1,]",
        "{a: 1}",
        "$rows",
        "n.a",
        "rand()",
        "date()",
        "date({year: 2024})",
        "date('2024-02-29', 'x')",
        "date('2024,02')",
        "date('2024') + date('2024')",
        "apoc.load.json('http://x')",
        "datetime('1850-13-01T00:00+00:09:21 ')",
        "point({x: 1.0, y: 2.0, crs: 'wgs-84-3d'})",
        "point({x: 1.0})",
        "point({x: rand(), y: 1.0})",
    ],
)
def test_text_that_is_not_a_propertys_literal_is_refused(text: str) -> None:
    with pytest.raises(CorruptError):
        parse_literal(text)


@pytest.mark.parametrize("name", [r"`\ud83d`", r"a\udc00"])
def test_half_a_character_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(CorruptError, match="half"):
        unquoted(name)


def test_every_kind_has_a_literal() -> None:
    written = {token.kind for token in TOKENS}
    assert written == KINDS.keys() - {"list of escaped string", "byte array", FLOATS_32}
