"""The text of a point in a cell, and the Cypher expressions that read it.

The cell is the number of the coordinate system (SRID) and the coordinates: ``4326 12.5 -33.25``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from neo4j_r2.archive.cells.floats import float_cell

POINT_2D: Final = (
    "point({{srid: toInteger(split({c}, ' ')[0]), "
    "x: toFloat(split({c}, ' ')[1]), y: toFloat(split({c}, ' ')[2])}})"
)
"""Reads a point of two coordinates; a format string over ``c``, the cell."""
POINT_3D: Final = POINT_2D.replace("}})", ", z: toFloat(split({c}, ' ')[3])}})")
"""Reads a point of three coordinates."""


def point_cell(srid: int | None, coordinates: Iterable[float]) -> str:
    """Return the cell of a point."""
    return " ".join([str(srid), *map(float_cell, coordinates)])
