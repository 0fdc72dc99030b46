"""What `status` tells, as a JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from neo4j_r2.archive.manifest import timestamp
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.price import monthly_dollars
from neo4j_r2.run.drill_state import Drill, DrillState, ProofState
from neo4j_r2.run.ending import outcome, outcome_error
from neo4j_r2.run.lock import is_drill_under_way, is_under_way
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import Attempt, RunState, State


@dataclass(frozen=True)
class Stored:
    """What a look at the bucket has found."""

    bucket: str
    prefix: str
    usages: Mapping[str, Usage]
    """By the name of the database."""
    safety_backups: Sequence[datetime]
    """When each backup was taken that a restore made of what it replaced."""
    problems: Sequence[str]
    """What is wrong with the newest backups; a text each."""
    whereabouts: str
    """If there is no backup: where in the bucket there are some, in words."""
    proofs: Mapping[str, ProofState]
    """By database: the proof of the newest backup that has one, unless this host has proved that
    one or a newer one itself."""


@dataclass(frozen=True)
class Known:
    """What this host knows of its runs and drills."""

    settings: ServiceSettings
    state: State | None
    drills: DrillState | None
    start_problem: StartProblem | None
    now: datetime
    is_scheduled: bool
    """Whether this service starts the runs itself."""

    @property
    def databases(self) -> Sequence[str]:
        """The databases that are told of; on a host that only makes drills, those with drills."""
        if self.state and self.state.expected:
            return self.state.expected
        return tuple(self.drills.databases) if self.drills else ()

    @property
    def with_proofs(self) -> Sequence[str]:
        """The databases of which proofs are told: none where are neither drills nor a schedule."""
        drills = self.drills
        has_drills = drills is not None and (drills.run is not None or bool(drills.databases))
        return self.databases if has_drills or self.settings.drill_schedule else ()

    def last_proof(self, database: str, stored: Stored | None) -> ProofState | None:
        """Return the last proof of a database's backups, here or elsewhere; None if none is known.

        :param stored: None if the bucket was not read.
        """
        own = self.drills.of(database).last_proof if self.drills else None
        return (stored.proofs.get(database) if stored else None) or own

    def newest_key(self, database: str) -> str:
        """Return the archive's key of the last backup of a database; empty if none is known."""
        last = self.state.of(database).last_backup if self.state else None
        return last.archive_key if last else ""


def document(known: Known, stored: Stored | None) -> str:
    """Return a JSON document; times are in UTC, sizes in bytes.

    :param stored: None if the bucket could not be read.
    """
    settings, state, problem = known.settings, known.state, known.start_problem
    following = settings.due_after(known.now)
    drill = settings.drill_due_after(known.now)
    content = {
        "time": timestamp(known.now),
        "schedule": str(settings.schedule),
        "time_zone": str(settings.time_zone),
        "next_run": timestamp(following.astimezone(UTC)) if known.is_scheduled else None,
        "last_run": _run_entry(state.last_run, is_under_way, settings)
        if state and state.last_run
        else None,
        "drill_schedule": str(settings.drill_schedule) if settings.drill_schedule else None,
        "next_drill": timestamp(drill.astimezone(UTC)) if drill and known.is_scheduled else None,
        "last_drill": _last_drill(known),
        "start_problem": problem
        and {
            "since": timestamp(problem.since),
            "exit_code": problem.exit_code,
            "error": problem.error,
        },
        "databases": [_database_entry(name, known, stored) for name in known.databases],
        "storage": stored and _storage_entry(stored),
    }
    return json.dumps(content, indent=1) + "\n"


def _run_entry(
    run: RunState, is_at_it: Callable[[ProcessId, Path], bool], settings: ServiceSettings
) -> dict[str, Any]:
    ended = outcome(run, is_at_it, settings.state_directory)
    return {
        "started": timestamp(run.started),
        "finished": timestamp(run.finished) if run.finished else None,
        "outcome": ended,
        "exit_code": run.exit_code,
        "error": outcome_error(run, ended) or None,
    }


def _last_drill(known: Known) -> dict[str, Any] | None:
    run = known.drills.run if known.drills else None
    if run is None:
        return None
    return {
        **_run_entry(run, is_drill_under_way, known.settings),
        "database": run.database or None,
        "phase": run.phase or None,
    }


def _database_entry(name: str, known: Known, stored: Stored | None) -> dict[str, Any]:
    state = known.state.of(name) if known.state else None
    proof = known.last_proof(name, stored)
    drills = known.drills.of(name).drills if known.drills else ()
    return {
        "database": name,
        "pause": (state.pause or None) if state else None,
        "attempts": [_attempt_entry(each) for each in state.attempts] if state else [],
        "last_proof": _proof_entry(proof) if proof else None,
        "drills": [_drill_entry(each) for each in drills],
    }


def _proof_entry(proof: ProofState) -> dict[str, Any]:
    return {
        "key": proof.archive_key,
        "backup_started": timestamp(proof.backup_started),
        "started": timestamp(proof.started),
        "finished": timestamp(proof.finished),
        "restore_seconds": proof.restore_seconds,
        "nodes": proof.nodes,
        "relationships": proof.relationships,
        "stored": proof.is_stored,
    }


def _drill_entry(drill: Drill) -> dict[str, Any]:
    return {
        "started": timestamp(drill.started),
        "finished": timestamp(drill.finished),
        "exit_code": drill.exit_code,
        "error": drill.error or None,
        "key": drill.archive_key or None,
        "seconds": dict(drill.seconds),
        "questions_asked": drill.questions_asked,
        "questions_failed": list(drill.questions_failed),
    }


def _attempt_entry(attempt: Attempt) -> dict[str, Any]:
    return {
        "started": timestamp(attempt.started),
        "finished": timestamp(attempt.finished),
        "exit_code": attempt.exit_code,
        "error": attempt.error or None,
        "archive_size": attempt.archive_size,
    }


def _storage_entry(stored: Stored) -> dict[str, Any]:
    total = sum(each.size for each in stored.usages.values())
    return {
        "bucket": stored.bucket,
        "prefix": stored.prefix,
        "size": total,
        "dollars_per_month": monthly_dollars(total),
        "databases": [
            {"database": name, "backups": usage.backups, "size": usage.size}
            for name, usage in stored.usages.items()
        ],
        "safety_backups": [timestamp(each) for each in stored.safety_backups],
        "incomplete": list(stored.problems),
        "whereabouts": stored.whereabouts or None,
    }
