"""What the service knows of its last runs, in one file of the state directory."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from neo4j_r2 import state_directory
from neo4j_r2.processes import ProcessIdentity

FORMAT_VERSION: Final = 1
FILE_NAME: Final = "state.json"


@dataclass(frozen=True)
class RunState:
    """A run that has begun; all times are UTC."""

    started: datetime
    process: ProcessIdentity
    finished: datetime | None = None
    exit_code: int | None = None
    """None while it runs, and of one that was killed."""
    error: str = ""
    """In one line; empty after a success."""


@dataclass(frozen=True)
class BackupState:
    """The newest backup that is known to be complete."""

    started: datetime
    archive_key: str
    archive_size: int
    """Bytes in the bucket."""
    database_id: str | None = None
    """The database identity; None in a file of an earlier version."""


@dataclass(frozen=True)
class State:
    """All that is known."""

    since: datetime
    """From when on backups are expected: since the service, or its schedule, is new."""
    schedule: str = ""
    """The schedule with its time zone."""
    last_run: RunState | None = None
    last_backup: BackupState | None = None


class StateFile:
    """The file; each write replaces it as a whole."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self) -> State | None:
        """Return the state, None if there is none that this version can read."""
        try:
            return _from_json(json.loads((self._directory / FILE_NAME).read_bytes()))
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None

    def write(self, state: State) -> None:
        """Replace the state.

        :raises ConfigurationError: if the directory cannot be used.
        """
        state_directory.prepare(self._directory)
        content = {"format_version": FORMAT_VERSION, **asdict(state)}
        text = json.dumps(content, indent=1, default=datetime.isoformat)
        state_directory.replace_file(self._directory / FILE_NAME, f"{text}\n")


def _from_json(content: dict[str, Any]) -> State | None:
    if content["format_version"] != FORMAT_VERSION:
        return None
    run, backup = content["last_run"], content["last_backup"]
    return State(
        since=datetime.fromisoformat(content["since"]),
        schedule=content["schedule"],
        last_run=_run(run) if run else None,
        last_backup=_backup(backup) if backup else None,
    )


def _run(content: dict[str, Any]) -> RunState:
    finished = content["finished"]
    return RunState(
        started=datetime.fromisoformat(content["started"]),
        process=ProcessIdentity(**content["process"]),
        finished=datetime.fromisoformat(finished) if finished else None,
        exit_code=content["exit_code"],
        error=content["error"],
    )


def _backup(content: dict[str, Any]) -> BackupState:
    return BackupState(
        started=datetime.fromisoformat(content["started"]),
        archive_key=content["archive_key"],
        archive_size=content["archive_size"],
        database_id=content.get("database_id"),
    )
