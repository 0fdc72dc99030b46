"""A program on a real terminal, and what somebody sees there."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pyte

_ROWS = 50
_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Shown:
    """What a program has written to a terminal."""

    exit_code: int
    written: str
    """Everything, with the sequences that move the cursor."""
    lines: list[str]
    """The lines that are on the screen in the end, without the empty ones at its end."""


def run_on_terminal(
    program: Path,
    *arguments: str,
    directory: Path,
    environment: Mapping[str, str],
    columns: int = 80,
    in_foreground: bool = True,
    ends_at: threading.Event | None = None,
) -> Shown:
    """Run a program to its end, with a terminal as its standard input, output and error.

    :param in_foreground: whether it is the job that the terminal's shell waits for.
    :param ends_at: when somebody presses Ctrl-C.
    """
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))

    def take_terminal() -> None:
        if in_foreground:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [sys.executable, str(program), *arguments],
        cwd=directory,
        env=dict(environment),
        stdin=end,
        stdout=end,
        stderr=end,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - the session must be there already
    )
    os.close(end)
    if ends_at:
        threading.Thread(target=_press_ctrl_c, args=(terminal, ends_at), daemon=True).start()
    written = bytearray()
    with suppress(OSError):  # the terminal ends with an error when nobody has it open any more
        while data := os.read(terminal, 65_536):
            written += data
    os.close(terminal)
    exit_code = process.wait(_TIMEOUT_SECONDS)
    text = written.decode("utf-8")
    return Shown(exit_code, text, _screen(text, columns))


def _press_ctrl_c(terminal: int, at: threading.Event) -> None:
    if at.wait(_TIMEOUT_SECONDS):
        os.write(terminal, b"\x03")


def _screen(text: str, columns: int) -> list[str]:
    screen = pyte.Screen(columns, _ROWS)
    pyte.Stream(screen).feed(text)
    return "\n".join(line.rstrip() for line in screen.display).rstrip("\n").split("\n")
