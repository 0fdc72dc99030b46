"""Remembers why the service could not start, until it can: so it is told once, and shown meanwhile.

There is one problem for each exit code. When a second one comes, the first may not be over: it is
kept, and both are told as over when the service has started.

This is a file of its own, because a start that fails holds no run lock, and must not undo what a
run writes into the state file.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run import state_directory

log = logging.getLogger(__name__)

FILE_NAME: Final = "start-problem.json"


@dataclass(frozen=True)
class StartProblem:
    """Why the service could not start, or why it started without Neo4j or R2."""

    since: datetime
    exit_code: int
    error: str
    """One line, without secrets."""
    is_told: bool = True
    """Whether people were told. What may pass is told when it is there at a second look."""


class StartProblemFile:
    """The file of all problems; there is none while the service has no such problem."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / FILE_NAME

    def read(self) -> Sequence[StartProblem]:
        """Return the problems, the latest one last; none without a file that can be read."""
        try:
            return [_problem(entry) for entry in json.loads(self._path.read_bytes())]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return []

    def latest(self) -> StartProblem | None:
        """Return what failed last; None if there is no problem."""
        return next(reversed(self.read()), None)

    def write(self, problem: StartProblem) -> bool:
        """Record a problem in the place of the one with its exit code. Return whether that worked.

        A failure is only a warning.
        """
        others = [each for each in self.read() if each.exit_code != problem.exit_code]
        entries = [asdict(each) for each in (*others, problem)]
        text = json.dumps(entries, indent=1, default=datetime.isoformat)
        try:
            state_directory.prepare(self._directory)
            state_directory.replace_file(self._path, f"{text}\n")
        except ConfigurationError as error:
            log.warning("This failure of the start is not recorded: %s", error)
            return False
        return True

    def remove(self) -> Sequence[StartProblem]:
        """Forget the problems, and return them."""
        problems = self.read()
        with suppress(OSError):
            self._path.unlink()
        return problems


def _problem(entry: Mapping[str, Any]) -> StartProblem:
    return StartProblem(
        datetime.fromisoformat(entry["since"]),
        int(entry["exit_code"]),
        str(entry["error"]),
        bool(entry["is_told"]),
    )
