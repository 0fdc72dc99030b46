"""What `status` tells, as a JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from neo4j_r2.archive.manifest import timestamp
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.core.price import monthly_dollars
from neo4j_r2.monitoring.status_text import run_error, run_outcome
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


@dataclass(frozen=True)
class Known:
    """What this host knows of its runs."""

    settings: ServiceSettings
    state: State | None
    start_problem: StartProblem | None
    now: datetime
    is_scheduled: bool
    """Whether this service starts the runs itself."""


def document(known: Known, stored: Stored | None) -> str:
    """Return a JSON document; times are in UTC, sizes in bytes.

    :param stored: None if the bucket could not be read.
    """
    settings, state, problem = known.settings, known.state, known.start_problem
    following = settings.schedule.next_after(known.now.astimezone(settings.time_zone))
    content = {
        "time": timestamp(known.now),
        "schedule": str(settings.schedule),
        "time_zone": str(settings.time_zone),
        "next_run": timestamp(following.astimezone(UTC)) if known.is_scheduled else None,
        "last_run": _run_entry(state.last_run, settings) if state and state.last_run else None,
        "start_problem": problem
        and {
            "since": timestamp(problem.since),
            "exit_code": problem.exit_code,
            "error": problem.error,
        },
        "databases": [_database_entry(name, state) for name in state.expected] if state else [],
        "storage": stored and _storage_entry(stored),
    }
    return json.dumps(content, indent=1) + "\n"


def _run_entry(run: RunState, settings: ServiceSettings) -> dict[str, Any]:
    outcome = run_outcome(run, settings.state_directory)
    return {
        "started": timestamp(run.started),
        "finished": timestamp(run.finished) if run.finished else None,
        "outcome": outcome,
        "exit_code": run.exit_code,
        "error": run_error(run, outcome) or None,
    }


def _database_entry(name: str, state: State) -> dict[str, Any]:
    known = state.of(name)
    return {
        "database": name,
        "pause": known.pause or None,
        "attempts": [_attempt_entry(each) for each in known.attempts],
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
