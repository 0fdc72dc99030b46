"""Property values as bytes: equal bytes mean the same value of exactly the same type."""

import struct
from collections.abc import Iterable
from math import isnan, nan

from neo4j.spatial import Point

_NAN = struct.pack(">d", nan)


def frame(parts: Iterable[bytes]) -> bytes:
    """Join `parts`; every other sequence of parts gives other bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def encode(value: object) -> bytes:
    """Encode a value of the driver with its type. -0.0 differs from 0.0, and NaN equals NaN.

    Raises TypeError unless it is a boolean, integer, float, string, byte array, point or a list of
    these.
    """
    match value:
        case bool():
            return b"boolean 1" if value else b"boolean 0"
        case int():
            return b"integer %d" % value
        case float():
            return b"float " + _floats([value])
        case str():
            return b"string " + value.encode("utf-8", "surrogatepass")
        case bytes() | bytearray():
            return b"bytes " + value
        case Point():
            return f"point {value.srid} ".encode() + _floats(list(value))
        case list():
            return _list(value)
    raise TypeError(f"no encoding for a {type(value).__name__}")


def _list(values: list[object]) -> bytes:
    floats = [value for value in values if type(value) is float]
    if floats and len(floats) == len(values):
        return b"floats " + _floats(floats)
    return b"list " + frame(map(encode, values))


def _floats(values: list[float]) -> bytes:
    # The sum is cheap, and only NaN or opposite infinities make it NaN. NaN's many bit patterns are
    # one value to Cypher.
    if not isnan(sum(values)):
        return struct.pack(f">{len(values)}d", *values)
    return b"".join(_NAN if isnan(value) else struct.pack(">d", value) for value in values)
