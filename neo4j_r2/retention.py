"""Which backups are removed: a pure decision, with the reason for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from neo4j_r2.catalog import BackupName, StoredBackup


@dataclass(frozen=True)
class Candidate:
    """A stored backup as retention sees it."""

    name: BackupName
    complete: bool
    database_id: str | None
    """The identity of the database it was taken of; None without a manifest."""
    entities: int
    """In a complete backup; 0 otherwise."""
    readable: bool = True
    """Whether its manifest, if it has one, is of a format that this version reads."""
    before_restore: bool = False
    """Whether it is of a graph that somebody replaced: then it never is the newest one."""


@dataclass(frozen=True)
class Policy:
    """What is being kept, and for whom."""

    retention_days: int
    """0 keeps everything."""
    databases: dict[str, str]
    """Name and identity of each database that this run has backed up."""


@dataclass(frozen=True)
class Decision:
    """What is to become of one backup, and why."""

    candidate: Candidate
    remove: bool
    reason: str
    warning: bool = False
    """Whether the reason is one that the user should know of."""


@dataclass(frozen=True)
class Verdict:
    """A stored backup and what is to become of it."""

    backup: StoredBackup
    decision: Decision


def decide(candidates: Sequence[Candidate], policy: Policy, now: datetime) -> list[Decision]:
    """Decide on each candidate, in the order given.

    The newest complete backup of a database is always kept. So is everything of a database whose
    newest backup is empty while an older one is not: somebody may have lost a graph.
    """
    newest = _newest_complete(candidates, policy)
    emptied = emptied_databases(candidates, policy)
    return [_decide(each, policy, now, newest, emptied) for each in candidates]


def emptied_databases(candidates: Sequence[Candidate], policy: Policy) -> set[str]:
    """Return the databases whose newest backup is empty while an older one is not."""
    return {
        database
        for database, latest in _newest_complete(candidates, policy).items()
        if latest.entities == 0 and any(_is_fuller(each, database, policy) for each in candidates)
    }


def _decide(
    candidate: Candidate,
    policy: Policy,
    now: datetime,
    newest: dict[str, Candidate],
    emptied: set[str],
) -> Decision:
    database = candidate.name.database
    days = policy.retention_days
    ordinary = {
        f"of another database, {database}": database not in policy.databases,
        "retention is off": days == 0,
        f"not older than {days} days": candidate.name.taken >= now - timedelta(days=days),
        "the newest complete backup": newest.get(database) is candidate,
    }
    noteworthy = {
        "its manifest cannot be read": not candidate.readable,
        "taken of another server's database of the same name": (
            candidate.database_id not in (None, policy.databases.get(database))
        ),
        "the newest backup is empty and older ones are not": database in emptied,
    }
    for reasons in (ordinary, noteworthy):
        for reason, applies in reasons.items():
            if applies:
                return Decision(
                    candidate, remove=False, reason=reason, warning=reasons is noteworthy
                )
    state = "" if candidate.complete else ", and incomplete"
    return Decision(candidate, remove=True, reason=f"older than {days} days{state}")


def _newest_complete(candidates: Sequence[Candidate], policy: Policy) -> dict[str, Candidate]:
    newest: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda each: each.name.taken):
        database = candidate.name.database
        is_own = candidate.database_id == policy.databases.get(database)
        if candidate.complete and is_own and not candidate.before_restore:
            newest[database] = candidate
    return newest


def _is_fuller(candidate: Candidate, database: str, policy: Policy) -> bool:
    return (
        candidate.name.database == database
        and candidate.database_id == policy.databases[database]
        and candidate.complete
        and candidate.entities > 0
    )
