"""Records how a run ends, in the state file that the health probe reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from neo4j_r2.catalog import StoredManifest
from neo4j_r2.errors import EXIT_UNEXPECTED, BackupError, Ending, LockedError
from neo4j_r2.log import redact
from neo4j_r2.processes import ProcessIdentity
from neo4j_r2.state import BackupState, RunState, State, StateFile

log = logging.getLogger(__name__)


class RunRecord:
    """The record of one run. That it cannot be written is a warning, and no reason to end."""

    def __init__(self, directory: Path) -> None:
        self._file = StateFile(directory)
        self._run = RunState(datetime.now(UTC).replace(microsecond=0), ProcessIdentity.own())

    def begin(self, started: datetime) -> None:
        """Record that the run is under way: if it is killed, this is all that tells of it."""
        self._run = replace(self._run, started=started)
        self._write(replace(self._state(), last_run=self._run))

    def stored(self, manifest: StoredManifest) -> None:
        """Record the run's backup, which stands whatever comes after it."""
        backup = backup_state(manifest)
        self._write(replace(self._state(), last_backup=backup))

    def end(self, exit_code: int, error: str = "") -> None:
        """Record how the run ended."""
        finished = datetime.now(UTC).replace(microsecond=0)
        line = redact(" ".join(error.split()))
        run = replace(self._run, finished=finished, exit_code=exit_code, error=line)
        self._write(replace(self._state(), last_run=run))

    def _state(self) -> State:
        return self._file.read() or State(since=self._run.started)

    def _write(self, state: State) -> None:
        try:
            self._file.write(state)
        except BackupError as error:
            log.warning("This run is not recorded: %s", error)


@contextmanager
def recorded(directory: Path) -> Iterator[RunRecord]:
    """Record how the run in the context ends, unless the lock refuses it."""
    record = RunRecord(directory)
    try:
        yield record
    except LockedError:
        raise
    except (BackupError, Ending) as error:
        record.end(error.exit_code, str(error))
        raise
    except BaseException as error:
        record.end(EXIT_UNEXPECTED, f"Unexpected error: {type(error).__name__}")
        raise
    record.end(0)


def backup_state(manifest: StoredManifest) -> BackupState:
    """Return what the state says of a complete backup."""
    return BackupState(
        started=datetime.fromisoformat(manifest.started),
        archive_key=manifest.archive_key,
        archive_size=manifest.archive_size,
        database_id=manifest.database_id,
    )
