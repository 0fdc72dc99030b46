"""Which backups are kept and which are removed, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.bucket.candidates import Candidate, Policy
from neo4j_r2.bucket.keys import BackupName
from neo4j_r2.bucket.pause import emptied_databases, shrunk_databases
from neo4j_r2.bucket.retention import Decision, decide, spare_needed
from neo4j_r2.config.keep_rules import Rules, reasons_to_keep

NOW = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
OURS, THEIRS = "our-id", "their-id"
POLICY = Policy(Rules(days=7), {"neo4j": OURS})


def candidate(
    days: float,
    *,
    database: str = "neo4j",
    complete: bool = True,
    database_id: str | None = OURS,
    entities: int = 5,
) -> Candidate:
    """Return a backup that is `days` days old."""
    name = BackupName("neo4j-backup", database, NOW - timedelta(days=days))
    return Candidate(name, complete, database_id, entities)


def policy_of(*, days: int | None, **counts: Any) -> Policy:
    return replace(POLICY, rules=Rules(days, **counts))


def incomplete(days: float, database_id: str | None = None) -> Candidate:
    return candidate(days, complete=False, database_id=database_id, entities=0)


def removed(candidates: Sequence[Candidate], policy: Policy = POLICY) -> list[Candidate]:
    return [each.candidate for each in decide(candidates, policy, NOW) if each.remove]


def decision(subject: Candidate, *others: Candidate, policy: Policy = POLICY) -> Decision:
    return decide([subject, *others], policy, NOW)[0]


@st.composite
def candidates_of_any_history(draw: st.DrawFn) -> list[Candidate]:
    names = st.tuples(st.integers(0, 40), st.sampled_from(["neo4j", "other"]))
    history = []
    for hours, database in draw(st.lists(names, unique=True, max_size=15)):
        state = st.sampled_from(
            [
                (True, OURS, 5),
                (True, OURS, 0),
                (True, THEIRS, 5),
                (False, None, 0),
                (False, OURS, 0),
            ]
        )
        complete, identity, entities = draw(state)
        history.append(
            candidate(
                hours * 10 / 24,
                database=database,
                complete=complete,
                database_id=identity,
                entities=entities,
            )
        )
    return history


HISTORIES = candidates_of_any_history()
DAYS = st.integers(1, 20)
COUNTS = st.integers(0, 4)
POLICIES = st.builds(
    Policy,
    st.builds(Rules, st.none() | DAYS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS),
    st.just(POLICY.databases),
)


def ours(history: Sequence[Candidate]) -> list[Candidate]:
    """Return the complete backups of this server's database, oldest first."""
    own = [
        each
        for each in history
        if each.complete and each.database_id == OURS and each.name.database == "neo4j"
    ]
    return sorted(own, key=lambda each: each.name.taken)


@pytest.mark.parametrize(
    ("days", "remove"), [(0, False), (6.9, False), (7, False), (7.001, True), (3650, True)]
)
def test_a_backup_is_removed_once_it_is_older_than_the_days(days: float, *, remove: bool) -> None:
    assert decision(candidate(days), candidate(0)).remove is remove


def test_a_reason_says_how_old_and_whether_complete() -> None:
    assert decision(candidate(8), candidate(0)).reason == "older than 7 days"
    assert decision(incomplete(8)).reason == "older than 7 days, and incomplete"
    assert decision(candidate(8)).reason == "the newest complete backup"
    assert decision(candidate(1), candidate(0)).reason == "not older than 7 days"


def test_a_backup_has_every_reason_to_keep_it() -> None:
    policy = policy_of(days=7, monthly=2, daily=1, minimum=1)
    assert decision(candidate(0), candidate(1), policy=policy).reasons == (
        "not older than 7 days",
        "daily",
        "monthly",
        "the newest complete backup",
    )
    assert decision(candidate(1), candidate(0), policy=policy).reasons == (
        "not older than 7 days",
        "oldest monthly",
    )


def test_a_removal_names_the_rules_that_did_not_keep_the_backup() -> None:
    policy = policy_of(days=7, daily=1, minimum=1)
    history = [candidate(30), candidate(20), candidate(0)]
    removal = decide(history, policy, NOW)[1]
    assert removal.remove
    assert removal.reason == "no rule keeps it: days 7, daily 1, minimum 1"


def test_only_counting_rules_keep_complete_backups_without_days() -> None:
    policy = policy_of(days=None, last=2)
    assert removed([candidate(2), candidate(1), candidate(0)], policy) == [candidate(2)]


@pytest.mark.parametrize(("age", "remove"), [(6, False), (8, True)])
def test_a_backup_that_no_rule_counts_is_kept_for_seven_days(age: float, *, remove: bool) -> None:
    policy = policy_of(days=None, last=1)
    for subject in (incomplete(age), replace(candidate(age), before_restore=True)):
        assert decision(subject, candidate(0), policy=policy).remove is remove


def test_rules_count_only_complete_backups_of_this_database() -> None:
    policy = policy_of(days=None, last=2, daily=2, minimum=2)
    ordinary = [candidate(30), candidate(20)]
    others = [
        incomplete(9.1),
        replace(candidate(9.2), before_restore=True),
        candidate(9.3, database_id=THEIRS),
        candidate(9.4, database="other"),
    ]
    assert removed([*ordinary, *others], policy) == others[:2]


def test_another_servers_backup_is_kept_with_a_warning() -> None:
    kept = decision(candidate(99, database_id=THEIRS), candidate(0))
    assert not kept.remove
    assert kept.warning
    assert "another server" in kept.reason


def test_an_incomplete_backup_of_another_server_is_kept() -> None:
    assert not decision(incomplete(99, THEIRS), candidate(0)).remove


def test_an_incomplete_backup_does_not_count_as_the_newest() -> None:
    assert removed([candidate(20), incomplete(8), incomplete(1)]) == [incomplete(8)]


def test_a_backup_before_a_restore_does_not_count_as_the_newest() -> None:
    kept = replace(candidate(8), before_restore=True)
    assert removed([candidate(10), candidate(9), kept]) == [candidate(10), kept]


def test_nothing_is_removed_after_a_graph_was_emptied() -> None:
    history = [candidate(30), incomplete(20), candidate(9), candidate(0, entities=0)]
    decisions = decide(history, POLICY, NOW)
    assert not any(each.remove for each in decisions)
    reason = "the newest backup is empty and older ones are not"
    assert [each.reasons[-1] for each in decisions] == [reason] * 4
    assert emptied_databases(history, POLICY) == {"neo4j"}


def test_everything_is_kept_after_a_graph_has_shrunk() -> None:
    policy = replace(policy_of(days=7, daily=1), shrink_percent=20)
    shrunk = replace(candidate(0, entities=79), last_accepted=100)
    history = [candidate(30), incomplete(20), replace(candidate(9), before_restore=True), shrunk]
    decisions = decide(history, policy, NOW)
    assert not any(each.remove or each.warning for each in decisions)
    assert {each.reasons[-1] for each in decisions} == {
        "the newest backup has shrunk and is not accepted"
    }
    assert shrunk_databases(history, policy) == {"neo4j": shrunk.size}


@pytest.mark.parametrize("changes", [{"entities": 80}, {"is_accepted": True}, {"last_accepted": 0}])
def test_backups_are_pruned_if_the_shrink_is_small_or_accepted(changes: dict[str, Any]) -> None:
    policy = replace(POLICY, shrink_percent=20)
    latest = replace(candidate(0, entities=79), last_accepted=100)
    assert removed([candidate(30), latest], policy) == []
    assert removed([candidate(30), replace(latest, **changes)], policy) == [candidate(30)]


def test_a_shrunk_backup_that_is_not_the_newest_pauses_nothing() -> None:
    shrunk = replace(candidate(20, entities=79), last_accepted=100)
    history = [candidate(30), shrunk, candidate(0)]
    assert removed(history, replace(POLICY, shrink_percent=20)) == history[:2]


def test_backups_of_an_always_empty_graph_are_pruned() -> None:
    history = [candidate(30, entities=0), candidate(0, entities=0)]
    assert removed(history) == history[:1]
    assert emptied_databases(history, POLICY) == set()


def test_backups_are_pruned_once_the_graph_is_filled_again() -> None:
    history = [candidate(30), candidate(20, entities=0), candidate(0)]
    assert removed(history) == history[:2]


@given(HISTORIES, POLICIES)
def test_the_newest_complete_backup_is_never_removed(
    history: list[Candidate], policy: Policy
) -> None:
    own = ours(history)
    assert not own or own[-1] not in removed(history, policy)


@given(HISTORIES, DAYS)
def test_only_backups_older_than_the_days_are_removed(history: list[Candidate], days: int) -> None:
    for each in removed(history, policy_of(days=days)):
        assert each.name.taken < NOW - timedelta(days=days)


@given(HISTORIES, POLICIES)
def test_a_complete_backup_of_another_server_or_database_is_never_removed(
    history: list[Candidate], policy: Policy
) -> None:
    for each in removed(history, policy):
        assert each.name.database == "neo4j"
        assert not each.complete or each.database_id == OURS


@given(HISTORIES, DAYS)
def test_all_other_old_backups_are_removed_unless_the_graph_was_emptied(
    history: list[Candidate], days: int
) -> None:
    own = ours(history)
    emptied = own and own[-1].entities == 0 and any(each.entities for each in own)
    expected = [
        each
        for each in history
        if each.name.database == "neo4j"
        and each.name.taken < NOW - timedelta(days=days)
        and not (each.complete and each.database_id != OURS)
        and each not in own[-1:]
        and not emptied
    ]
    assert removed(history, policy_of(days=days)) == expected


@given(HISTORIES, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_matter(
    history: list[Candidate], policy: Policy, random: Random
) -> None:
    shuffled = random.sample(history, len(history))
    by_candidate = {each.candidate: each for each in decide(history, policy, NOW)}
    assert {each.candidate: each for each in decide(shuffled, policy, NOW)} == by_candidate


@given(HISTORIES)
def test_zero_days_keep_everything(history: list[Candidate]) -> None:
    assert removed(history, policy_of(days=0)) == []


@given(HISTORIES, POLICIES)
def test_a_second_prune_finds_nothing_to_remove(history: list[Candidate], policy: Policy) -> None:
    gone = removed(history, policy)
    kept = [each for each in history if each not in gone]
    assert removed(kept, policy) == []


@given(HISTORIES, POLICIES)
def test_rules_count_only_this_servers_backups(history: list[Candidate], policy: Policy) -> None:
    own = ours(history)
    reasons = reasons_to_keep([each.name.taken for each in own], policy.rules, NOW)
    emptied = own and own[-1].entities == 0 and any(each.entities for each in own)
    gone = removed(history, policy)
    for each in own[:-1]:
        assert (each in gone) == (not reasons[each.name.taken] and not emptied)


@given(HISTORIES, POLICIES)
def test_every_candidate_gets_a_decision_with_a_reason(
    history: list[Candidate], policy: Policy
) -> None:
    decisions = decide(history, policy, NOW)
    assert [each.candidate for each in decisions] == history
    assert all(each.reason for each in decisions)


@given(HISTORIES, DAYS)
def test_backups_of_other_databases_are_never_removed(history: list[Candidate], days: int) -> None:
    assert removed(history, Policy(Rules(days), {"unrelated": OURS})) == []


Needs = dict[BackupName, tuple[BackupName, ...] | None]


@st.composite
def decisions_and_needs(draw: st.DrawFn) -> tuple[list[Decision], Needs]:
    """Return decisions on backups of two databases, and what each kept one needs of its own."""
    decisions, needs = [], Needs()
    for database in ("neo4j", "other"):
        older: list[BackupName] = []
        for days in range(draw(st.integers(0, 6)), 0, -1):
            each = replace(candidate(days, database=database), may_be_needed=draw(st.booleans()))
            kept = draw(st.booleans())
            decisions.append(Decision(each, not kept, ("as drawn",)))
            if kept:
                some = draw(st.lists(st.sampled_from(older), unique=True)) if older else []
                needs[each.name] = draw(st.sampled_from([None, tuple(some), tuple(some)]))
            older.append(each.name)
    return decisions, needs


@given(decisions_and_needs())
def test_what_a_kept_backup_needs_is_kept_and_says_by_whom(
    drawn: tuple[list[Decision], Needs],
) -> None:
    decisions, needs = drawn
    spared = spare_needed(decisions, needs)
    assert [each.candidate for each in spared] == [each.candidate for each in decisions]
    needed = {name: by for by, names in needs.items() for name in names or ()}
    doubtful = [by for by, names in needs.items() if names is None]
    for before, after in zip(decisions, spared, strict=True):
        name = before.candidate.name
        if not before.remove:
            assert after == before
        elif name in needed:
            assert not after.remove
            assert not after.warning
            assert any(after.reason == f"needed by {by.stem}" for by in needs)
        elif before.candidate.may_be_needed and any(
            by.database == name.database and by.taken > name.taken for by in doubtful
        ):
            assert not after.remove
            assert after.warning
            assert "may need it, but the manifest of that cannot be read" in after.reason
        else:
            assert after == before


def test_nothing_is_spared_if_nothing_is_needed() -> None:
    decisions = [Decision(candidate(9), True, ("old",)), Decision(candidate(1), False, ("young",))]
    needs: Needs = {decisions[1].candidate.name: ()}
    assert spare_needed(decisions, needs) == decisions
    assert spare_needed(decisions, {}) == decisions
