"""Which backups are removed: a pure decision, with the reasons for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from neo4j_r2.bucket.keys import BackupName, StoredBackup
from neo4j_r2.bucket.shrink import Size
from neo4j_r2.config.keep_rules import Rules, is_young, kept


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
    last_accepted: int = 0
    """Entities of the accepted backup that it was compared with; 0 if with none."""
    is_accepted: bool = False
    """Whether somebody has accepted it as small as it is."""

    @property
    def size(self) -> Size:
        """Its graph's size, and what that was."""
        return Size(self.entities, self.last_accepted, self.is_accepted)


@dataclass(frozen=True)
class Policy:
    """What is being kept, and for whom."""

    rules: Rules
    databases: dict[str, str]
    """Name and identity of each database that this run has backed up."""
    shrink_percent: int = 0
    """By how much a graph may shrink before nothing is removed any more; 0 is by any."""


@dataclass(frozen=True)
class Decision:
    """What is to become of one backup, and why."""

    candidate: Candidate
    remove: bool
    reasons: tuple[str, ...]
    """All that keep it, or the one for which it goes."""
    warning: bool = False
    """Whether only such reasons keep it as the user should know of."""

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return "; ".join(self.reasons)


@dataclass(frozen=True)
class Verdict:
    """A stored backup and what is to become of it."""

    backup: StoredBackup
    decision: Decision


def decide(candidates: Sequence[Candidate], policy: Policy, now: datetime) -> list[Decision]:
    """Decide on each candidate, in the order given.

    A backup is kept if any rule keeps it. The newest complete backup of a database is always kept.
    So is everything of a database whose newest backup is empty while an older one is not, or has
    shrunk and is not accepted: somebody may have lost a graph, or a part of it.
    """
    views = {database: _view(candidates, policy, database, now) for database in policy.databases}
    return [_decide(each, policy, views.get(each.name.database), now) for each in candidates]


def emptied_databases(candidates: Sequence[Candidate], policy: Policy) -> set[str]:
    """Return the databases whose newest backup is empty while an older one is not."""
    return {
        database
        for database in policy.databases
        if (own := _ordinary(candidates, policy, database))
        and own[-1].entities == 0
        and any(_is_fuller(each, policy, database) for each in candidates)
    }


def shrunk_databases(candidates: Sequence[Candidate], policy: Policy) -> dict[str, Size]:
    """Return the databases whose newest backup has shrunk and is not accepted, with its size."""
    return {
        database: own[-1].size
        for database in policy.databases
        if (own := _ordinary(candidates, policy, database))
        and own[-1].size.is_alarming(policy.shrink_percent)
    }


@dataclass(frozen=True)
class _View:
    """What the decisions on a database's backups have in common."""

    database_id: str
    kept: Mapping[datetime, Sequence[str]]
    """What keeps the backups that the rules count, by when they were taken."""
    pauses: Sequence[str]
    """Why nothing of the database is removed, if that is so."""


def _view(candidates: Sequence[Candidate], policy: Policy, database: str, now: datetime) -> _View:
    own = _ordinary(candidates, policy, database)
    reasons = kept([each.name.taken for each in own], policy.rules, now)
    if own:
        reasons[own[-1].name.taken].append("the newest complete backup")
    pauses = []
    if database in emptied_databases(candidates, policy):
        pauses.append("the newest backup is empty and older ones are not")
    if database in shrunk_databases(candidates, policy):
        pauses.append("the newest backup has shrunk and is not accepted")
    return _View(policy.databases[database], reasons, pauses)


def _decide(candidate: Candidate, policy: Policy, view: _View | None, now: datetime) -> Decision:
    if view is None:
        return Decision(candidate, False, (f"of another database, {candidate.name.database}",))
    if policy.rules.days == 0:
        return Decision(candidate, False, ("retention is off",))
    ordinary = [*_kept_by_rules(candidate, policy.rules, view, now), *view.pauses]
    noteworthy = []
    if not candidate.readable:
        noteworthy.append("its manifest cannot be read")
    if candidate.database_id not in (None, view.database_id):
        noteworthy.append("taken of another server's database of the same name")
    if ordinary or noteworthy:
        return Decision(candidate, False, (*ordinary, *noteworthy), warning=not ordinary)
    return Decision(candidate, True, (_removal(candidate, policy.rules, view),))


def _kept_by_rules(candidate: Candidate, rules: Rules, view: _View, now: datetime) -> Sequence[str]:
    if candidate.name.taken in view.kept:
        return view.kept[candidate.name.taken]
    days = rules.days_of_uncounted
    is_kept = is_young(candidate.name.taken, days, now)
    return [f"not older than {days} days"] if is_kept else []


def _removal(candidate: Candidate, rules: Rules, view: _View) -> str:
    days = rules.days_of_uncounted
    if not candidate.complete:
        return f"older than {days} days, and incomplete"
    if candidate.name.taken in view.kept and rules.counts:
        return f"no rule keeps it: {rules}"
    return f"older than {days} days"


def _ordinary(candidates: Sequence[Candidate], policy: Policy, database: str) -> list[Candidate]:
    """Return a database's own complete backups that no restore asked for, oldest first."""
    own = [
        each
        for each in candidates
        if _is_own(each, policy, database) and each.complete and not each.before_restore
    ]
    return sorted(own, key=lambda each: each.name.taken)


def _is_fuller(candidate: Candidate, policy: Policy, database: str) -> bool:
    return _is_own(candidate, policy, database) and candidate.complete and candidate.entities > 0


def _is_own(candidate: Candidate, policy: Policy, database: str) -> bool:
    name = candidate.name
    return name.database == database and candidate.database_id == policy.databases[database]
