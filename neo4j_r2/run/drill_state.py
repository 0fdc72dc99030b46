"""The file of drills: what this host knows of its restore drills and their proofs.

It is a file of its own, because a drill does not hold the run lock, and must not undo what a backup
writes into the state file. Only the holder of the drill lock replaces it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Self

from neo4j_r2.archive.manifest import read_timestamp
from neo4j_r2.archive.proof import StoredProof
from neo4j_r2.run.json_values import (
    read_counts,
    read_seconds,
    read_text,
    read_time,
    read_whole,
)
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.record_file import RecordFile
from neo4j_r2.run.state import RunState

FORMAT_VERSION: Final = 1
FILE_NAME: Final = "drills.json"


@dataclass(frozen=True)
class DrillRun(RunState):
    """A run of drills that has begun, one for each database whose backup is drilled."""

    phase: str = ""
    """What is being done: check, restore, compare, ask or empty."""


@dataclass(frozen=True)
class ProofState:
    """A drill that brought a restore point back exactly."""

    started: datetime
    finished: datetime
    archive_key: str
    backup_started: datetime
    """When the proved backup was started."""
    restore_seconds: float
    """What checking the archive and replaying it took together."""
    nodes: int
    relationships: int
    is_stored: bool
    """Whether its proof lies in the bucket."""

    @classmethod
    def of(cls, proof: StoredProof) -> Self:
        """Return what is remembered of a proof that lies in the bucket."""
        return cls(
            started=read_timestamp(proof.started),
            finished=read_timestamp(proof.finished),
            archive_key=proof.archive_key,
            backup_started=read_timestamp(proof.backup_started),
            restore_seconds=proof.restore_seconds,
            nodes=proof.totals.nodes,
            relationships=proof.totals.relationships,
            is_stored=True,
        )


@dataclass(frozen=True)
class Drill:
    """One database's part of a run of drills, after it ended."""

    started: datetime
    finished: datetime
    exit_code: int
    error: str = ""
    """One line; empty after a success."""
    archive_key: str = ""
    """Empty if no backup was chosen yet."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """How long each phase took that ended."""
    questions_asked: int = 0
    questions_failed: tuple[str, ...] = ()
    """Their names."""


@dataclass(frozen=True)
class DrilledDatabase:
    """All that is known about the drills of one database's backups."""

    since: datetime
    """The time from which drills of them are expected."""
    last_proof: ProofState | None = None
    drills: tuple[Drill, ...] = ()
    """The latest ones, oldest first."""
    failures: Mapping[str, int] = field(default_factory=dict)
    """How many drills failed so far, for each kind of failure; see `errors.failure_kind`."""


@dataclass(frozen=True)
class Claim:
    """The scratch database that was marked last; see `scratch_mark`."""

    uri: str
    database_id: str


@dataclass(frozen=True)
class DrillState:
    """All that is known of drills; the content of the file."""

    since: datetime
    """The time from which drills are expected: when the service or their schedule was new."""
    schedule: str = ""
    """The schedule of drills with its time zone; empty without one."""
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    """Tells this host's scratch mark from others'. It stays: a server never forgets a label."""
    claim: Claim | None = None
    run: DrillRun | None = None
    failures: Mapping[str, int] = field(default_factory=dict)
    """How many runs failed so far, for each kind of failure; one that was killed is a kind too."""
    databases: Mapping[str, DrilledDatabase] = field(default_factory=dict)
    """By name."""

    def of(self, database: str) -> DrilledDatabase:
        """Return what is known about a database; of an unknown one no backup was drilled yet."""
        return self.databases.get(database) or DrilledDatabase(self.since)

    def with_database(self, database: str, known: DrilledDatabase) -> Self:
        """Return the state with another record of one database."""
        return replace(self, databases={**self.databases, database: known})


class DrillFile(RecordFile[DrillState]):
    """The file of drills."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / FILE_NAME, FORMAT_VERSION, _from_json)


def _from_json(content: dict[str, Any]) -> DrillState:
    run, claim = content["run"], content["claim"]
    return DrillState(
        since=read_time(content["since"]),
        schedule=read_text(content["schedule"]),
        token=read_text(content["token"]),
        claim=Claim(read_text(claim["uri"]), read_text(claim["database_id"])) if claim else None,
        run=_run(run) if run else None,
        failures=read_counts(content["failures"]),
        databases={name: _database(known) for name, known in content["databases"].items()},
    )


def _run(content: dict[str, Any]) -> DrillRun:
    finished, memory_kills = content["finished"], content["memory_kills"]
    return DrillRun(
        started=read_time(content["started"]),
        process=ProcessId(**content["process"]),
        finished=read_time(finished) if finished else None,
        exit_code=content["exit_code"],
        error=read_text(content["error"]),
        database=read_text(content["database"]),
        phase=read_text(content["phase"]),
        memory_kills=None if memory_kills is None else read_whole(memory_kills),
    )


def _database(content: dict[str, Any]) -> DrilledDatabase:
    proof = content["last_proof"]
    return DrilledDatabase(
        since=read_time(content["since"]),
        last_proof=_proof(proof) if proof else None,
        drills=tuple(map(_drill, content["drills"])),
        failures=read_counts(content["failures"]),
    )


def _proof(content: dict[str, Any]) -> ProofState:
    return ProofState(
        started=read_time(content["started"]),
        finished=read_time(content["finished"]),
        archive_key=read_text(content["archive_key"]),
        backup_started=read_time(content["backup_started"]),
        restore_seconds=read_seconds(content["restore_seconds"]),
        nodes=read_whole(content["nodes"]),
        relationships=read_whole(content["relationships"]),
        is_stored=bool(content["is_stored"]),
    )


def _drill(content: dict[str, Any]) -> Drill:
    return Drill(
        started=read_time(content["started"]),
        finished=read_time(content["finished"]),
        exit_code=read_whole(content["exit_code"]),
        error=read_text(content["error"]),
        archive_key=read_text(content["archive_key"]),
        seconds={phase: read_seconds(each) for phase, each in content["seconds"].items()},
        questions_asked=read_whole(content["questions_asked"]),
        questions_failed=tuple(map(read_text, content["questions_failed"])),
    )
