"""The shrink alarm over many nights, with nothing remembered but what the bucket holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.bucket.accept_shrink import accept_shrink, last_accepted
from neo4j_r2.bucket.newest_backup import newest_backup
from neo4j_r2.bucket.prune import prune
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.config.prune_settings import PruneSettings
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import ConfigurationError
from tests.unit.memory_bucket import NOW, PREFIX, MemoryBucket, name_of

DATABASE = Database("neo4j", "ours", "5.26.19", "community")
PERCENT = 20
NIGHTS = 40
COUNTS = st.integers(1, 40)
RULES = st.builds(Rules, st.integers(1, 5), st.integers(0, 3), st.integers(0, 3), st.integers(0, 2))


@pytest.fixture
def memory() -> MemoryBucket:
    """Return an empty bucket."""
    return MemoryBucket()


def make_backup(memory: MemoryBucket, days: float, nodes: int, percent: int = PERCENT) -> Manifest:
    """Store a backup as a run does that knows the earlier runs only from the bucket."""
    newest = newest_backup(memory.bucket, PREFIX, DATABASE.name, DATABASE.id)
    before = last_accepted(memory.bucket, newest, percent)
    return memory.add(days, nodes=nodes, last_accepted=before)


def accept_latest(memory: MemoryBucket, latest: Manifest) -> None:
    accept_shrink(memory.bucket, latest, PERCENT)


def clean_up(memory: MemoryBucket, latest: Manifest, rules: Rules, days: int) -> bool:
    """Prune as if it was `days` days ago, and return whether anything was removed."""
    before = len(memory.deleted)
    now = NOW - timedelta(days=days)
    prune(memory.bucket, PREFIX, PruneSettings(rules, PERCENT), latest, now)
    return len(memory.deleted) > before


@given(st.lists(st.tuples(COUNTS, st.booleans()), max_size=NIGHTS), RULES)
def test_a_pause_lasts_until_the_shrink_is_accepted_or_over(
    nights: list[tuple[int, bool]], rules: Rules
) -> None:
    memory, accepted, before_the_shrink = MemoryBucket(), 0, set[str]()
    for day, (nodes, accepts) in zip(range(NIGHTS, 0, -1), nights, strict=False):
        latest = make_backup(memory, day, nodes)
        is_paused = accepted > 0 and Fraction(accepted - nodes, accepted) > Fraction(PERCENT, 100)
        assert latest.last_accepted == accepted
        was_pruned = clean_up(memory, latest, rules, day)
        if is_paused:
            assert not was_pruned
            assert memory.content.keys() >= before_the_shrink
        if is_paused and accepts:
            accept_latest(memory, latest)
            clean_up(memory, latest, rules, day)
        if accepts or not is_paused:
            accepted, before_the_shrink = nodes, set(memory.content)
            assert not clean_up(memory, latest, rules, day), "a second prune removes nothing"


def test_small_steps_raise_no_alarm_even_if_earlier_backups_were_pruned(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    for day, nodes in enumerate((100, 85, 70, 60, 50, 42)):
        latest = make_backup(memory, 400 - day, nodes)
        clean_up(memory, latest, Rules(days=1, yearly=2), 400 - day)
    assert len(memory.ages()) < 6
    assert caplog.messages == []


def test_a_backup_above_the_limit_ends_the_pause(memory: MemoryBucket) -> None:
    make_backup(memory, 30, 100)
    for day, nodes in ((20, 79), (19, 50), (18, 79)):
        assert not clean_up(memory, make_backup(memory, day, nodes), Rules(days=1), day)
    assert clean_up(memory, make_backup(memory, 17, 80), Rules(days=1), 17)
    assert memory.ages() == {18, 17}


def test_an_acceptance_ends_the_pause_and_sets_the_size_to_compare_with(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    make_backup(memory, 30, 100)
    latest = make_backup(memory, 20, 50)
    accept_latest(memory, latest)
    assert f"Accepted: {latest.archive_key} with 50 entities, after 100" in caplog.messages
    assert clean_up(memory, latest, Rules(days=1), 20)
    assert make_backup(memory, 19, 40).last_accepted == 50
    assert not clean_up(memory, make_backup(memory, 18, 31), Rules(days=1), 18)


def test_an_acceptance_is_only_for_its_backup(memory: MemoryBucket) -> None:
    make_backup(memory, 30, 100)
    accept_latest(memory, make_backup(memory, 20, 50))
    assert not clean_up(memory, make_backup(memory, 19, 10), Rules(days=1), 19)
    assert memory.ages() == {30, 20, 19}


def test_an_acceptance_can_be_repeated(memory: MemoryBucket) -> None:
    make_backup(memory, 30, 100)
    latest = make_backup(memory, 20, 50)
    accept_latest(memory, latest)
    accept_latest(memory, latest)
    acceptances = [key for key in memory.content if key.endswith(".accepted.json")]
    assert acceptances == [name_of(20).acceptance_key]


def test_nothing_is_accepted_if_nothing_has_shrunk(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    make_backup(memory, 30, 100)
    accept_latest(memory, make_backup(memory, 20, 80))
    assert "has not shrunk" in caplog.text
    assert len(memory.content) == 4


def test_an_empty_graph_is_never_accepted(memory: MemoryBucket) -> None:
    make_backup(memory, 30, 100)
    latest = make_backup(memory, 20, 0)
    with pytest.raises(ConfigurationError, match="empty graph, which is never accepted"):
        accept_latest(memory, latest)
    assert not clean_up(memory, make_backup(memory, 19, 10), Rules(days=1), 19)


def test_nothing_is_read_or_accepted_with_the_alarm_off(memory: MemoryBucket) -> None:
    latest = make_backup(memory, 30, 100)
    memory.read.clear()
    assert last_accepted(memory.bucket, latest, 0) == 0
    assert memory.read == []
    with pytest.raises(ConfigurationError, match="BACKUP_SHRINK_PERCENT"):
        accept_shrink(memory.bucket, latest, 0)


def test_a_backup_made_with_the_alarm_off_counts_as_accepted(memory: MemoryBucket) -> None:
    make_backup(memory, 30, 100)
    make_backup(memory, 20, 10, percent=0)
    assert make_backup(memory, 19, 10).last_accepted == 10


def test_only_the_newest_manifest_is_read_for_the_comparison(memory: MemoryBucket) -> None:
    for day in range(30, 10, -1):
        make_backup(memory, day, 100)
    memory.read.clear()
    make_backup(memory, 1, 100)
    assert memory.read == [name_of(11).manifest_key]


def test_backups_of_another_server_or_before_a_restore_are_not_compared_with(
    memory: MemoryBucket,
) -> None:
    make_backup(memory, 30, 100)
    memory.add(20, nodes=1_000, database_id="theirs")
    replaced = replace(memory.add(19, nodes=1), before_restore=True)
    memory.content[name_of(19).manifest_key] = replaced.to_json()
    assert make_backup(memory, 1, 90).last_accepted == 100
