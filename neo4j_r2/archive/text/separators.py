"""The separators of rows and of cells in a statement's string."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

_ROW_SEPARATORS: Final = "\n\x1e\x1c"
_CELL_SEPARATORS: Final = "\t\x1f\x1d"
"""In the order in which they are tried. The two have no character in common."""


def row_separator(texts: Collection[str]) -> str:
    """Return what separates rows: a line feed, unless the texts of the cells hold one."""
    return _separator(_ROW_SEPARATORS, texts)


def cell_separator(texts: Collection[str]) -> str:
    """Return what separates the cells of a row: a tab, unless the texts of the cells hold one."""
    return _separator(_CELL_SEPARATORS, texts)


def _separator(preferred: str, texts: Collection[str]) -> str:
    """Return a separator that no text holds, and that does not arise where texts are joined.

    If the texts hold all preferred characters, it is a run of the last one, longer than any run in
    the texts, and a full stop. The full stop ends the run: a split finds the separator where it was
    put and nowhere else, even if the text before it ends in the same character.
    """
    for separator in preferred:
        if not any(separator in text for text in texts):
            return separator
    run = preferred[-1]
    while any(run in text for text in texts):
        run += preferred[-1]
    return run + "."
