"""Values as cells."""

from __future__ import annotations

import json
import math
import string
import struct
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from neo4j.spatial import CartesianPoint, WGS84Point

from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS, TEMPORAL_TYPES
from neo4j_r2.core.errors import GraphError

SEPARATORS = ",;|\t\n\x1f\x1e\x1d\x1c"
INTEGERS = st.integers(-(2**63), 2**63 - 1)
STRINGS = st.text(st.sampled_from(SEPARATORS + "~01")) | st.text()


def bits(number: float) -> bytes:
    """Return a float's bits, which differ for -0.0 and 0.0; all NaN are one value to Cypher."""
    return b"NaN" if math.isnan(number) else struct.pack(">d", number)


def strings_of(kind: str, cell: str) -> list[str]:
    """Read a list of strings back as the kind's expression does."""
    if kind == "list of escaped string":
        return [item.replace("~1", ",").replace("~0", "~") for item in cell.split(",")[1:]]
    assert kind == "list of string"
    return cell.split(cell[0])[1:] if cell else []


@pytest.mark.parametrize(
    ("value", "kind", "cell"),
    [
        (True, "boolean", "true"),
        (False, "boolean", "false"),
        (-(2**63), "integer", "-9223372036854775808"),
        (2**63 - 1, "integer", "9223372036854775807"),
        (1.0, "float", "1.0"),
        (-0.0, "float", "-0.0"),
        (math.nan, "float", "NaN"),
        (math.inf, "float", "Infinity"),
        (-math.inf, "float", "-Infinity"),
        (5e-324, "float", "5e-324"),
        ("", "string", ""),
        ("a\tb\n", "string", "a\tb\n"),
        (b"", "byte array", ""),
        (b"\x00\x7f\x80\xff", "byte array", ",0,127,-128,-1"),
        (bytearray(b"\x01"), "byte array", ",1"),
        ([], "list of string", ""),
        ([True, False], "list of boolean", ",true,false"),
        ([1, -1], "list of integer", ",1,-1"),
        ([1.5, -0.0], "list of float", ",1.5,-0.0"),
        ([math.nan, -math.inf, 1.0], "list of float", ",NaN,-Infinity,1.0"),
        ([""], "list of string", ","),
        (["a", "b"], "list of string", ",a,b"),
        (["a,b", "c"], "list of string", ";a,b;c"),
        (CartesianPoint((1.0, -0.0)), "point 2d", "7203 1.0 -0.0"),
        (CartesianPoint((1.0, 2.0, 3.0)), "point 3d", "9157 1.0 2.0 3.0"),
        (WGS84Point((2.5, 48.0)), "point 2d", "4326 2.5 48.0"),
        (WGS84Point((2.5, 48.0, 9.0)), "point 3d", "4979 2.5 48.0 9.0"),
        ([WGS84Point((2.5, 48.0))], "list of point 2d", ",4326 2.5 48.0"),
    ],
)
def test_a_value_becomes_this_cell(value: object, kind: str, cell: str) -> None:
    assert encode(value) == (kind, cell)


@given(INTEGERS)
def test_an_integer_comes_back(value: int) -> None:
    assert int(encode(value).cell) == value


@given(st.lists(INTEGERS, min_size=1))
def test_a_list_of_integers_comes_back(value: list[int]) -> None:
    kind, cell = encode(value)
    assert kind == "list of integer"
    assert list(map(int, cell.split(",")[1:])) == value


@given(st.floats())
@example(-0.0)
def test_a_float_comes_back_bit_by_bit(value: float) -> None:
    assert bits(float(encode(value).cell)) == bits(value)


@given(st.lists(st.floats(), min_size=1))
@example([1e22, 5e-324, 1.7976931348623157e308, -0.0])
def test_a_list_of_floats_comes_back_bit_by_bit(value: list[float]) -> None:
    kind, cell = encode(value)
    assert kind == "list of float"
    assert [bits(float(item)) for item in cell.split(",")[1:]] == list(map(bits, value))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_item_of_a_list_of_floats_is_a_float_in_json(value: list[float]) -> None:
    items = encode(value).cell.split(",")[1:]
    assert all(isinstance(json.loads(item), float) for item in items)


@given(st.lists(STRINGS))
@example([])
@example([""])
@example(["", ""])
@example([SEPARATORS])
@example([SEPARATORS + "~", "~0", "~1", "~01", ",", ""])
def test_a_list_of_strings_comes_back_whatever_separators_are_in_it(value: list[str]) -> None:
    kind, cell = encode(value)
    assert kind in KINDS
    assert strings_of(kind, cell) == value


@given(st.binary())
def test_bytes_come_back(value: bytes) -> None:
    numbers = list(map(int, encode(value).cell.split(",")[1:]))
    assert bytes(number & 255 for number in numbers) == value
    assert all(-128 <= number <= 127 for number in numbers)


@pytest.mark.parametrize(
    ("numbers", "cell"),
    [
        ([1.0], "P4AAAA"),
        ([1.0, -2.0], "P4AAAMAAAAA"),
        ([0.0, -0.0, 2.0**-149], "AAAAAIAAAAAAAAAB"),
        ([0.10000000149011612, 3.4028234663852886e38], "PczMzX9///8"),
    ],
)
def test_a_cell_of_32_bit_floats_is_base64_of_their_bits(numbers: list[float], cell: str) -> None:
    assert encode({"type": FLOATS_32, "text": numbers}) == (FLOATS_32, cell)


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)),
    st.sampled_from([math.nan, math.inf, -math.inf]),
)
def test_nan_and_infinities_make_a_list_of_32_bit_floats_one_of_64_bits(
    numbers: list[float], number: float
) -> None:
    for value in ([*numbers, number], [number, *numbers]):
        assert encode({"type": FLOATS_32, "text": value}) == encode(value)


@pytest.mark.parametrize(("name", "kind"), TEMPORAL_TYPES.items())
def test_the_cell_of_a_temporal_value_is_the_text_that_the_server_prints(
    name: str, kind: str
) -> None:
    text = "10:00Z" if kind == "zoned time" else "2020-01-01T10:00:00+01:00[Europe/Paris]"
    assert encode({"type": name, "text": text}) == (kind, text)
    assert encode({"type": name, "text": [text, text]}) == (f"list of {kind}", f",{text},{text}")


def test_zoned_values_with_seconds_in_their_offset_become_parts() -> None:
    old, new = "1850-01-01T00:00:00+00:09:21[Europe/Paris]", "1970-01-01T00:00:00Z"
    name = "ZONED DATETIME NOT NULL"
    kind = "zoned datetime of parts"
    assert encode({"type": name, "text": old}) == (kind, "-3786826161 0 Europe/Paris")
    assert encode({"type": name, "text": [new, old]}) == (
        f"list of {kind}",
        ",0 0 Z,-3786826161 0 Europe/Paris",
    )
    assert encode({"type": "ZONED TIME NOT NULL", "text": "10:00+00:00:01"}) == (
        "zoned time of parts",
        "10:00 +00:00:01",
    )


@pytest.mark.parametrize(
    "value",
    [
        None,
        object(),
        Decimal(1),
        {"type": "VECTOR<FLOAT32>(3) NOT NULL", "text": "[1, 2, 3]"},
        [None],
        [object()],
        [[1]],
        [["a"]],
        [b"a"],
    ],
)
def test_an_unknown_type_is_an_error(value: object) -> None:
    with pytest.raises(GraphError, match="Unsupported property type"):
        encode(value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kinds_expression_has_only_the_cell_as_its_variable(kind: str) -> None:
    fields = {field for _, field, _, _ in string.Formatter().parse(KINDS[kind]) if field}
    assert fields == {"c"}
    expression = KINDS[kind].format(c="r[7]")
    assert "r[7]" in expression
    assert "{c}" not in expression
    assert expression.count("(") == expression.count(")")
    assert expression.count("{") == expression.count("}")
