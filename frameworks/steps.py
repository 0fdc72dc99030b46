"""Runs a program as one step of a trial."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

SECONDS: Final = 600


class StepError(RuntimeError):
    """A step failed; the message is one line that says why."""


def run_step(
    command: Sequence[str],
    *,
    directory: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> str:
    """Return what a program printed on its standard output.

    `variables` replaces the inherited environment when it is given.

    :raises StepError: if the program fails, or is not done in time.
    """
    try:
        finished = subprocess.run(
            command,
            cwd=directory,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StepError(f"{_name(command)} was not done after {SECONDS} s") from error
    if finished.returncode != 0:
        raise StepError(f"{_name(command)}: {_last_line(finished.stderr)}")
    return finished.stdout


def _name(command: Sequence[str]) -> str:
    """Return what a person calls a command of Python's: the module or script, and the act."""
    words = [Path(word).name for word in command[1:] if not word.startswith("-")]
    return " ".join(words[:3])


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
