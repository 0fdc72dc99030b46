"""Cells as query parameters."""

from __future__ import annotations

import math
from array import array
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neo4j_r2.archive.cells.decode import decode, expression, is_typed
from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.core.errors import CorruptError

SEPARATORS = ",;|\t\n\x1f\x1e\x1d\x1c"
INTEGERS = st.integers(-(2**63), 2**63 - 1)
TEXTS = st.text(st.sampled_from(SEPARATORS + "~01 é😀\x00")) | st.text()
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": INTEGERS,
    "float": st.floats(),
    "string": TEXTS,
    "list of boolean": st.lists(st.booleans(), min_size=1),
    "list of integer": st.lists(INTEGERS, min_size=1),
    "list of float": st.lists(st.floats(), min_size=1),
    FLOATS_32: st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1),
    "list of string": st.lists(TEXTS.map(lambda text: text.replace("\x1c", "-"))),
    "list of escaped string": st.lists(TEXTS).map(lambda items: [*items, SEPARATORS]),
    "byte array": st.binary(),
}
ITEMS: dict[str, type] = {
    "boolean": bool,
    "integer": int,
    "float": float,
    "32-bit float": float,
    "string": str,
    "escaped string": str,
}
TYPED = pytest.mark.parametrize("kind", VALUES)
PIECES = [
    *',,,.-+_ ~;[]{}"\\:0017eEx\u0661\ud800\n',
    "true",
    "null",
    "NaN",
    "Infinity",
    "nan",
    "1e999",
]
CELLS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | st.text()
TOO_LARGE = str(2**63)


def as_read(kind: str, value: object) -> object:
    """Return a value as the graph's read query returns it."""
    return {"type": FLOATS_32, "text": value} if kind == FLOATS_32 else value


def check(kind: str, value: object) -> None:
    """Check that a parameter has the type that the kind's expression gives."""
    if kind == "byte array":
        assert type(value) is bytes
        return
    items = [value]
    if kind.startswith("list of "):
        assert type(value) is (array if kind == FLOATS_32 else list)
        items = list(value)
    assert {type(item) for item in items} <= {ITEMS[kind.removeprefix("list of ")]}
    assert all(-(2**63) <= item < 2**63 for item in items if type(item) is int)


def test_every_kind_with_a_type_of_its_own_is_tested_here() -> None:
    assert {kind for kind in KINDS if is_typed(kind)} == VALUES.keys()


@TYPED
@given(data=st.data())
def test_a_value_comes_back_from_its_cell(kind: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind])
    encoded = encode(as_read(kind, value))
    assert encoded.kind == kind
    decoded = decode(*encoded)
    assert repr(decoded.tolist() if kind == FLOATS_32 else decoded) == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        *(-(2**63), 2**63 - 1, 0, "", [], [""], ["", ""], b"", bytes(range(256)), "\x00\t\n"),
        *(-0.0, math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 1e22, 1e16),
        [-0.0, 5e-324, 1.7976931348623157e308, 1e22, 1e16],
        [-0.0, math.nan, math.inf, -math.inf, 5e-324, 1e22, 1e-5],
        [-(2**63), 2**63 - 1],
        [SEPARATORS, "~", "~0", "~1", "~01", "~~1", ",", ""],
    ],
)
def test_an_extreme_value_comes_back_from_its_cell(value: object) -> None:
    assert repr(decode(*encode(value))) == repr(value)


@TYPED
@given(cell=CELLS)
@settings(max_examples=300)
def test_any_cell_is_refused_or_read_as_its_kind(kind: str, cell: str) -> None:
    try:
        value = decode(kind, cell)
    except CorruptError:
        return
    check(kind, value)


@TYPED
@given(data=st.data())
@settings(max_examples=100)
def test_an_altered_cell_is_refused_or_read_as_its_kind(kind: str, data: st.DataObject) -> None:
    cell = encode(as_read(kind, data.draw(VALUES[kind]))).cell
    place = data.draw(st.integers(0, len(cell)))
    rest = data.draw(st.integers(place, min(place + 1, len(cell))))
    altered = cell[:place] + data.draw(st.sampled_from([*PIECES, ""])) + cell[rest:]
    try:
        value = decode(kind, altered)
    except CorruptError:
        return
    check(kind, value)


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("boolean", ["", "True", "1", "null", " true"]),
        ("integer", ["", "x", "1.0", "1_0", "\u0661", TOO_LARGE, f"-{TOO_LARGE}1", "1" * 5000]),
        (
            "float",
            ["", "x", "1_0.0", "\u0661.0", "nan", "inf", "infinity", "1e999", "0x1p3", "1.0 2"],
        ),
        ("list of boolean", [",", "true", ",true,", ",1", ',"true"', ",null", ",{}", ",true]"]),
        ("list of integer", [",", "1", "12,3", ",1.5", ',"1"', ",true", ",null", ",[1]", ",1_0"]),
        ("list of integer", [f",{TOO_LARGE}", f",-{TOO_LARGE}1", "," + "[" * 5000, ",1\ud800"]),
        ("list of float", [",", "1.0", "x1.0", ',"1.0"', ",null", ",[1.0]", ",NaN,", "NaN,1.0"]),
        ("list of float", [",NaN,1_0", ",nan", ",1", ",-0", ",true", ",NaN,null", ",1.0;2.0"]),
        (FLOATS_32, ["", "AAAA", "AAAAA", "AAAAAB", "AAAAAA==", "AAAAAA=", " AAAAAA", "AAAA\nAA"]),
        (FLOATS_32, ["f4AAAA", "/4AAAA", "f8AAAA", "P4AAAH+AAAA", "AAAAA-", "AAAAA\u0661", ",1.0"]),
        ("byte array", [",", "1", ",128", ",-129", ",1.5", ',"a"', ",null", ",true", ",[1]"]),
    ],
)
def test_a_malformed_cell_is_refused(kind: str, cells: list[str]) -> None:
    for cell in cells:
        with pytest.raises(CorruptError, match=f"a cell is no {kind}"):
            decode(kind, cell)


@given(st.sampled_from(sorted(KINDS.keys() - VALUES.keys())), st.text())
@example("point 2d", "7203 1.0 -0.0")
def test_a_cell_without_a_type_of_its_own_stays_a_text(kind: str, cell: str) -> None:
    assert decode(kind, cell) == cell
    assert KINDS[kind].format(c="r[1]") in expression(kind, "r[1]")


@TYPED
def test_a_parameter_of_its_own_type_needs_no_expression(kind: str) -> None:
    assert expression(kind, "r[1]") == "r[1]"
