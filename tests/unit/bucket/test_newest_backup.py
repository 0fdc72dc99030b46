"""The newest complete backup, and what is said of the newer ones that are not complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from neo4j_r2.bucket.newest_backup import (
    Newest,
    backups_of,
    faults,
    find_newest,
    is_of,
    newest_backup,
    warn_of_passed_over,
)
from tests.unit.memory_bucket import ARCHIVE, NOW, PREFIX, MemoryBucket, name_of

OLD = name_of(2).archive_key(compressed=True)
NEW = name_of(1).archive_key(compressed=True)
NEW_MANIFEST = name_of(1).manifest_key

Damage = Callable[[MemoryBucket], None]


def remove_archive(memory: MemoryBucket) -> None:
    del memory.content[NEW]


def cut_archive(memory: MemoryBucket) -> None:
    memory.content[NEW] = ARCHIVE[:-3]


def remove_manifest(memory: MemoryBucket) -> None:
    del memory.content[NEW_MANIFEST]


def damage_manifest(memory: MemoryBucket) -> None:
    memory.content[NEW_MANIFEST] = memory.content[NEW_MANIFEST][:-30]


def name_another_prefix(memory: MemoryBucket) -> None:
    manifest = memory.content[NEW_MANIFEST]
    memory.content[NEW_MANIFEST] = manifest.replace(b"neo4j-backup/", b"neo4j-other/")


DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "archive gone": (
        remove_archive,
        NEW_MANIFEST,
        f"its archive {NEW} of {len(ARCHIVE)} bytes is not there",
    ),
    "archive cut": (
        cut_archive,
        NEW_MANIFEST,
        f"its archive {NEW} of {len(ARCHIVE)} bytes has {len(ARCHIVE) - 3} bytes",
    ),
    "copied": (
        name_another_prefix,
        NEW_MANIFEST,
        "it is a copy: its manifest names an archive under neo4j-other/",
    ),
    "manifest gone": (remove_manifest, NEW, "it has no manifest"),
    "manifest damaged": (
        damage_manifest,
        NEW_MANIFEST,
        "the manifest is not one of this service",
    ),
}
EVERY_DAMAGE = pytest.mark.parametrize(("damage", "key", "reason"), DAMAGES.values(), ids=DAMAGES)


@pytest.fixture
def memory() -> MemoryBucket:
    """Return a bucket with two backups, of two days ago and of yesterday."""
    memory = MemoryBucket()
    memory.add(2)
    memory.add(1)
    return memory


def newest_in(memory: MemoryBucket) -> Newest:
    backups = backups_of(memory.bucket, PREFIX, "neo4j")
    return find_newest(memory.bucket, backups, is_of("neo4j", "ours"))


def faults_in(memory: MemoryBucket, last_key: str | None, hours: float = 0) -> list[str]:
    """Return the faults, at a time that is some hours after `NOW`."""
    return faults(newest_in(memory), last_key, PREFIX, NOW + timedelta(hours=hours))


def test_of_complete_backups_the_newest_is_taken_without_a_word(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    newest = newest_backup(memory.bucket, PREFIX, "neo4j", "ours")
    assert newest is not None
    assert newest.archive_key == NEW
    assert caplog.messages == []
    assert memory.read == [NEW_MANIFEST]
    assert faults_in(memory, NEW) == []


def test_a_backup_that_another_host_removes_meanwhile_is_not_passed_over(
    memory: MemoryBucket,
) -> None:
    backups = backups_of(memory.bucket, PREFIX, "neo4j")
    del memory.content[NEW_MANIFEST], memory.content[NEW]
    newest = find_newest(memory.bucket, backups, is_of("neo4j", "ours"))
    assert newest.manifest is not None
    assert newest.manifest.archive_key == OLD
    assert newest.passed_over == []


@EVERY_DAMAGE
def test_a_newer_backup_is_passed_over_with_its_key_the_reason_and_what_is_used(
    memory: MemoryBucket,
    caplog: pytest.LogCaptureFixture,
    damage: Damage,
    key: str,
    reason: str,
) -> None:
    damage(memory)
    newest = newest_backup(memory.bucket, PREFIX, "neo4j", "ours")
    assert newest is not None
    assert newest.archive_key == OLD
    assert caplog.messages == [f"Passed over {key}: {reason}; {OLD} is used instead"]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


@EVERY_DAMAGE
def test_without_another_backup_the_warning_says_that_none_is_complete(
    memory: MemoryBucket,
    caplog: pytest.LogCaptureFixture,
    damage: Damage,
    key: str,
    reason: str,
) -> None:
    del memory.content[OLD], memory.content[name_of(2).manifest_key]
    damage(memory)
    assert newest_backup(memory.bucket, PREFIX, "neo4j", "ours") is None
    assert caplog.messages == [f"Passed over {key}: {reason}; no other backup is complete"]


def test_where_only_newer_backups_were_looked_at_the_warning_names_the_one_that_stays(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    remove_manifest(memory)
    _, newer = backups_of(memory.bucket, PREFIX, "neo4j")
    warn_of_passed_over(find_newest(memory.bucket, [newer], is_of("neo4j", "ours")), OLD)
    assert caplog.messages == [f"Passed over {NEW}: it has no manifest; {OLD} is used instead"]


@EVERY_DAMAGE
def test_a_backup_that_was_complete_once_is_at_fault_at_once(
    memory: MemoryBucket, damage: Damage, key: str, reason: str
) -> None:
    damage(memory)
    assert faults_in(memory, NEW, hours=-23) == [f"{key}: {reason}"]


def test_an_archive_whose_run_may_be_under_way_is_no_fault_for_a_day(
    memory: MemoryBucket,
) -> None:
    remove_manifest(memory)
    assert faults_in(memory, OLD, hours=-1) == []
    assert faults_in(memory, OLD, hours=0) == [f"{NEW}: it has no manifest"]


def test_what_is_older_than_the_newest_complete_backup_is_no_fault(memory: MemoryBucket) -> None:
    del memory.content[OLD]
    assert faults_in(memory, NEW) == []


def test_backups_that_are_not_meant_are_left_out_complete_or_not(
    memory: MemoryBucket, caplog: pytest.LogCaptureFixture
) -> None:
    memory.add(0.5, database_id="theirs")
    replaced = memory.add(0.25)
    manifest = replace(replaced, before_restore=True).to_json()
    memory.content[name_of(0.25).manifest_key] = manifest
    for days in (0.5, 0.25):
        memory.content[name_of(days).archive_key(compressed=True)] = b""
    newest = newest_backup(memory.bucket, PREFIX, "neo4j", "ours")
    assert newest is not None
    assert newest.archive_key == NEW
    assert caplog.messages == []


def test_a_last_backup_that_is_gone_from_the_bucket_is_a_fault(memory: MemoryBucket) -> None:
    del memory.content[NEW], memory.content[NEW_MANIFEST]
    assert faults_in(memory, NEW) == [f"{NEW}: it is not in the bucket any more"]
    assert faults_in(memory, f"elsewhere/{NEW.rpartition('/')[2]}") == []
    memory.add(0.5)  # made from another host, whose prune may have removed the last one of here
    assert faults_in(memory, NEW) == []
