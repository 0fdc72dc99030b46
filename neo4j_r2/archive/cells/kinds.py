"""The kinds of cells, and the Cypher expression that reads each kind.

A batch of entities travels as one string literal, rows of cells. `encode.encode` turns a value into
the name of its kind and its cell. The kind's expression in `KINDS` turns the cell into exactly that
value again; ``{c}`` stands where the cell goes. docs/design.md, "Cells", has the table.
"""

from __future__ import annotations

from typing import Final

from neo4j_r2.archive.cells.floats import FLOATS_32_EXPRESSION
from neo4j_r2.archive.cells.points import POINT_2D, POINT_3D

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
    "point 2d": POINT_2D,
    "point 3d": POINT_3D,
    # An offset can have seconds (a zone before its standard time). The server prints such a value
    # but cannot parse it, so it is made of its parts; see `temporal`.
    "zoned time of parts": (
        "time({{time: localtime(split({c}, ' ')[0]), timezone: split({c}, ' ')[1]}})"
    ),
    "zoned datetime of parts": (
        "datetime({{epochSeconds: toInteger(split({c}, ' ')[0]), "
        "nanosecond: toInteger(split({c}, ' ')[1]), timezone: split({c}, ' ')[2]}})"
    ),
}
"""The kinds of single values, and the expression of each."""
ESCAPED_STRINGS: Final = "list of escaped string"
"""The kind of lists of strings in which a comma separates the items, whatever they hold."""
FLOATS_32: Final = "list of 32-bit float"
"""The kind of lists of 32-bit floats: only a procedure of the server stores them in this width."""
VECTOR_SETTERS: Final = {
    "n": "db.create.setNodeVectorProperty",
    "e": "db.create.setRelationshipVectorProperty",
}
"""That procedure, for a node `n` and for a relationship `e`."""
FLOATS_32_WEIGHT: Final = 4
"""A cell of 32-bit floats counts this many times its characters where memory is estimated. The
numbers need that much: about as much as if they were written out."""
# A list's cell has its separator before each item. So the empty list and a list of one empty
# string differ. The separator is a comma; only a list of strings chooses its own, and the
# cell's first character says which.
_LISTS: Final = {
    FLOATS_32: FLOATS_32_EXPRESSION,
    "list of boolean": "toBooleanList(tail(split({c}, ',')))",
    "list of integer": "toIntegerList(tail(split({c}, ',')))",
    "list of float": "toFloatList(tail(split({c}, ',')))",
    "list of string": "tail(split({c}, left({c}, 1)))",
    ESCAPED_STRINGS: ("[x IN tail(split({c}, ',')) | replace(replace(x, '~1', ','), '~0', '~')]"),
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
"""All kinds, and the expression of each: a format string over ``c``, the cell."""

TEXTS: Final = frozenset({"string", "list of string", ESCAPED_STRINGS})
"""The kinds whose cells can hold any character. The cells of all others are plain ASCII."""

TEMPORAL_TYPES: Final = {
    "DATE NOT NULL": "date",
    "LOCAL TIME NOT NULL": "local time",
    "ZONED TIME NOT NULL": "zoned time",
    "LOCAL DATETIME NOT NULL": "local datetime",
    "ZONED DATETIME NOT NULL": "zoned datetime",
    "DURATION NOT NULL": "duration",
}
"""The kind of each temporal type, by the name that Cypher's valueType() gives the type."""
