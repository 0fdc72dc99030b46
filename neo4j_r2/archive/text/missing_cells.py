"""The marker of a missing cell: it stands in a row for a property that the entity does not have."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Final

from neo4j_r2.archive.text.quoting import string_literal

_MARKER: Final = "-"
"""A marker is a run of this character: as short as possible, and no cell of its column."""


def missing_marker(cells: Collection[str | None]) -> str | None:
    """Return the marker for a column; None if no cell is missing. A missing cell is None too."""
    used = set(cells)
    if None not in used:
        return None
    return next(marker for length in count(1) if (marker := _MARKER * length) not in used)


def null_if_missing(cell: str, marker: str, expression: str) -> str:
    """Return the Cypher that is null if a cell is the marker, and otherwise the expression.

    :param cell: the expression of the cell, as in ``r[1]``.
    """
    return f"CASE {cell} WHEN {string_literal(marker)} THEN null ELSE {expression} END"
