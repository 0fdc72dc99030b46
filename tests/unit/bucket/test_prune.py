"""A prune of a bucket in memory: which manifests it reads, and what it removes in which order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import (
    CHAIN_FORMAT_VERSION,
    FORMAT_VERSION,
    INCREMENTAL,
    Need,
)
from neo4j_r2.bucket.client import StoredObject
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.config.keep_rules import Rules
from tests.unit.memory_bucket import ARCHIVE, PREFIX, MemoryBucket, manifest_of, name_of

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
def memory() -> MemoryBucket:
    """Return an empty bucket."""
    return MemoryBucket()


def test_every_backup_older_than_the_days_is_removed(memory: MemoryBucket) -> None:
    for age in (30, 20, 9, 8, 6, 1):
        memory.add(age)
    assert memory.prune(memory.add(0)) == 4
    assert memory.ages() == {6, 1, 0}


def test_an_old_backup_of_an_empty_graph_pauses_nothing(
    memory: MemoryBucket,
) -> None:
    memory.add(30)
    memory.add(20, nodes=0)
    memory.prune(memory.add(0))
    assert memory.ages() == {0}


def test_nothing_is_removed_after_a_backup_of_an_emptied_graph(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    memory.add(30)
    memory.add(1)
    assert memory.prune(memory.add(0, nodes=0)) == 0
    assert memory.ages() == {30, 1, 0}
    assert any(record.levelname == "WARNING" for record in caplog.records)


def test_with_retention_off_nothing_is_removed(memory: MemoryBucket) -> None:
    memory.add(99)
    assert memory.prune(memory.add(0), Rules(days=0)) == 0
    assert memory.deleted == []


def test_a_manifest_is_read_only_if_the_decision_depends_on_it(memory: MemoryBucket) -> None:
    for age in (20, 9, 6, 1):
        memory.add(age)
    memory.content[name_of(5).archive_key(compressed=True)] = ARCHIVE
    memory.prune(memory.add(0))
    assert sorted(memory.read) == [name_of(age).manifest_key for age in (20, 9)]


def test_every_other_manifest_is_read_once_if_rules_count_backups(memory: MemoryBucket) -> None:
    ages = (20, 9, 6, 1)
    for age in ages:
        memory.add(age)
    memory.prune(memory.add(0), Rules(days=7, daily=3))
    assert sorted(memory.read) == [name_of(age).manifest_key for age in ages]


def test_a_prune_keeps_what_any_rule_keeps(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for age in (400, 70, 65, 40, 35, 30, 9, 8.5, 8, 3):
        memory.add(age)
    assert memory.prune(memory.add(0), Rules(days=7, last=3, monthly=2)) == 8
    assert memory.ages() == {8, 3, 0}
    assert "Cleaning up backups that no rule keeps: days 7, last 3, monthly 2" in caplog.messages


def test_rules_do_not_count_backups_of_another_server(memory: MemoryBucket) -> None:
    for age in (30, 20):
        memory.add(age)
        memory.add(age + 0.5, database_id="theirs")
    assert memory.prune(memory.add(0), Rules(days=None, last=2)) == 1
    assert memory.ages() == {30.5, 20.5, 20, 0}


def test_a_manifest_is_removed_before_its_archive(memory: MemoryBucket) -> None:
    old = memory.add(20)
    memory.prune(memory.add(0))
    assert memory.deleted == [name_of(20).manifest_key, old.archive_key]


def test_another_servers_backups_are_kept(memory: MemoryBucket) -> None:
    memory.add(20, database_id="theirs")
    assert memory.prune(memory.add(0)) == 0
    assert memory.ages() == {20, 0}


def test_foreign_keys_are_not_removed(memory: MemoryBucket) -> None:
    foreign = {
        f"{PREFIX}-other/neo4j_2020-01-01_00-00-00.cypher.gz",
        f"{PREFIX}/notes_2020-01-01_00-00-00.cypher.gz",
        f"{PREFIX}/sub/neo4j_2020-01-01_00-00-00.cypher.gz",
        f"{PREFIX}/readme.txt",
    }
    memory.content |= dict.fromkeys(foreign, b"")
    memory.add(20)
    memory.prune(memory.add(0))
    assert memory.content.keys() >= foreign


@given(FOREIGN, st.sets(st.integers(0, 60), max_size=8), RULES)
def test_no_rules_remove_a_foreign_key(foreign: set[str], ages: set[int], rules: Rules) -> None:
    memory = MemoryBucket()
    memory.content |= dict.fromkeys(foreign, b"somebody else's")
    for age in ages - {0}:
        memory.add(age)
    memory.prune(memory.add(0), rules)
    assert memory.content.keys() >= foreign
    assert 0 in memory.ages()


def test_an_old_archive_without_a_manifest_is_removed_and_a_young_one_kept(
    memory: MemoryBucket,
) -> None:
    old, young = (name_of(age).archive_key(compressed=True) for age in (20, 1))
    memory.content |= {old: ARCHIVE, young: ARCHIVE}
    memory.prune(memory.add(0))
    assert memory.deleted == [old]


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 99])
def test_a_backup_of_a_newer_format_is_kept(memory: MemoryBucket, version: int) -> None:
    newer = replace(memory.add(20), format_version=version)
    memory.content[name_of(20).manifest_key] = newer.to_json()
    assert memory.prune(memory.add(0)) == 0
    assert memory.ages() == {20, 0}


@pytest.mark.parametrize("age", [1, 20])
def test_a_malicious_manifest_does_not_break_the_run(memory: MemoryBucket, age: int) -> None:
    memory.add(age)
    memory.content[name_of(age).manifest_key] = b"[" * 100_000
    latest = memory.add(0)
    memory.prune(latest)
    assert 0 in memory.ages()


def test_a_backup_that_a_lock_rule_holds_is_not_counted_as_removed(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    memory.add(20)
    memory.locked = {name_of(20).manifest_key}
    assert memory.prune(memory.add(0)) == 0
    assert memory.ages() == {20, 0}
    assert "Cleanup complete: 0 old backups removed" in caplog.messages


def test_every_removal_is_logged_with_its_reason(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    old = memory.add(20)
    memory.prune(memory.add(0))
    for key in (old.archive_key, name_of(20).manifest_key):
        assert f"Removed {key}: older than 7 days" in caplog.messages
    assert "Cleanup complete: 1 old backups removed" in caplog.messages


def test_a_dry_run_says_what_it_would_remove_and_removes_nothing(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    memory.add(20)
    memory.prune(memory.add(0), is_dry=True)
    assert memory.deleted == []
    assert f"Would remove {name_of(20).manifest_key}: older than 7 days" in caplog.messages
    assert "Dry run: 1 old backup would be removed" in caplog.messages


def test_nothing_is_removed_while_the_newest_backup_has_shrunk(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    for age in (30, 20, 1):
        memory.add(age, nodes=100)
    assert memory.prune(memory.add(0, nodes=79, last_accepted=100), percent=20) == 0
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "79 entities, the last accepted one had 100" in warning.message
    assert (
        "until one has 80, or `backup.py prune --accept-shrink --database neo4j`" in warning.message
    )


@pytest.mark.parametrize(("nodes", "percent"), [(80, 20), (79, 0), (79, 21), (101, 20)])
def test_a_smaller_shrink_pauses_nothing(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture, nodes: int, percent: int
) -> None:
    memory.add(30, nodes=100)
    assert memory.prune(memory.add(0, nodes=nodes, last_accepted=100), percent=percent) == 1
    assert caplog.messages == []


def test_a_shrink_is_warned_about_even_with_retention_off(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    memory.prune(memory.add(0, nodes=79, last_accepted=100), Rules(days=0), percent=20)
    assert "Database neo4j has shrunk" in caplog.text


@pytest.mark.parametrize("days", [7, 0])
def test_the_alarm_names_the_last_accepted_backup_although_it_is_young(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture, days: int
) -> None:
    for age in (6, 1):
        memory.add(age, nodes=100)
    memory.prune(memory.add(0, nodes=1, last_accepted=100), Rules(days=days), percent=20)
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    names = f"{name_of(1).stem} {name_of(0).stem}"
    assert warning.message.endswith(f"; `backup.py diff {names}` says what is gone")


def test_without_a_shrink_the_alarm_reads_no_additional_manifest(memory: MemoryBucket) -> None:
    for age in (20, 9, 6, 1):
        memory.add(age)
    memory.prune(memory.add(0, nodes=4, last_accepted=5), percent=20)
    assert sorted(memory.read) == [name_of(age).manifest_key for age in (20, 9)]


def test_an_emptied_graph_is_warned_about_only_once(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    memory.add(30)
    assert memory.prune(memory.add(0, nodes=0, last_accepted=5), percent=20) == 0
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1


def test_an_acceptance_is_removed_before_the_archive_of_its_backup(memory: MemoryBucket) -> None:
    old = memory.add(20)
    memory.content[name_of(20).acceptance_key] = b"{}"
    memory.prune(memory.add(0))
    assert memory.deleted == [
        name_of(20).manifest_key,
        name_of(20).acceptance_key,
        old.archive_key,
    ]


def test_an_acceptance_without_a_backup_is_left_alone(memory: MemoryBucket) -> None:
    memory.content[name_of(20).acceptance_key] = b"{}"
    assert memory.prune(memory.add(0)) == 0
    assert memory.deleted == []


def test_a_proof_is_removed_before_its_backup(memory: MemoryBucket) -> None:
    old = memory.add(20)
    memory.content |= {name_of(20).acceptance_key: b"{}", name_of(20).proof_key: b"{}"}
    memory.prune(memory.add(0))
    assert memory.deleted == [
        name_of(20).proof_key,
        name_of(20).manifest_key,
        name_of(20).acceptance_key,
        old.archive_key,
    ]


def test_a_lock_rule_that_holds_only_the_proof_leaves_the_backup_whole(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    memory.add(20)
    proof = name_of(20).proof_key
    memory.content[proof] = b"{}"
    memory.locked = {proof}
    assert memory.prune(memory.add(0)) == 0
    assert memory.deleted == []
    assert f"Kept {proof}: a lock rule of the bucket holds it" in caplog.messages


def test_a_proof_without_a_backup_is_left_alone(memory: MemoryBucket) -> None:
    memory.content[name_of(20).proof_key] = b"{}"
    assert memory.prune(memory.add(0)) == 0
    assert memory.deleted == []


def test_the_proof_of_an_archive_without_a_manifest_goes_with_it(memory: MemoryBucket) -> None:
    bare = name_of(20).archive_key(compressed=True)
    memory.content |= {bare: ARCHIVE, name_of(20).proof_key: b"{}"}
    memory.prune(memory.add(0))
    assert memory.deleted == [name_of(20).proof_key, bare]


@pytest.mark.parametrize("is_dry", [True, False])
def test_the_log_names_a_proved_backup_by_its_manifest(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture, is_dry: bool
) -> None:
    caplog.set_level("DEBUG")
    for age in (20, 1):
        memory.add(age)
        memory.content[name_of(age).proof_key] = b"{}"
    memory.prune(memory.add(0), is_dry=is_dry)
    removed = "Would remove" if is_dry else "Removed"
    assert f"{removed} {name_of(20).manifest_key}: older than 7 days" in caplog.messages
    assert f"Kept {name_of(1).manifest_key}: not older than 7 days" in caplog.messages
    named = [each for each in caplog.messages if "proof.json" in each]
    assert named == ([] if is_dry else [f"Removed {name_of(20).proof_key}: older than 7 days"])


@given(st.dictionaries(st.integers(1, 60), st.booleans(), max_size=8), RULES)
def test_retention_decides_alike_with_and_without_proofs(
    proved: dict[float, bool], rules: Rules
) -> None:
    kept = []
    for has_proofs in (True, False):
        memory = MemoryBucket()
        for age, is_proved in proved.items():
            memory.add(age)
            if has_proofs and is_proved:
                memory.content[name_of(age).proof_key] = b"damaged, and nobody reads it"
        memory.prune(memory.add(0), rules)
        kept.append(memory.ages())
        proofs = {key for key in memory.content if key.endswith(".proof.json")}
        wanted = {name_of(age).proof_key for age in memory.ages() & proved.keys() if proved[age]}
        assert proofs == (wanted if has_proofs else set())
    assert kept[0] == kept[1]


def test_what_the_new_backup_needs_is_kept_although_no_list_shows_it_yet(
    memory: MemoryBucket,
) -> None:
    memory.add(30)
    full = replace(memory.add(20), format_version=CHAIN_FORMAT_VERSION)
    memory.content[name_of(20).manifest_key] = full.to_json()
    memory.add(10)
    need = Need(full.archive_key, full.archive_size, "")
    latest = manifest_of(0, nodes=5, database_id="ours", last_accepted=0)
    memory.prune(
        replace(latest, format_version=CHAIN_FORMAT_VERSION, kind=INCREMENTAL, needs=[need])
    )
    assert memory.ages() == {20, 10}


def copied_here(memory: MemoryBucket, age: float, folder: str = "neo4j-other") -> None:
    """Store a backup that somebody has copied from another prefix, with its manifest as it was."""
    made = memory.add(age)
    elsewhere = made.archive_key.replace(PREFIX, folder)
    memory.content[name_of(age).manifest_key] = replace(made, archive_key=elsewhere).to_json()


@pytest.mark.parametrize("rules", [Rules(days=7), Rules(days=None, last=1), Rules(days=7, daily=2)])
def test_a_backup_that_somebody_has_copied_to_the_prefix_is_kept_with_a_warning(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture, rules: Rules
) -> None:
    copied_here(memory, 20)
    memory.prune(memory.add(0), rules)
    assert memory.ages() == {20, 0}
    assert memory.deleted == []
    (warning,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert warning.message == (
        f"Kept {name_of(20).manifest_key}: it is a copy: its manifest names an archive under "
        "neo4j-other/"
    )


class _BucketOfTwoHosts(MemoryBucket):
    """A bucket in which a prune on another host removes backups when this one has listed them."""

    def __init__(self) -> None:
        super().__init__()
        self.removed_elsewhere: set[str] = set()

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects, and then remove some."""
        yield from list(super().objects(prefix))
        for key in self.removed_elsewhere & self.content.keys():
            del self.content[key]


@pytest.mark.parametrize("rules", [Rules(days=7), Rules(days=7, daily=2)])
def test_what_another_host_removes_meanwhile_is_gone_and_no_failure(
    caplog: pytest.LogCaptureFixture, rules: Rules
) -> None:
    caplog.set_level("INFO")
    memory = _BucketOfTwoHosts()
    for age in (30, 20):
        memory.add(age)
    gone = memory.add(25)
    memory.removed_elsewhere = {name_of(25).manifest_key, gone.archive_key}
    memory.prune(memory.add(0), rules)
    assert 25 not in memory.ages()
    assert 30 not in memory.ages()
    assert not any(name_of(25).stem in each for each in caplog.messages)


def test_a_kept_backup_that_another_host_removes_meanwhile_needs_nothing() -> None:
    memory = _BucketOfTwoHosts()
    full = replace(memory.add(20), format_version=CHAIN_FORMAT_VERSION)
    memory.content[name_of(20).manifest_key] = full.to_json()
    young = memory.add(3)
    memory.removed_elsewhere = {name_of(3).manifest_key, young.archive_key}
    memory.prune(memory.add(0))
    assert memory.ages() == {0}


class _SharedBucket(MemoryBucket):
    """A bucket into which another host stores a backup while a prune decides."""

    def __init__(self, *, is_growing: bool) -> None:
        super().__init__()
        self._is_growing = is_growing
        self.lists = 0

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects, and store a backup behind the first of these lists."""
        self.lists += 1
        yield from list(super().objects(prefix))
        if self._is_growing and self.lists == 1:
            self.add(0.5)

    def add_chain(self) -> None:
        """Store a full backup that may be needed, an increment, and a full one that is no base."""
        full = replace(self.add(20), format_version=CHAIN_FORMAT_VERSION)
        need = Need(full.archive_key, full.archive_size, "")
        increment = replace(
            self.add(19), format_version=CHAIN_FORMAT_VERSION, kind=INCREMENTAL, needs=[need]
        )
        self.content[name_of(20).manifest_key] = full.to_json()
        self.content[name_of(19).manifest_key] = increment.to_json()
        self.add(18)


def test_what_a_backup_may_need_that_was_stored_meanwhile_is_kept(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    memory = _SharedBucket(is_growing=True)
    memory.add_chain()
    memory.prune(memory.add(0))
    assert memory.ages() == {20, 19, 0.5, 0}
    stem = name_of(0.5).stem
    told = f"{stem} has changed meanwhile: backups that it may need are kept for now"
    assert caplog.messages.count(told) == 1
    memory.prune(memory.add(0))
    assert memory.ages() == {0.5, 0}, "the next prune knows its manifest"


@pytest.mark.parametrize(("is_dry", "lists"), [(False, 2), (True, 1)])
def test_a_prune_looks_once_more_before_it_removes_what_may_be_needed(
    *, is_dry: bool, lists: int
) -> None:
    memory = _SharedBucket(is_growing=False)
    memory.add_chain()
    memory.prune(memory.add(0), is_dry=is_dry)
    assert memory.lists == lists
    assert memory.ages() == ({20, 19, 18, 0} if is_dry else {0})


def test_a_prune_of_full_backups_alone_looks_once() -> None:
    memory = _SharedBucket(is_growing=True)
    memory.add(20)
    memory.prune(memory.add(0))
    assert memory.lists == 1
    assert memory.ages() == {0.5, 0}


def test_what_a_kept_backup_may_need_stays_if_the_manifest_of_that_cannot_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = _SharedBucket(is_growing=False)
    memory.add_chain()
    memory.content[name_of(3).archive_key(compressed=True)] = ARCHIVE
    memory.content[name_of(3).manifest_key] = b"{}"
    memory.prune(memory.add(0))
    assert memory.ages() == {20, 19, 3, 0}
    assert "may need it, but the manifest of that cannot be read" in caplog.text
