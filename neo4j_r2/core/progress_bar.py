"""Draws progress bars below the log, for somebody who looks at it on a terminal.

The library is loaded only then: a scheduled backup has no terminal, and does not wait for it.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from neo4j_r2.core.foreground import is_in_foreground

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class _Display:
    """The bars that are there now."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        """None while there is no bar."""


_display: Final = _Display()


class Bar:
    """A bar of its own line, until it is closed. A terminal that is gone is no error."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def show(self, done: float, total: float, text: str) -> None:
        """Show how much is done.

        :param total: 0 if nobody knows.
        :param text: stands behind the bar.
        """
        with suppress(OSError):
            self._progress.update(self._task, completed=done, total=total or None, text=text)

    def close(self) -> None:
        """Remove the bar; the log stays."""
        with suppress(OSError):
            self._progress.remove_task(self._task)
            if not self._progress.tasks:
                _display.progress = None
                self._progress.stop()


def open_bar(action: str, total: float) -> Bar | None:
    """Open a bar below those that are there; return None unless somebody can see it.

    :param action: what is done, as the first word of the line.
    :param total: how much there is to do; 0 if nobody knows.
    """
    if not is_in_foreground(sys.stderr):
        return None
    progress = _display.progress or _begin()
    if progress is None:
        return None
    return Bar(progress, progress.add_task(action, total=total or None, text=""))


class LogStream:
    """Standard error, with the lines of the log above the bars."""

    def write(self, text: str) -> None:
        """Write whole lines."""
        if (progress := _display.progress) is None:
            sys.stderr.write(text)
            return
        from rich.text import Text  # noqa: PLC0415 - it is loaded already if there is a bar

        progress.console.print(Text(text.removesuffix("\n")), soft_wrap=True)

    def flush(self) -> None:
        """Write what is still in a buffer."""
        sys.stderr.flush()


def _begin() -> Progress | None:
    """Begin to draw; return None on a terminal that cannot move its cursor."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False)
    if not console.is_interactive:
        return None
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[text]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        redirect_stdout=False,  # it may be a pipe
        expand=True,
    )
    progress.start()
    _display.progress = progress
    return progress
