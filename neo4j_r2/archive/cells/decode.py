"""Cells as query parameters: the inverse of `encode.encode`.

Numbers, booleans, strings and lists of them travel as what they are, which costs the server a third
of what splitting and converting texts does. All other kinds stay texts, and the expression of their
kind makes the value, as in the archive's own statements. Lists of 32-bit floats are arrays until
they are sent (`items.parameters`): the check of an archive makes no numbers of them.
"""

from __future__ import annotations

import math
import sys
from array import array
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import orjson

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.core.errors import CorruptError

_BOOLEANS: Final = {"true": True, "false": False}
_NOT_OF_NULL: Final = frozenset({"zoned time of parts", "zoned datetime of parts"})
"""Kinds whose expressions refuse null; all others give null. A CASE makes the planner put all rows
through a buffer of their own, so it stands only where it is needed."""
_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def is_typed(kind: str) -> bool:
    """Whether a kind's cells become parameters of its own type."""
    return kind in _DECODERS


def decode(kind: str, cell: str) -> Any:
    """Return the parameter for a cell: of its own type, or its text.

    :raises CorruptError: if it is no cell of the kind.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return cell
    try:
        return decoder(cell)
    except (ValueError, KeyError, OverflowError) as error:
        raise CorruptError(f"a cell is no {kind}") from error


def decode_column(kind: str, cells: Sequence[str], missing: str | None) -> list[Any]:
    """Return the parameters for a column's cells, None for each that is `missing`.

    :raises CorruptError: if one is no cell of the kind.
    """
    if missing is not None:
        return [None if cell == missing else decode(kind, cell) for cell in cells]
    if kind == "string" or not is_typed(kind):
        return list(cells)
    if kind in ("integer", "float"):
        with suppress(CorruptError):  # a column of numbers is a list of numbers
            numbers: list[Any] = decode(f"list of {kind}", f",{','.join(cells)}")
            if len(numbers) == len(cells):
                return numbers
    return [decode(kind, cell) for cell in cells]


def expression(kind: str, parameter: str) -> str:
    """Return the Cypher expression that reads a parameter made by `decode`; null stays null."""
    if is_typed(kind):
        return parameter
    made = KINDS[kind].format(c=parameter)
    if kind not in _NOT_OF_NULL:
        return made
    return f"CASE WHEN {parameter} IS NULL THEN null ELSE {made} END"


def _integer(cell: str) -> int:
    return _whole(int(_number(cell)))


def _whole(number: int) -> int:
    if not -(1 << 63) <= number < 1 << 63:
        raise ValueError(number)
    return number


def _float(cell: str) -> float:
    number = float(_number(cell))
    if not math.isfinite(number) and cell not in _NOT_FINITE:
        raise ValueError(cell)
    return number


def _number(cell: str) -> str:
    if "_" in cell or not cell.isascii():  # Python reads 1_000, and the digits of every script
        raise ValueError(cell)
    return cell


def _items(cell: str, kind: type) -> list[Any]:
    """Return the items of a list that is one in JSON too, but for its first comma."""
    if not cell:
        return []
    if cell[0] != ",":
        raise ValueError(cell)
    items: list[Any] = orjson.loads(f"[{cell[1:]}]")
    if set(map(type, items)) != {kind}:
        raise ValueError(cell)
    return items


def _integers(cell: str) -> list[int]:
    numbers = _items(cell, int)
    for number in (min(numbers, default=0), max(numbers, default=0)):
        _whole(number)
    return numbers


def _floats(cell: str) -> list[float]:
    try:
        return _items(cell, float)
    except orjson.JSONDecodeError:  # which has no NaN and no infinities
        return [_float(item.strip()) for item in cell[1:].split(",")]


def _floats_32(cell: str) -> array[float]:
    raw = a2b_base64(cell + "=" * (-len(cell) % 4))
    numbers = array("f", raw)
    if not numbers or b2a_base64(raw, newline=False).rstrip(b"=").decode("ascii") != cell:
        raise ValueError(cell)
    if sys.byteorder == "little":
        numbers.byteswap()
    high_bytes = raw[::4]  # of infinities and NaN 7F or FF, as of some very large numbers
    if (b"\x7f" in high_bytes or b"\xff" in high_bytes) and not math.isfinite(sum(numbers)):
        raise ValueError(cell)
    return numbers


def _strings(cell: str) -> list[str]:
    return cell.split(cell[0])[1:] if cell else []


def _escaped_strings(cell: str) -> list[str]:
    return [item.replace("~1", ",").replace("~0", "~") for item in cell.split(",")[1:]]


def _bytes(cell: str) -> bytes:
    return array("b", _items(cell, int)).tobytes()


_DECODERS: Final[dict[str, Callable[[str], Any]]] = {
    "boolean": _BOOLEANS.__getitem__,
    "integer": _integer,
    "float": _float,
    "string": str,
    "list of boolean": partial(_items, kind=bool),
    "list of integer": _integers,
    "list of float": _floats,
    FLOATS_32: _floats_32,
    "list of string": _strings,
    "list of escaped string": _escaped_strings,
    "byte array": _bytes,
}
