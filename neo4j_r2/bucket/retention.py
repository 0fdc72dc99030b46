"""Decides which backups are kept and which are removed: a pure decision, with the reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from neo4j_r2.bucket.candidates import Candidate, Policy, ordinary_backups
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.pause import Pause, pauses
from neo4j_r2.config.keep_rules import Rules, is_young, reasons_to_keep
from neo4j_r2.core.figures import counted


@dataclass(frozen=True)
class Decision:
    """Whether a backup is removed, and why."""

    candidate: Candidate
    remove: bool
    reasons: tuple[str, ...]
    """Everything that keeps it, or the one reason to remove it."""
    warning: bool = False
    """Whether it is only kept for reasons that somebody should know."""

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return "; ".join(self.reasons)


def decide(candidates: Sequence[Candidate], policy: Policy, now: datetime) -> list[Decision]:
    """Decide on each candidate, in the given order.

    A backup is kept if any rule keeps it. The newest complete backup of a database is always kept.
    While a database is paused, everything of it is kept; `pause` says when that is.
    """
    paused = pauses(candidates, policy)
    views = {
        database: _view(candidates, policy, database, paused.get(database), now)
        for database in policy.databases
    }
    return [_decide(each, policy, views.get(each.name.database), now) for each in candidates]


def spare_needed(
    decisions: Sequence[Decision], needs: Mapping[BackupName, Sequence[BackupName] | None]
) -> list[Decision]:
    """Return the decisions with all backups kept whose archives the kept ones need.

    :param needs: of each backup that is kept; None if its manifest cannot be read. No earlier one
        that it may need is removed then.
    """
    needed_by: dict[BackupName, str] = {}
    unreadable: dict[str, BackupName] = {}
    for name, names in needs.items():
        for each in names or ():
            needed_by.setdefault(each, name.stem)
        if names is None:
            before = unreadable.get(name.database, name)
            unreadable[name.database] = max(before, name, key=lambda each: each.taken)
    return [_spared(decision, needed_by, unreadable) for decision in decisions]


def _spared(
    decision: Decision, needed_by: Mapping[BackupName, str], unreadable: Mapping[str, BackupName]
) -> Decision:
    candidate = decision.candidate
    if not decision.remove:
        return decision
    if by := needed_by.get(candidate.name):
        return Decision(candidate, False, (f"needed by {by}",))
    newest = unreadable.get(candidate.name.database)
    if newest and candidate.may_be_needed and candidate.name.taken < newest.taken:
        reason = f"{newest.stem} may need it, but the manifest of that cannot be read"
        return Decision(candidate, False, (reason,), warning=True)
    return decision


@dataclass(frozen=True)
class _View:
    """What the decisions on one database's backups have in common."""

    database_id: str
    kept: Mapping[datetime, Sequence[str]]
    """What keeps each backup that the rules count, by the time when it was taken."""
    pauses: Sequence[str]
    """Why nothing of the database is removed; empty without a pause."""


def _view(
    candidates: Sequence[Candidate],
    policy: Policy,
    database: str,
    pause: Pause | None,
    now: datetime,
) -> _View:
    own = ordinary_backups(candidates, policy, database)
    reasons = reasons_to_keep([each.name.taken for each in own], policy.rules, now)
    if own:
        reasons[own[-1].name.taken].append("the newest complete backup")
    return _View(policy.databases[database], reasons, pause.reasons if pause else ())


def _decide(candidate: Candidate, policy: Policy, view: _View | None, now: datetime) -> Decision:
    if view is None:
        return Decision(candidate, False, (f"of another database, {candidate.name.database}",))
    if policy.rules.days == 0:
        return Decision(candidate, False, ("retention is off",))
    ordinary = [*_kept_by_rules(candidate, policy.rules, view, now), *view.pauses]
    noteworthy = []
    if not candidate.readable:
        noteworthy.append("its manifest cannot be read")
    if candidate.copied:
        noteworthy.append(candidate.copied)
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
    return [f"not older than {counted(days, 'day')}"] if is_kept else []


def _removal(candidate: Candidate, rules: Rules, view: _View) -> str:
    old = f"older than {counted(rules.days_of_uncounted, 'day')}"
    if not candidate.complete:
        return f"{old}, and incomplete"
    if candidate.name.taken in view.kept and rules.counts:
        return f"no rule keeps it: {rules}"
    return old
