"""The decision on what is removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.catalog import BackupName
from neo4j_r2.retention import Candidate, Decision, Policy, decide, emptied_databases

NOW = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
OURS, THEIRS = "our-id", "their-id"
POLICY = Policy(7, {"neo4j": OURS})


def candidate(
    days: float,
    *,
    database: str = "neo4j",
    complete: bool = True,
    database_id: str | None = OURS,
    entities: int = 5,
) -> Candidate:
    """Return a backup that is so many days old."""
    name = BackupName("neo4j-backup", database, NOW - timedelta(days=days))
    return Candidate(name, complete, database_id, entities)


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


def ours(history: Sequence[Candidate]) -> list[Candidate]:
    """Return the complete backups of our own database, oldest first."""
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


def test_another_servers_backup_is_kept_with_a_warning() -> None:
    kept = decision(candidate(99, database_id=THEIRS), candidate(0))
    assert not kept.remove
    assert kept.warning
    assert "another server" in kept.reason


def test_another_servers_backup_is_kept_even_if_its_archive_is_not_whole() -> None:
    assert not decision(incomplete(99, THEIRS), candidate(0)).remove


def test_an_incomplete_backup_does_not_stand_in_for_the_newest_complete_one() -> None:
    assert removed([candidate(20), incomplete(8), incomplete(1)]) == [incomplete(8)]


def test_what_was_kept_before_a_restore_does_not_stand_in_for_the_newest_backup() -> None:
    kept = replace(candidate(8), before_restore=True)
    assert removed([candidate(10), candidate(9), kept]) == [candidate(10), kept]


def test_nothing_is_removed_after_a_graph_was_emptied_and_the_user_is_warned() -> None:
    history = [candidate(30), incomplete(20), candidate(9), candidate(0, entities=0)]
    decisions = decide(history, POLICY, NOW)
    assert not any(each.remove for each in decisions)
    assert decisions[0].warning
    assert emptied_databases(history, POLICY) == {"neo4j"}


def test_a_graph_that_was_always_empty_is_pruned_as_any_other() -> None:
    history = [candidate(30, entities=0), candidate(0, entities=0)]
    assert removed(history) == history[:1]
    assert emptied_databases(history, POLICY) == set()


def test_a_graph_that_is_filled_again_is_pruned_as_any_other() -> None:
    history = [candidate(30), candidate(20, entities=0), candidate(0)]
    assert removed(history) == history[:2]


@given(HISTORIES, DAYS)
def test_the_newest_complete_backup_is_never_removed(history: list[Candidate], days: int) -> None:
    own = ours(history)
    assert not own or own[-1] not in removed(history, replace(POLICY, retention_days=days))


@given(HISTORIES, DAYS)
def test_nothing_is_removed_that_is_not_older_than_the_days(
    history: list[Candidate], days: int
) -> None:
    for each in removed(history, replace(POLICY, retention_days=days)):
        assert each.name.taken < NOW - timedelta(days=days)


@given(HISTORIES, DAYS)
def test_a_complete_backup_of_another_identity_or_database_is_never_removed(
    history: list[Candidate], days: int
) -> None:
    for each in removed(history, replace(POLICY, retention_days=days)):
        assert each.name.database == "neo4j"
        assert not each.complete or each.database_id == OURS


@given(HISTORIES, DAYS)
def test_all_else_that_is_old_is_removed_unless_the_graph_was_emptied(
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
    assert removed(history, replace(POLICY, retention_days=days)) == expected


@given(HISTORIES, DAYS, st.randoms(use_true_random=False))
def test_the_order_of_the_listing_decides_nothing(
    history: list[Candidate], days: int, random: Random
) -> None:
    policy = replace(POLICY, retention_days=days)
    shuffled = random.sample(history, len(history))
    by_candidate = {each.candidate: each for each in decide(history, policy, NOW)}
    assert {each.candidate: each for each in decide(shuffled, policy, NOW)} == by_candidate


@given(HISTORIES)
def test_zero_days_keep_everything(history: list[Candidate]) -> None:
    assert removed(history, replace(POLICY, retention_days=0)) == []


@given(HISTORIES, DAYS)
def test_a_second_prune_finds_nothing_to_remove(history: list[Candidate], days: int) -> None:
    policy = replace(POLICY, retention_days=days)
    gone = removed(history, policy)
    kept = [each for each in history if each not in gone]
    assert removed(kept, policy) == []


@given(HISTORIES, DAYS)
def test_every_candidate_gets_a_decision_with_a_reason(history: list[Candidate], days: int) -> None:
    decisions = decide(history, replace(POLICY, retention_days=days), NOW)
    assert [each.candidate for each in decisions] == history
    assert all(each.reason for each in decisions)


@given(HISTORIES, DAYS)
def test_databases_that_this_run_does_not_back_up_are_left_alone(
    history: list[Candidate], days: int
) -> None:
    assert removed(history, Policy(days, {"unrelated": OURS})) == []
