"""Writes rows of cells as lines of text with aligned columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence


def joined(sections: Iterable[Sequence[str]]) -> str:
    """Return sections of lines as one text, with an empty line between two sections."""
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in sections)


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return rows of cells as lines, each column with one width.

    :param rows: the first row has every column; the others may have fewer.
    :param right: the indexes of the columns that are aligned to the right.
    """
    widths = [
        max(len(row[index]) for row in rows if index < len(row)) for index in range(len(rows[0]))
    ]
    return ["  ".join(_padded(row, widths, right)).rstrip() for row in rows]


def _padded(row: Sequence[str], widths: Sequence[int], right: Collection[int]) -> list[str]:
    return [
        cell.rjust(width) if index in right else cell.ljust(width)
        for index, (cell, width) in enumerate(zip(row, widths, strict=False))
    ]


def printable(text: str) -> str:
    """Return a foreign text in ASCII, with escapes, so that it cannot control a terminal."""
    return text.encode("unicode_escape").decode("ascii")
