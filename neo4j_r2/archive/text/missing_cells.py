"""The marker of a missing cell: it stands in a row for a property that the entity does not have."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Final

from neo4j_r2.archive.text.quoting import string_literal

_MARKER: Final = "-"
"""A marker is a run of this character: as short as possible, and no cell of its column."""


def missing_markers(rows: Sequence[dict[str, str]], keys: Sequence[str]) -> dict[str, str]:
    """Return the marker for each of the keys that not all rows have.

    :param rows: the cells of each row, by key.
    """
    return {
        key: _missing_marker(rows, key) for key in keys if any(key not in cells for cells in rows)
    }


def _missing_marker(rows: Sequence[dict[str, str]], key: str) -> str:
    used = {cells.get(key) for cells in rows}
    return next(marker for length in count(1) if (marker := _MARKER * length) not in used)


def null_if_missing(cell: str, marker: str, expression: str) -> str:
    """Return the Cypher that is null if a cell is the marker, and otherwise the expression.

    :param cell: the expression of the cell, as in ``r[1]``.
    """
    return f"CASE {cell} WHEN {string_literal(marker)} THEN null ELSE {expression} END"
