"""Draws tables and bars on standard output: as wide as the terminal, or plain for a pipe or a file.

Only commands that answer somebody use it, because the library takes a while to load.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Column, Table
from rich.text import Text

Cell = str | Text | ProgressBar

UNLIMITED: Final = 1_000_000
"""The columns of a pipe or a file: nothing is wrapped there, so that programs can read lines."""
_BAR_WIDTH: Final = 10
_WRAPPED_WIDTH: Final = 20
"""A column whose cells may take several lines is at least this wide, if it needs to be."""
_GAP: Final = (0, 2, 0, 0)
"""The padding of a cell: two blanks to the next one."""


class _Table(Table):
    """A table that is wider than a narrow terminal rather than cut off: the terminal wraps it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.columns:
            return  # the library would make it an empty line
        least = sum((column.min_width or 0) + sum(_GAP) for column in self.columns)
        wide = options.update_width(max(options.max_width, least))
        yield from super().__rich_console__(console, wide)


def show(*sections: RenderableType) -> None:
    """Print sections to standard output, an empty line between two of them."""
    console = terminal()
    if console.is_terminal:
        console.print(_joined(sections), crop=False)  # the terminal wraps what is too wide
    else:
        sys.stdout.write(plain(*sections, console=terminal(width=UNLIMITED)))
        sys.stdout.flush()


def plain(*sections: RenderableType, console: Console | None = None) -> str:
    """Return sections as text without colours, an empty line between two of them.

    :param console: says how wide the text may be, and which characters it may have; by default,
        there is no limit.
    """
    console = console or terminal(width=UNLIMITED)
    lines = Segment.split_lines(console.render(_joined(sections)))
    return "".join(f"{''.join(each.text for each in line).rstrip()}\n" for line in lines)


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    *,
    right: Collection[str] = (),
    wrapped: Collection[str] = (),
) -> Table:
    """Return a table with headings.

    :param right: the headings of the columns that are aligned to the right.
    :param wrapped: the headings of the columns whose cells may take several lines on a terminal.
    """
    made = _Table(box=None, padding=_GAP, pad_edge=False, header_style="bold")
    for index, heading in enumerate(headings):
        justify: JustifyMethod = "right" if heading in right else "left"
        made.add_column(Text(heading), justify=justify)
        cells = [heading, *(row[index] for row in rows)]
        _set_width(made.columns[index], cells, is_wrapped=heading in wrapped)
    return _filled(made, rows)


def columns(rows: Sequence[Sequence[Cell]]) -> Table:
    """Return a table without headings; the cells of its last column may take several lines."""
    made = _Table.grid(padding=_GAP)
    for index, cells in enumerate(zip(*rows, strict=True)):
        made.add_column()
        _set_width(made.columns[index], cells, is_wrapped=index == len(rows[0]) - 1)
    return _filled(made, rows)


def _set_width(column: Column, cells: Iterable[Cell], *, is_wrapped: bool) -> None:
    """Say how narrow a column may become on a terminal; nothing is ever cut off."""
    widths = [_BAR_WIDTH if isinstance(cell, ProgressBar) else len(cell) for cell in cells]
    column.overflow = "fold"
    column.no_wrap = not is_wrapped
    column.min_width = min(max(widths), _WRAPPED_WIDTH) if is_wrapped else max(widths)


def bar(value: float, highest: float) -> Cell:
    """Return a bar whose length is the value's share of the highest one; only 0 has none."""
    if value <= 0:
        return ""
    halves = 2 * _BAR_WIDTH  # a bar has halves of characters
    share = max(1, round(halves * value / highest))
    return ProgressBar(total=halves, completed=share, width=_BAR_WIDTH)


def terminal(width: int | None = None) -> Console:
    """Return standard output; by default as wide as it is."""
    return Console(width=width, markup=False, highlight=False, emoji=False)


def _filled(made: Table, rows: Iterable[Sequence[Cell]]) -> Table:
    for row in rows:
        made.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return made


def _joined(sections: Sequence[RenderableType]) -> Group:
    separated = [each for section in sections for each in ("", section)]
    return Group(*separated[1:])
