"""A property value as a cell: here the archive's text of each type is decided.

docs/design.md, "Cells", has the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import orjson
from neo4j.spatial import Point

from neo4j_r2.archive.cells.floats import float_cell, floats_32_cell
from neo4j_r2.archive.cells.kinds import ESCAPED_STRINGS, FLOATS_32, SCALARS, TEMPORAL_TYPES
from neo4j_r2.archive.cells.points import point_cell
from neo4j_r2.archive.cells.temporal import needs_parts, parts
from neo4j_r2.core.errors import GraphError


class Encoded(NamedTuple):
    """A value's kind (a key of `KINDS`) and its cell."""

    kind: str
    cell: str


_LIST_SEPARATORS: Final = ",;|\t\n\x1f\x1e\x1d\x1c"
"""What can stand between the strings of a list: the first that no string of it holds."""


def encode(value: object) -> Encoded:
    """Encode a property value that the graph's read query has returned.

    Booleans, integers, floats, strings, points, byte arrays and lists of them come as the driver's
    own types. A temporal value comes as ``{"type": valueType, "text": toString}``, and a list of
    temporal values has a list of texts there. A list of 32-bit floats comes in the same form, with
    `FLOATS_32` as its type and the numbers as its text.

    :raises GraphError: for a type that this version does not know. Such a value is never left out.
    """
    encoder = _ENCODERS.get(type(value))
    if encoder is not None:
        return encoder(value)
    if isinstance(value, Point):
        return _encode_point(value)
    raise GraphError(f"Unsupported property type: {type(value).__name__}; nothing was backed up")


def _encode_boolean(value: bool) -> Encoded:
    return Encoded("boolean", "true" if value else "false")


def _encode_integer(value: int) -> Encoded:
    return Encoded("integer", str(value))


def _encode_float(value: float) -> Encoded:
    return Encoded("float", float_cell(value))


def _encode_string(value: str) -> Encoded:
    return Encoded("string", value)


def _encode_bytes(value: bytes | bytearray) -> Encoded:
    # Cypher sees a byte array as integers from -128 to 127.
    signed = (byte - 256 if byte > 127 else byte for byte in value)
    return Encoded("byte array", "".join(f",{number}" for number in signed))


def _encode_point(value: Point) -> Encoded:
    kind = "point 2d" if len(value) == 2 else "point 3d"
    return Encoded(kind, point_cell(value.srid, value))


def _encode_typed(value: dict[str, Any]) -> Encoded:
    if value["type"] == FLOATS_32:
        return _encode_floats_32(value["text"])
    return _encode_temporal(value)


def _encode_floats_32(value: list[Any]) -> Encoded:
    cell = floats_32_cell(value)
    return _encode_list(value) if cell is None else Encoded(FLOATS_32, cell)


def _encode_temporal(value: dict[str, str | list[str]]) -> Encoded:
    kind, text = TEMPORAL_TYPES.get(str(value["type"])), value["text"]
    if kind is None:
        raise GraphError(f"Unsupported property type: {value['type']}; nothing was backed up")
    texts = [text] if isinstance(text, str) else text
    if kind in ("zoned time", "zoned datetime") and any(map(needs_parts, texts)):
        kind, texts = f"{kind} of parts", list(map(parts, texts))
    if isinstance(text, str):
        return Encoded(kind, texts[0])
    return Encoded(f"list of {kind}", "".join("," + item for item in texts))


def _encode_list(value: list[object]) -> Encoded:
    if not value:
        return Encoded("list of string", "")
    first = value[0]
    if isinstance(first, str):
        return _encode_strings(value)  # type: ignore[arg-type]  # Neo4j's lists are homogeneous
    if isinstance(first, bool | int | float):
        text = _numbers_text(value)
        return Encoded(f"list of {encode(first).kind}", text)
    items = [encode(item) for item in value]
    if items[0].kind not in SCALARS:
        raise GraphError(
            f"Unsupported property type: list of {items[0].kind}; nothing was backed up"
        )
    return Encoded(f"list of {items[0].kind}", "".join("," + item.cell for item in items))


def _encode_strings(items: list[str]) -> Encoded:
    for separator in _LIST_SEPARATORS:
        if not any(separator in item for item in items):
            return Encoded("list of string", separator + separator.join(items))
    return Encoded(ESCAPED_STRINGS, escaped_strings_cell(items))


def escaped_strings_cell(items: Iterable[str]) -> str:
    """Return the cell of a list of escaped strings, which can hold any character."""
    escaped = (item.replace("~", "~0").replace(",", "~1") for item in items)
    return "".join("," + item for item in escaped)


def _numbers_text(value: list[object]) -> str:
    text = orjson.dumps(value).decode("ascii")
    if "n" in text:  # from null, which orjson writes for NaN and infinities
        return "".join("," + encode(item).cell for item in value)
    return "," + text[1:-1]


_ENCODERS: Final[dict[type, Callable[[Any], Encoded]]] = {
    bool: _encode_boolean,
    int: _encode_integer,
    float: _encode_float,
    str: _encode_string,
    bytes: _encode_bytes,
    bytearray: _encode_bytes,
    list: _encode_list,
    dict: _encode_typed,
}
