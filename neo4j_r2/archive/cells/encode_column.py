"""The values of one property of many entities as a column of cells.

Most columns have one type. Then `map` and a built-in function do for all values at once, and much
faster, what `encode.encode` does for one value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, Final

import orjson

from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.kinds import TEMPORAL_TYPES

EncodedColumn = tuple[str | Sequence[str], Sequence[str]]
"""The kind of all values, or one kind for each value; and one cell for each value."""

_BOOLEAN_CELLS: Final = {True: "true", False: "false"}
_UTC: Final = "Z"


def encode_column(values: Sequence[Any]) -> EncodedColumn:
    """Encode values, each of them as `encode.encode` does.

    :raises GraphError: for a type that this version does not know.
    """
    types = set(map(type, values))
    encoder = _ENCODERS.get(types.pop()) if len(types) == 1 else None
    return (encoder and encoder(values)) or _encode_each(values)


def _encode_each(values: Sequence[Any]) -> EncodedColumn:
    kinds, cells = zip(*map(encode, values), strict=True)
    return kinds[0] if len(set(kinds)) == 1 else kinds, cells


def _booleans(values: Sequence[bool]) -> EncodedColumn:
    return "boolean", list(map(_BOOLEAN_CELLS.__getitem__, values))


def _integers(values: Sequence[int]) -> EncodedColumn:
    return "integer", list(map(str, values))


def _floats(values: Sequence[float]) -> EncodedColumn | None:
    # orjson is seven times as fast as repr, and writes the same digits. Only small numbers, and
    # exponents, look different. It writes null for NaN and infinities.
    text = orjson.dumps(values)
    if not any(mark in text for mark in (b"e", b"0.0000", b"n")):
        return "float", text[1:-1].decode("ascii").split(",")
    return ("float", list(map(repr, values))) if all(map(isfinite, values)) else None


def _strings(values: Sequence[str]) -> EncodedColumn:
    return "string", values


def _temporals(values: Sequence[dict[str, Any]]) -> EncodedColumn | None:
    """Encode single values without a zone, or in UTC; return None for all others.

    Most zoned values in databases are in UTC.
    """
    types, texts = {value["type"] for value in values}, [value["text"] for value in values]
    kind = TEMPORAL_TYPES.get(types.pop()) if len(types) == 1 else None
    if kind is None or set(map(type, texts)) != {str}:
        return None
    if kind.startswith("zoned") and {text[-1] for text in texts} != {_UTC}:
        return None
    return kind, texts


_ENCODERS: Final[dict[type, Callable[[Any], EncodedColumn | None]]] = {
    bool: _booleans,
    int: _integers,
    float: _floats,
    str: _strings,
    dict: _temporals,
}
