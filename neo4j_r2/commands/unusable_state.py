"""A state directory that keeps the service from starting, and in which that cannot be recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from neo4j_r2.commands.configure import own_state_directory
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.config.service_settings import requested_state_directory
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BucketError, ConfigurationError, GraphError
from neo4j_r2.run.privileges import as_owner
from neo4j_r2.run.start_problem import StartProblem, StartProblemFile
from neo4j_r2.run.state_directory import write_problem

_TOLD: Final = frozenset(
    {ConfigurationError.exit_code, GraphError.exit_code, BucketError.exit_code}
)
"""The exit codes of the failures that are told when the service starts."""


@dataclass(frozen=True)
class _Look:
    """What shows that somebody has done something about the directory."""

    owner: int | None
    """None without a directory."""
    mode: int | None
    problem: str
    """Why its owner cannot write there; empty if that is possible."""


class UnusableState:
    """The directory, as it was when the start failed."""

    def __init__(self, root: Path, directory: Path, exit_code: int) -> None:
        """Look at it.

        :param root: the configured directory.
        :param directory: the one for the route.
        :param exit_code: how the start failed. People were told.
        """
        self._root = root
        self._directory = directory
        self._problem = StartProblem(now(), exit_code, "The state directory could not be used")
        self._seen = self._look()

    @classmethod
    def behind(cls, invocation: Invocation[Options], exit_code: int) -> Self | None:
        """Return the directory, if a failure was told and is not recorded there; else None.

        :raises ConfigurationError: if the variable is wrong.
        """
        root = requested_state_directory(invocation.environment, invocation.dotenv)
        with as_owner(root):
            directory = own_state_directory(invocation)
            is_recorded = bool(StartProblemFile(directory).read())
        if is_recorded or exit_code not in _TOLD:
            return None
        return cls(root, directory, exit_code)

    def is_mended(self) -> bool:
        """Whether somebody has done something about the directory.

        If it can be used now, it is recorded there that people were told of it, so that they are
        told the end too.
        """
        if self._look() == self._seen:
            return False
        with as_owner(self._root):
            StartProblemFile(self._directory).write(self._problem)
        return True

    def _look(self) -> _Look:
        with as_owner(self._root):
            problem = write_problem(self._directory)
        try:
            status = self._root.stat()
        except OSError:
            return _Look(None, None, problem)
        return _Look(status.st_uid, status.st_mode, problem)
