"""Floats in a cell: their text, base64 for 32-bit floats, and the Cypher that reads it."""

from __future__ import annotations

import math
import struct
import sys
from array import array
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable, Sequence
from typing import Final

_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64_DIGITS: Final = ", ".join(f"`{digit}`: {value}" for value, digit in enumerate(_BASE64))
# Number i is the 32 bits that begin at bit 32 i. Its first base64 digit, of 6 bits, is digit
# 16 i / 3. Six digits always hold all of it; the division drops the bits behind it.
_BITS: Final = (
    "reduce(b = 0, j IN range(i * 16 / 3, i * 16 / 3 + 5) | b * 64 + d[substring({c}, j, 1)])"
    " / [16, 4, 1][i % 3] % 4294967296"
)
# The bits b hold fraction, exponent and sign. sign(exponent) is 0 for denormals, which have no
# leading 1 before their fraction.
_FROM_BITS: Final = (
    "(b % 8388608 + sign(b / 8388608 % 256) * 8388608)"
    " * 2.0 ^ (b / 8388608 % 256 - sign(b / 8388608 % 256) - 149) * (1 - b / 2147483648 * 2)"
)
FLOATS_32_EXPRESSION: Final = (
    f"head([d IN [{{{{{_BASE64_DIGITS}}}}}] | [b IN [i IN range(0, size({{c}}) * 3 / 16 - 1) |"
    f" {_BITS}] | {_FROM_BITS}]])"
)
"""Reads a list of 32-bit floats; a format string over ``c``, the cell."""


def float_cell(value: float) -> str:
    """Return the text of a float, in the words that Cypher's toFloat() reads."""
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def floats_32_cell(values: Sequence[float]) -> str | None:
    """Return the cell of 32-bit floats; the most significant byte of each comes first.

    :return: None if NaN or an infinity is among them.
    """
    raw = struct.pack(f">{len(values)}f", *values)  # in half of the time that an array takes
    return _base64(raw) if _are_finite(raw, values) else None


def floats_32(cell: str) -> array[float]:
    """Return the numbers of a cell of 32-bit floats.

    :raises ValueError: if `floats_32_cell` does not write this cell.
    """
    raw = a2b_base64(cell + "=" * (-len(cell) % 4))
    numbers = array("f", raw)
    if not numbers or _base64(raw) != cell:
        raise ValueError(cell)
    if sys.byteorder == "little":
        numbers.byteswap()
    if not _are_finite(raw, numbers):
        raise ValueError(cell)
    return numbers


def _are_finite(raw: bytes, numbers: Iterable[float]) -> bool:
    """Whether 32-bit floats are all finite: too small for their sum to overflow.

    The first byte of NaN and the infinities is 7F or FF. So is that of some very large numbers:
    only then the sum decides, which costs more than the look at the bytes.

    :param raw: the bytes of the same numbers, the most significant byte of each first.
    """
    high_bytes = raw[::4]
    return not (b"\x7f" in high_bytes or b"\xff" in high_bytes) or math.isfinite(sum(numbers))


def _base64(raw: bytes) -> str:
    return b2a_base64(raw, newline=False).rstrip(b"=").decode("ascii")
