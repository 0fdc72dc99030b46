"""Pruning, of a bucket in memory: which manifests it reads, what it removes, in which order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import FORMAT_VERSION
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.config.keep_rules import Rules
from tests.unit.shelf import ARCHIVE, PREFIX, Shelf, name_of

NEARLY_OURS = st.from_regex(
    r"(neo4j-backup|neo4j-backup-other|neo4j-backup/old)/(neo4j|notes|my_neo4j)"
    r"[_-]20[12]\d-[0-9]\d-[0-3]\d_\d\d-\d\d-\d\d\.(cypher|cypher\.gz|manifest\.json|accepted|txt)",
    fullmatch=True,
)
FOREIGN = st.sets(
    (NEARLY_OURS | st.text(max_size=30).map(lambda text: f"{PREFIX}/{text}")).filter(
        lambda key: parse_key(key, PREFIX) is None or "/notes_" in key
    ),
    max_size=8,
)
COUNTS = st.integers(0, 3)
RULES = st.builds(
    Rules, st.none() | st.integers(1, 20), COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS
)


@pytest.fixture
def shelf() -> Shelf:
    """Return an empty bucket."""
    return Shelf()


def test_every_backup_older_than_the_days_is_removed(shelf: Shelf) -> None:
    for age in (30, 20, 9, 8, 6, 1):
        shelf.add(age)
    assert shelf.prune(shelf.add(0)) == 4
    assert shelf.ages() == {6, 1, 0}


def test_an_old_backup_of_an_empty_graph_keeps_no_others_from_being_removed(shelf: Shelf) -> None:
    shelf.add(30)
    shelf.add(20, nodes=0)
    shelf.prune(shelf.add(0))
    assert shelf.ages() == {0}


def test_nothing_is_removed_after_a_backup_of_an_emptied_graph(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.add(30)
    shelf.add(1)
    assert shelf.prune(shelf.add(0, nodes=0)) == 0
    assert shelf.ages() == {30, 1, 0}
    assert any(record.levelname == "WARNING" for record in caplog.records)


def test_with_retention_off_nothing_is_removed(shelf: Shelf) -> None:
    shelf.add(99)
    assert shelf.prune(shelf.add(0), Rules(days=0)) == 0
    assert shelf.deleted == []


def test_a_manifest_is_read_only_if_the_decision_depends_on_it(shelf: Shelf) -> None:
    for age in (20, 9, 6, 1):
        shelf.add(age)
    shelf.content[name_of(5).archive_key(compressed=True)] = ARCHIVE
    shelf.prune(shelf.add(0))
    assert sorted(shelf.read) == [name_of(age).manifest_key for age in (20, 9)]


def test_where_rules_count_backups_each_other_manifest_is_read_once(shelf: Shelf) -> None:
    ages = (20, 9, 6, 1)
    for age in ages:
        shelf.add(age)
    shelf.prune(shelf.add(0), Rules(days=7, daily=3))
    assert sorted(shelf.read) == [name_of(age).manifest_key for age in ages]


def test_the_union_of_the_rules_is_kept(shelf: Shelf, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for age in (400, 70, 65, 40, 35, 30, 9, 8.5, 8, 3):
        shelf.add(age)
    assert shelf.prune(shelf.add(0), Rules(days=7, last=3, monthly=2)) == 8
    assert shelf.ages() == {8, 3, 0}
    assert "Cleaning up backups that no rule keeps: days 7, last 3, monthly 2" in caplog.messages


def test_a_backup_of_another_server_takes_no_place_of_a_rule(shelf: Shelf) -> None:
    for age in (30, 20):
        shelf.add(age)
        shelf.add(age + 0.5, database_id="theirs")
    assert shelf.prune(shelf.add(0), Rules(days=None, last=2)) == 1
    assert shelf.ages() == {30.5, 20.5, 20, 0}


def test_a_manifest_is_removed_before_its_archive(shelf: Shelf) -> None:
    old = shelf.add(20)
    shelf.prune(shelf.add(0))
    assert shelf.deleted == [name_of(20).manifest_key, old.archive_key]


def test_another_servers_backups_are_kept(shelf: Shelf) -> None:
    shelf.add(20, database_id="theirs")
    assert shelf.prune(shelf.add(0)) == 0
    assert shelf.ages() == {20, 0}


def test_what_this_service_did_not_name_stays(shelf: Shelf) -> None:
    foreign = {
        f"{PREFIX}-other/neo4j_2020-01-01_00-00-00.cypher.gz",
        f"{PREFIX}/notes_2020-01-01_00-00-00.cypher.gz",
        f"{PREFIX}/sub/neo4j_2020-01-01_00-00-00.cypher.gz",
        f"{PREFIX}/readme.txt",
    }
    shelf.content |= dict.fromkeys(foreign, b"")
    shelf.add(20)
    shelf.prune(shelf.add(0))
    assert shelf.content.keys() >= foreign


@given(FOREIGN, st.sets(st.integers(0, 60), max_size=8), RULES)
def test_nothing_foreign_is_touched_by_any_rules(
    foreign: set[str], ages: set[int], rules: Rules
) -> None:
    shelf = Shelf()
    shelf.content |= dict.fromkeys(foreign, b"somebody else's")
    for age in ages - {0}:
        shelf.add(age)
    shelf.prune(shelf.add(0), rules)
    assert shelf.content.keys() >= foreign
    assert 0 in shelf.ages()


def test_an_old_archive_without_a_manifest_is_removed_and_a_young_one_kept(shelf: Shelf) -> None:
    old, young = (name_of(age).archive_key(compressed=True) for age in (20, 1))
    shelf.content |= {old: ARCHIVE, young: ARCHIVE}
    shelf.prune(shelf.add(0))
    assert shelf.deleted == [old]


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 99])
def test_a_backup_of_a_newer_format_is_kept_for_whoever_can_read_it(
    shelf: Shelf, version: int
) -> None:
    newer = replace(shelf.add(20), format_version=version)
    shelf.content[name_of(20).manifest_key] = newer.to_json()
    assert shelf.prune(shelf.add(0)) == 0
    assert shelf.ages() == {20, 0}


@pytest.mark.parametrize("age", [1, 20])
def test_a_planted_manifest_does_not_break_the_run(shelf: Shelf, age: int) -> None:
    shelf.add(age)
    shelf.content[name_of(age).manifest_key] = b"[" * 100_000
    latest = shelf.add(0)
    shelf.prune(latest)
    assert 0 in shelf.ages()


def test_what_a_lock_rule_holds_is_kept_and_not_counted(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shelf.add(20)
    shelf.locked = {name_of(20).manifest_key}
    assert shelf.prune(shelf.add(0)) == 0
    assert shelf.ages() == {20, 0}
    assert "Cleanup complete: 0 old backups removed" in caplog.messages


def test_every_removal_is_logged_with_its_reason(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    old = shelf.add(20)
    shelf.prune(shelf.add(0))
    for key in (old.archive_key, name_of(20).manifest_key):
        assert f"Removed {key}: older than 7 days" in caplog.messages
    assert "Cleanup complete: 1 old backups removed" in caplog.messages


def test_a_dry_run_says_what_it_would_remove_and_removes_nothing(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    shelf.add(20)
    shelf.prune(shelf.add(0), is_dry=True)
    assert shelf.deleted == []
    assert f"Would remove {name_of(20).manifest_key}: older than 7 days" in caplog.messages
    assert "Dry run: 1 old backups would be removed" in caplog.messages


def test_nothing_is_removed_while_the_newest_backup_has_shrunk(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    for age in (30, 20, 1):
        shelf.add(age, nodes=100)
    assert shelf.prune(shelf.add(0, nodes=79, last_accepted=100), percent=20) == 0
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "79 entities, the last accepted one had 100" in warning.message
    assert (
        "until one has 80, or `backup.py prune --accept-shrink --database neo4j`" in warning.message
    )


@pytest.mark.parametrize(("nodes", "percent"), [(80, 20), (79, 0), (79, 21), (101, 20)])
def test_a_backup_that_has_not_shrunk_by_so_much_pauses_nothing(
    shelf: Shelf, caplog: pytest.LogCaptureFixture, nodes: int, percent: int
) -> None:
    shelf.add(30, nodes=100)
    assert shelf.prune(shelf.add(0, nodes=nodes, last_accepted=100), percent=percent) == 1
    assert caplog.messages == []


def test_a_shrunk_graph_is_warned_about_with_retention_off_too(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.prune(shelf.add(0, nodes=79, last_accepted=100), Rules(days=0), percent=20)
    assert "Database neo4j has shrunk" in caplog.text


def test_the_alarm_reads_no_further_manifest(shelf: Shelf) -> None:
    for age in (20, 9, 6, 1):
        shelf.add(age)
    shelf.prune(shelf.add(0, nodes=1, last_accepted=5), percent=20)
    assert sorted(shelf.read) == [name_of(age).manifest_key for age in (20, 9)]


def test_an_empty_graph_is_not_also_called_a_shrunk_one(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    shelf.add(30)
    assert shelf.prune(shelf.add(0, nodes=0, last_accepted=5), percent=20) == 0
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1


def test_an_acceptance_goes_with_its_backup_and_before_its_archive(shelf: Shelf) -> None:
    old = shelf.add(20)
    shelf.content[name_of(20).acceptance_key] = b"{}"
    shelf.prune(shelf.add(0))
    assert shelf.deleted == [
        name_of(20).manifest_key,
        name_of(20).acceptance_key,
        old.archive_key,
    ]


def test_an_acceptance_alone_disturbs_nothing(shelf: Shelf) -> None:
    shelf.content[name_of(20).acceptance_key] = b"{}"
    assert shelf.prune(shelf.add(0)) == 0
    assert shelf.deleted == []
