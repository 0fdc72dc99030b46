"""The shrink alarm over many nights, of which only the bucket knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.bucket.accept_shrink import accept_shrink, last_accepted
from neo4j_r2.bucket.prune import prune
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.prune_settings import PruneSettings
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import ConfigurationError
from tests.unit.shelf import NOW, PREFIX, Shelf, name_of

DATABASE = Database("neo4j", "ours", "5.26.19", "community")
PERCENT = 20
NIGHTS = 40
COUNTS = st.integers(1, 40)
RULES = st.builds(Rules, st.integers(1, 5), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2))


@pytest.fixture
def shelf() -> Shelf:
    """Return an empty bucket."""
    return Shelf()


def make_backup(shelf: Shelf, days: float, nodes: int, percent: int = PERCENT) -> Manifest:
    """Store a backup as a run does that nobody has told of the runs before it."""
    before = last_accepted(shelf.bucket, PREFIX, DATABASE, percent)
    return shelf.add(days, nodes=nodes, last_accepted=before)


def accept_latest(shelf: Shelf, latest: Manifest) -> None:
    accept_shrink(shelf.bucket, latest, PERCENT)


def clean_up(shelf: Shelf, latest: Manifest, rules: Rules, days: int) -> bool:
    """Prune so many days ago, and return whether anything was removed."""
    before = len(shelf.deleted)
    now = NOW - timedelta(days=days)
    prune(shelf.bucket, PREFIX, PruneSettings(rules, PERCENT), latest, now)
    return len(shelf.deleted) > before


@given(st.lists(st.tuples(COUNTS, st.booleans()), max_size=NIGHTS), RULES)
def test_whatever_is_pruned_a_pause_lasts_from_a_shrink_to_its_end(
    nights: list[tuple[int, bool]], rules: Rules
) -> None:
    shelf, accepted, before_the_shrink = Shelf(), 0, set[str]()
    for day, (nodes, accepts) in zip(range(NIGHTS, 0, -1), nights, strict=False):
        latest = make_backup(shelf, day, nodes)
        is_paused = accepted > 0 and Fraction(accepted - nodes, accepted) > Fraction(PERCENT, 100)
        assert latest.last_accepted == accepted
        was_pruned = clean_up(shelf, latest, rules, day)
        if is_paused:
            assert not was_pruned
            assert shelf.content.keys() >= before_the_shrink
        if is_paused and accepts:
            accept_latest(shelf, latest)
            clean_up(shelf, latest, rules, day)
        if accepts or not is_paused:
            accepted, before_the_shrink = nodes, set(shelf.content)
            assert not clean_up(shelf, latest, rules, day), "all that goes is gone already"


def test_a_graph_that_becomes_smaller_in_steps_raises_no_alarm_when_the_steps_are_pruned(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    for day, nodes in enumerate((100, 85, 70, 60, 50, 42)):
        latest = make_backup(shelf, 400 - day, nodes)
        clean_up(shelf, latest, Rules(days=1, yearly=2), 400 - day)
    assert len(shelf.ages()) < 6
    assert caplog.messages == []


def test_a_backup_back_above_the_share_ends_the_pause(shelf: Shelf) -> None:
    make_backup(shelf, 30, 100)
    for day, nodes in ((20, 79), (19, 50), (18, 79)):
        assert not clean_up(shelf, make_backup(shelf, day, nodes), Rules(days=1), day)
    assert clean_up(shelf, make_backup(shelf, 17, 80), Rules(days=1), 17)
    assert shelf.ages() == {18, 17}


def test_an_acceptance_ends_the_pause_and_is_what_the_next_is_compared_with(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    make_backup(shelf, 30, 100)
    latest = make_backup(shelf, 20, 50)
    accept_latest(shelf, latest)
    assert f"Accepted: {latest.archive_key} with 50 entities, after 100" in caplog.messages
    assert clean_up(shelf, latest, Rules(days=1), 20)
    assert make_backup(shelf, 19, 40).last_accepted == 50
    assert not clean_up(shelf, make_backup(shelf, 18, 31), Rules(days=1), 18)


def test_an_acceptance_reaches_no_further_than_its_backup(shelf: Shelf) -> None:
    make_backup(shelf, 30, 100)
    accept_latest(shelf, make_backup(shelf, 20, 50))
    assert not clean_up(shelf, make_backup(shelf, 19, 10), Rules(days=1), 19)
    assert shelf.ages() == {30, 20, 19}


def test_an_acceptance_can_be_repeated(shelf: Shelf) -> None:
    make_backup(shelf, 30, 100)
    latest = make_backup(shelf, 20, 50)
    accept_latest(shelf, latest)
    accept_latest(shelf, latest)
    acceptances = [key for key in shelf.content if key.endswith(".accepted.json")]
    assert acceptances == [name_of(20).acceptance_key]


def test_where_nothing_has_shrunk_there_is_nothing_to_accept(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    make_backup(shelf, 30, 100)
    accept_latest(shelf, make_backup(shelf, 20, 80))
    assert "has not shrunk" in caplog.text
    assert len(shelf.content) == 4


def test_an_empty_graph_is_never_accepted(shelf: Shelf) -> None:
    make_backup(shelf, 30, 100)
    latest = make_backup(shelf, 20, 0)
    with pytest.raises(ConfigurationError, match="empty graph, which is never accepted"):
        accept_latest(shelf, latest)
    assert not clean_up(shelf, make_backup(shelf, 19, 10), Rules(days=1), 19)


def test_with_the_alarm_off_nothing_is_asked_and_nothing_accepted(shelf: Shelf) -> None:
    latest = make_backup(shelf, 30, 100)
    shelf.read.clear()
    assert make_backup(shelf, 20, 10, percent=0).last_accepted == 0
    assert shelf.read == []
    with pytest.raises(ConfigurationError, match="BACKUP_SHRINK_PERCENT"):
        accept_shrink(shelf.bucket, latest, 0)


def test_a_backup_made_with_the_alarm_off_counts_as_accepted(shelf: Shelf) -> None:
    make_backup(shelf, 30, 100)
    make_backup(shelf, 20, 10, percent=0)
    assert make_backup(shelf, 19, 10).last_accepted == 10


def test_one_manifest_tells_what_a_backup_is_compared_with(shelf: Shelf) -> None:
    for day in range(30, 10, -1):
        make_backup(shelf, day, 100)
    shelf.read.clear()
    make_backup(shelf, 1, 100)
    assert shelf.read == [name_of(11).manifest_key]


def test_neither_another_server_s_graph_nor_a_replaced_one_is_compared_with(shelf: Shelf) -> None:
    make_backup(shelf, 30, 100)
    shelf.add(20, nodes=1_000, database_id="theirs")
    replaced = replace(shelf.add(19, nodes=1), before_restore=True)
    shelf.content[name_of(19).manifest_key] = replaced.to_json()
    assert make_backup(shelf, 1, 90).last_accepted == 100
