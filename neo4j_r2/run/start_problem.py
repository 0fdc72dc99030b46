"""Remembers why the service could not start, until it can: so it is told once, and shown meanwhile.

This is a file of its own, because a start that fails holds no run lock, and must not undo what a
run writes into the state file.
"""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

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
    """The file; there is none while the service has no such problem."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / FILE_NAME

    def read(self) -> StartProblem | None:
        """Return the problem; None without a file that this version can read."""
        try:
            content = json.loads(self._path.read_bytes())
            return StartProblem(
                datetime.fromisoformat(content["since"]),
                int(content["exit_code"]),
                str(content["error"]),
                bool(content["is_told"]),
            )
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, problem: StartProblem) -> None:
        """Replace the file. A failure to write is only a warning."""
        text = json.dumps(asdict(problem), indent=1, default=datetime.isoformat)
        try:
            state_directory.prepare(self._directory)
            state_directory.replace_file(self._path, f"{text}\n")
        except ConfigurationError as error:
            log.warning("This failure of the start is not recorded: %s", error)

    def remove(self) -> StartProblem | None:
        """Forget the problem; return it, None if there was none."""
        problem = self.read()
        with suppress(OSError):
            self._path.unlink()
        return problem
