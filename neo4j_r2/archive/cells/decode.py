"""Cells as query parameters: the inverse of `encode.encode`.

Numbers, booleans, strings and lists of them become parameters of their own types. That costs the
server a third of what splitting and converting texts costs it. All other kinds stay texts, and the
expression of their kind makes the value, as in the archive's own statements. Lists of 32-bit floats
stay arrays until they are sent (`items.parameters`): a check of an archive needs no Python floats.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

import orjson

from neo4j_r2.archive.cells.floats import floats_32
from neo4j_r2.archive.cells.kinds import ESCAPED_STRINGS, FLOATS_32, KINDS
from neo4j_r2.core.errors import CorruptError

_BOOLEANS: Final = {"true": True, "false": False}
_REFUSES_NULL: Final = frozenset({"zoned time of parts", "zoned datetime of parts"})
"""Kinds whose expressions fail on null; those of all other kinds return null. Only these get a
CASE, because it makes the server's planner send all rows through one more buffer."""
_NOT_FINITE: Final = frozenset({"NaN", "Infinity", "-Infinity"})


def is_typed(kind: str) -> bool:
    """Whether a kind's cells become parameters of their own type and not texts."""
    return kind in _DECODERS


def decode(kind: str, cell: str) -> Any:
    """Return the parameter for a cell: a value of the kind's own type, or the cell's text.

    :raises CorruptError: if `encode` never writes such a cell for the kind.
    """
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return cell
    try:
        return decoder(cell)
    except (ValueError, KeyError, OverflowError) as error:
        raise CorruptError(f"a cell is no {kind}") from error


def decode_column(kind: str, cells: Sequence[str], missing: str | None) -> list[Any]:
    """Return the parameters for a column's cells.

    :param missing: the cell of rows without the property, whose parameter is None; None if all
        rows have it.
    :raises CorruptError: if `encode` never writes one of the cells for the kind.
    """
    if missing is not None:
        return [None if cell == missing else decode(kind, cell) for cell in cells]
    if kind == "string" or not is_typed(kind):
        return list(cells)
    if kind in ("integer", "float"):
        # A column of numbers reads as one list of numbers: JSON's parser takes it in one go. If it
        # refuses, the loop below decides, and names the kind.
        with suppress(CorruptError):
            numbers: list[Any] = decode(f"list of {kind}", f",{','.join(cells)}")
            if len(numbers) == len(cells):
                return numbers
    return [decode(kind, cell) for cell in cells]


def expression(kind: str, parameter: str) -> str:
    """Return the Cypher expression that makes a value of `decode`'s parameter; null stays null."""
    if is_typed(kind):
        return parameter
    made = KINDS[kind].format(c=parameter)
    if kind not in _REFUSES_NULL:
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
    # Python also reads 1_000 and the digits of every script, which Cypher does not.
    if "_" in cell or not cell.isascii():
        raise ValueError(cell)
    return cell


def _items(cell: str, kind: type) -> list[Any]:
    """Return the items of a list's cell: without its first comma it is a list in JSON too."""
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
    except orjson.JSONDecodeError:  # JSON has no NaN and no infinities
        return [_float(item.strip()) for item in cell[1:].split(",")]


def _strings(cell: str) -> list[str]:
    return cell.split(cell[0])[1:] if cell else []


def _escaped_strings(cell: str) -> list[str]:
    return [item.replace("~1", ",").replace("~0", "~") for item in cell.split(",")[1:]]


def _bytes(cell: str) -> bytes:
    return array("b", _items(cell, int)).tobytes()  # Cypher's integers are from -128 to 127


_DECODERS: Final[dict[str, Callable[[str], Any]]] = {
    "boolean": _BOOLEANS.__getitem__,
    "integer": _integer,
    "float": _float,
    "string": str,
    "list of boolean": partial(_items, kind=bool),
    "list of integer": _integers,
    "list of float": _floats,
    FLOATS_32: floats_32,
    "list of string": _strings,
    ESCAPED_STRINGS: _escaped_strings,
    "byte array": _bytes,
}
