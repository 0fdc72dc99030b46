"""The state file: what the service knows of its last runs and backups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.run.json_values import read_counts, read_time, read_whole
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.record_file import RecordFile

FORMAT_VERSION: Final = 2
FILE_NAME: Final = "state.json"


@dataclass(frozen=True)
class RunState:
    """A run that has begun; all times are UTC."""

    started: datetime
    process: ProcessId
    finished: datetime | None = None
    exit_code: int | None = None
    """None while the run is under way, and for a run that was killed."""
    error: str = ""
    """One line; empty after a success."""
    database: str = ""
    """The database whose turn it is; empty before the first one."""
    memory_kills: int | None = None
    """How many processes had been killed for lack of memory when the run began; None if unknown."""


@dataclass(frozen=True)
class BackupState:
    """A backup that is known to be complete."""

    started: datetime
    finished: datetime
    archive_key: str
    archive_size: int
    """Bytes in the bucket."""
    nodes: int
    relationships: int
    database_id: str
    """The database identity."""

    @classmethod
    def of(cls, manifest: StoredManifest) -> Self:
        """Return the record of a complete backup."""
        return cls(
            started=datetime.fromisoformat(manifest.started),
            finished=datetime.fromisoformat(manifest.finished),
            archive_key=manifest.archive_key,
            archive_size=manifest.archive_size,
            nodes=manifest.export.nodes,
            relationships=manifest.export.relationships,
            database_id=manifest.database_id,
        )


@dataclass(frozen=True)
class Attempt:
    """One database's part of a run, after it ended."""

    started: datetime
    finished: datetime
    exit_code: int
    error: str = ""
    """One line; empty after a success."""
    archive_size: int = 0
    """Bytes of the archive that was made; 0 if there is none."""

    @property
    def seconds(self) -> float:
        """How long the attempt took."""
        return (self.finished - self.started).total_seconds()


@dataclass(frozen=True)
class DatabaseState:
    """All that is known about one database."""

    since: datetime
    """The time from which backups of it are expected."""
    last_backup: BackupState | None = None
    attempts: tuple[Attempt, ...] = ()
    """The latest ones, oldest first."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """How many attempts failed so far, for each kind of failure; see `errors.failure_kind`."""
    stored: Usage | None = None
    pause: str | None = None
    """Why no backup of it is removed, whatever the retention rules say. Empty without a pause; None
    as long as nothing is known."""


@dataclass(frozen=True)
class State:
    """All that is known; the content of the file."""

    since: datetime
    """The time from which backups are expected: when the service or its schedule was new."""
    schedule: str = ""
    """The schedule with its time zone."""
    expected: tuple[str, ...] = ()
    """The databases that are to be backed up, in the order of their backups."""
    last_run: RunState | None = None
    failures: Mapping[str, int] = field(default_factory=dict)
    """How many runs failed so far, for each kind of failure; one that was killed is a kind too."""
    databases: Mapping[str, DatabaseState] = field(default_factory=dict)
    """By name; databases that are no longer backed up stay."""

    def of(self, database: str) -> DatabaseState:
        """Return what is known about a database; an unknown one has no backups yet."""
        return self.databases.get(database) or DatabaseState(self.since)

    def with_database(self, database: str, known: DatabaseState) -> Self:
        """Return the state with another record of one database."""
        return replace(self, databases={**self.databases, database: known})

    def expecting(self, databases: Sequence[str], since: datetime) -> Self:
        """Return the state with these databases to back up, and no others.

        :param since: the time from which backups of the new ones are expected.
        """
        new = {
            database: replace(self.of(database), since=since)
            for database in databases
            if database not in self.expected
        }
        return replace(self, expected=tuple(databases), databases={**self.databases, **new})

    def expecting_also(self, databases: Sequence[str], since: datetime) -> Self:
        """Return the state with these databases to back up, besides those of before."""
        new = (database for database in databases if database not in self.expected)
        return self.expecting((*self.expected, *new), since)


class StateFile(RecordFile[State]):
    """The state file."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / FILE_NAME, FORMAT_VERSION, _from_json)


def _from_json(content: dict[str, Any]) -> State:
    run = content["last_run"]
    return State(
        since=read_time(content["since"]),
        schedule=content["schedule"],
        expected=tuple(content["expected"]),
        last_run=_run(run) if run else None,
        failures=read_counts(content["failures"]),
        databases={name: _database(known) for name, known in content["databases"].items()},
    )


def _run(content: dict[str, Any]) -> RunState:
    finished = content["finished"]
    return RunState(
        started=read_time(content["started"]),
        process=ProcessId(**content["process"]),
        finished=read_time(finished) if finished else None,
        exit_code=content["exit_code"],
        error=content["error"],
        # A run of an earlier version has neither.
        database=content.get("database", ""),
        memory_kills=content.get("memory_kills"),
    )


def _database(content: dict[str, Any]) -> DatabaseState:
    backup, stored = content["last_backup"], content["stored"]
    return DatabaseState(
        since=read_time(content["since"]),
        last_backup=_backup(backup) if backup else None,
        attempts=tuple(map(_attempt, content["attempts"])),
        failures=read_counts(content["failures"]),
        stored=Usage(read_whole(stored["backups"]), read_whole(stored["size"])) if stored else None,
        pause=content["pause"],
    )


def _backup(content: dict[str, Any]) -> BackupState:
    return BackupState(
        started=read_time(content["started"]),
        finished=read_time(content["finished"]),
        archive_key=content["archive_key"],
        archive_size=read_whole(content["archive_size"]),
        nodes=read_whole(content["nodes"]),
        relationships=read_whole(content["relationships"]),
        database_id=content["database_id"],
    )


def _attempt(content: dict[str, Any]) -> Attempt:
    return Attempt(
        started=read_time(content["started"]),
        finished=read_time(content["finished"]),
        exit_code=content["exit_code"],
        error=content["error"],
        archive_size=read_whole(content["archive_size"]),
    )
