"""Property values as cells: short texts, with the Cypher expression that reads each kind back.

A batch of entities travels as one string literal, rows of cells. `encode.encode` turns a value into
the name of its kind and its cell; `KINDS` has the expression that turns the cell into exactly that
value again, with ``{c}`` where the cell goes. docs/design.md, "Cells", has the table.
"""

from __future__ import annotations

from typing import Final

_POINT_2D = (
    "point({{srid: toInteger(split({c}, ' ')[0]), "
    "x: toFloat(split({c}, ' ')[1]), y: toFloat(split({c}, ' ')[2])}})"
)
_POINT_3D = _POINT_2D.replace("}})", ", z: toFloat(split({c}, ' ')[3])}})")
SCALARS: Final = {
    "boolean": "toBoolean({c})",
    "integer": "toInteger({c})",
    "float": "toFloat({c})",
    "string": "{c}",
    "date": "date({c})",
    "local time": "localtime({c})",
    "zoned time": "time({c})",
    "local datetime": "localdatetime({c})",
    "zoned datetime": "datetime({c})",
    "duration": "duration({c})",
    "point 2d": _POINT_2D,
    "point 3d": _POINT_3D,
    # The server prints an offset with seconds (a zone before its standard time) but does not
    # parse it: these are made of their parts.
    "zoned time of parts": (
        "time({{time: localtime(split({c}, ' ')[0]), timezone: split({c}, ' ')[1]}})"
    ),
    "zoned datetime of parts": (
        "datetime({{epochSeconds: toInteger(split({c}, ' ')[0]), "
        "nanosecond: toInteger(split({c}, ' ')[1]), timezone: split({c}, ' ')[2]}})"
    ),
}
FLOATS_32: Final = "list of 32-bit float"
"""The kind of lists that only a procedure of the server stores in their width."""
FLOATS_32_WEIGHT: Final = 4
"""Times the characters of such a cell that it counts for where it is not text: as if it were
written out, since that is the memory it needs."""
_BASE64: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BASE64_DIGITS: Final = ", ".join(f"`{digit}`: {value}" for value, digit in enumerate(_BASE64))
# Number i is the 32 bits from bit 32 i on, and its first digit, of 6 bits, the digit 16 i / 3. From
# its bits b follow the value's fraction, exponent and sign; sign(exponent) is 0 for denormals.
_BITS: Final = (
    "reduce(b = 0, j IN range(i * 16 / 3, i * 16 / 3 + 5) | b * 64 + d[substring({c}, j, 1)])"
    " / [16, 4, 1][i % 3] % 4294967296"
)
_FROM_BITS: Final = (
    "(b % 8388608 + sign(b / 8388608 % 256) * 8388608)"
    " * 2.0 ^ (b / 8388608 % 256 - sign(b / 8388608 % 256) - 149) * (1 - b / 2147483648 * 2)"
)
# A list's cell has its separator before each item, so that the empty list and a list of one empty
# string differ. Strings bring their own separator: the cell's first character.
_LISTS: Final = {
    FLOATS_32: (
        f"head([d IN [{{{{{_BASE64_DIGITS}}}}}] | [b IN [i IN range(0, size({{c}}) * 3 / 16 - 1) |"
        f" {_BITS}] | {_FROM_BITS}]])"
    ),
    "list of boolean": "toBooleanList(tail(split({c}, ',')))",
    "list of integer": "toIntegerList(tail(split({c}, ',')))",
    "list of float": "toFloatList(tail(split({c}, ',')))",
    "list of string": "tail(split({c}, left({c}, 1)))",
    "list of escaped string": (
        "[x IN tail(split({c}, ',')) | replace(replace(x, '~1', ','), '~0', '~')]"
    ),
    "byte array": "toIntegerList(tail(split({c}, ','))) /* byte array */",
}
KINDS: Final = (
    SCALARS
    | {
        f"list of {kind}": "[x IN tail(split({c}, ',')) | " + expression.replace("{c}", "x") + "]"
        for kind, expression in SCALARS.items()
    }
    | _LISTS
)
"""Expression of each kind, a format string over ``c``."""

TEXTS: Final = frozenset({"string", "list of string", "list of escaped string"})
"""The kinds whose cells can hold any character; those of all others are plain ASCII."""

TEMPORAL_TYPES: Final = {
    "DATE NOT NULL": "date",
    "LOCAL TIME NOT NULL": "local time",
    "ZONED TIME NOT NULL": "zoned time",
    "LOCAL DATETIME NOT NULL": "local datetime",
    "ZONED DATETIME NOT NULL": "zoned datetime",
    "DURATION NOT NULL": "duration",
}
"""Kind of each temporal type, by the name that Cypher's valueType() gives it."""
