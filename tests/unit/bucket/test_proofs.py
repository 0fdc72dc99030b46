"""Proofs beside their backups: stored once, read back, and compared with what the bucket holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from neo4j_r2.archive.manifest import INCREMENTAL, Manifest, Need, own_need
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.newest_backup import find_newest, is_of
from neo4j_r2.bucket.proofs import (
    newest_proved,
    read_newest_proof,
    read_stored_proof,
    refuse_outdated,
    store_proof,
)
from neo4j_r2.bucket.read_usage import usage_by_database
from neo4j_r2.bucket.safety_backups import safety_backups
from neo4j_r2.core.errors import (
    BackupGoneError,
    BucketError,
    BucketUnavailableError,
    ConfigurationError,
    CorruptError,
    NewerFormatError,
)
from tests.keys import KeyPair
from tests.proofs import locked, proof_of
from tests.unit.memory_bucket import ARCHIVE, PREFIX, MemoryBucket, name_of

PROOF_KEY: Final = name_of(1).proof_key
OLD_ARCHIVE: Final = name_of(2).archive_key(compressed=True)


class InterruptedBucket(MemoryBucket):
    """A bucket in which something happens right before or after a put."""

    def __init__(self) -> None:
        super().__init__()
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None

    def put_new(self, key: str, data: bytes) -> None:
        """Store an object as R2 does: a key that holds something else is an error."""
        self.before()
        if self.content.get(key, data) != data:
            raise BucketError("R2 failed during Put: PreconditionFailed")
        super().put_new(key, data)
        self.after()


@pytest.fixture
def memory() -> InterruptedBucket:
    """Return an empty bucket."""
    return InterruptedBucket()


def backups(memory: MemoryBucket) -> list[StoredBackup]:
    return backups_in(memory.bucket, PREFIX)


def store(memory: MemoryBucket, manifest: Manifest, **changes: object) -> bool:
    data = proof_of(manifest, **changes).to_json()
    return store_proof(memory.bucket, manifest, PREFIX, data, ZoneInfo("Europe/Berlin"))


def test_a_proof_is_stored_beside_its_backup(
    memory: InterruptedBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    manifest = memory.add(1)
    assert store(memory, manifest)
    assert memory.content[PROOF_KEY] == proof_of(manifest).to_json()
    assert caplog.messages == [f"Proof stored: {PROOF_KEY}"]
    (backup,) = backups(memory)
    assert read_stored_proof(memory.bucket, backup) == proof_of(manifest)


def test_the_proof_of_an_encrypted_backup_reads_back_as_it_was_stored(
    memory: InterruptedBucket,
) -> None:
    manifest = memory.add(1)
    proof = locked(proof_of(manifest), KeyPair.new().public)
    assert store_proof(memory.bucket, manifest, PREFIX, proof.to_json())
    (backup,) = backups(memory)
    assert read_stored_proof(memory.bucket, backup) == proof


def test_a_proof_that_is_there_stays_and_the_log_names_its_drill(
    memory: InterruptedBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    manifest = memory.add(1)
    store(memory, manifest, started="2025-10-08T02:03:10Z")
    first = memory.content[PROOF_KEY]
    assert not store(memory, manifest)
    assert memory.content[PROOF_KEY] == first
    assert caplog.messages[1:] == [
        f"{PROOF_KEY} is there already, and stays: it is of the drill of "
        "2025-10-08 04:03:10 Europe/Berlin"
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (None, "the proof is not one of this service"),
        ({"archive_sha256": "00" * 32}, f"it is of another archive, with SHA-256 {'00' * 32}"),
    ],
    ids=["damaged", "of another archive"],
)
def test_what_is_no_proof_of_the_backup_stays_and_does_not_count_as_its_proof(
    memory: InterruptedBucket, changes: dict[str, str] | None, told: str
) -> None:
    manifest = memory.add(1)
    other = proof_of(manifest, **changes).to_json() if changes else b"{}"
    memory.content[PROOF_KEY] = other
    with pytest.raises(BucketError) as raised:
        store(memory, manifest)
    assert str(raised.value) == f"{PROOF_KEY} is there already, but {told}; remove it"
    assert memory.content[PROOF_KEY] == other


def test_a_proof_of_a_newer_format_counts_although_this_version_cannot_read_it(
    memory: InterruptedBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    manifest = memory.add(1)
    memory.content[PROOF_KEY] = b'{"format_version": 99}'
    assert not store(memory, manifest)
    assert "it is of the drill of an unknown time (the proof has format version 99; " in caplog.text


def test_a_proof_that_another_host_stores_at_the_same_time_stays(
    memory: InterruptedBucket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    manifest = memory.add(1)
    other = proof_of(manifest, started="2025-10-08T02:03:10Z").to_json()
    memory.before = lambda: memory.content.setdefault(PROOF_KEY, other)
    assert not store(memory, manifest)
    assert memory.content[PROOF_KEY] == other
    assert "it is of the drill of 2025-10-08 04:03:10 Europe/Berlin" in caplog.text


@pytest.mark.parametrize("kind", [BucketError, BucketUnavailableError])
def test_a_refusal_of_r2_is_an_error(memory: InterruptedBucket, kind: type[BucketError]) -> None:
    def refuse() -> None:
        raise kind("Access denied by R2 during Put")

    manifest = memory.add(1)
    memory.before = refuse
    with pytest.raises(kind, match="Access denied"):
        store(memory, manifest)
    assert PROOF_KEY not in memory.content


def test_a_backup_that_was_removed_gets_no_proof(memory: InterruptedBucket) -> None:
    manifest = memory.add(1)
    del memory.content[name_of(1).manifest_key]
    with pytest.raises(BackupGoneError, match="was removed while its backup was drilled"):
        store(memory, manifest)
    assert PROOF_KEY not in memory.content


def test_a_backup_that_is_removed_meanwhile_leaves_no_proof(memory: InterruptedBucket) -> None:
    manifest = memory.add(1)
    memory.after = lambda: memory.content.pop(name_of(1).manifest_key)
    with pytest.raises(BackupGoneError) as error:
        store(memory, manifest)
    assert error.value.exit_code == 4
    assert PROOF_KEY not in memory.content


def test_a_backup_under_another_prefix_gets_no_proof(memory: InterruptedBucket) -> None:
    manifest = memory.add(1)
    data = proof_of(manifest).to_json()
    with pytest.raises(ConfigurationError, match="is not under other/, so its proof cannot be"):
        store_proof(memory.bucket, manifest, "other", data)
    assert PROOF_KEY not in memory.content


def test_a_backup_without_a_proof_has_none(memory: InterruptedBucket) -> None:
    memory.add(1)
    (backup,) = backups(memory)
    assert read_stored_proof(memory.bucket, backup) is None
    assert newest_proved([backup]) is None
    assert read_newest_proof(memory.bucket, [backup]) is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"{}", CorruptError), (b'{"format_version": 3}', NewerFormatError)],
    ids=["damaged", "newer"],
)
def test_the_error_names_a_proof_that_cannot_be_read(
    memory: InterruptedBucket, data: bytes, kind: type[CorruptError]
) -> None:
    memory.add(1)
    memory.content[PROOF_KEY] = data
    (backup,) = backups(memory)
    with pytest.raises(kind, match=f"^{PROOF_KEY}: the proof "):
        read_stored_proof(memory.bucket, backup)


def test_the_newest_proved_backup_need_not_be_the_newest_one(memory: InterruptedBucket) -> None:
    for age in (3, 2, 1, 0):
        memory.add(age)
    for age in (3, 2):
        memory.content[name_of(age).proof_key] = b"{}"
    newest = newest_proved(backups(memory))
    assert newest is not None
    assert newest.name == name_of(2)


def test_a_damaged_proof_is_passed_over_with_a_warning(
    memory: InterruptedBucket, caplog: pytest.LogCaptureFixture
) -> None:
    manifests = {age: memory.add(age) for age in (3, 2, 1)}
    for age in (3, 2):
        memory.content[name_of(age).proof_key] = proof_of(manifests[age]).to_json()
    memory.content[PROOF_KEY] = b"{}"
    assert read_newest_proof(memory.bucket, backups(memory)) == proof_of(manifests[2])
    assert caplog.messages == [f"Passed over {PROOF_KEY}: the proof is not one of this service"]


def proved_increment(memory: MemoryBucket) -> Manifest:
    """Store a backup that needs another one, and the proof of it."""
    base = memory.add(2)
    manifest = replace(memory.add(1), format_version=5, kind=INCREMENTAL, needs=[own_need(base)])
    memory.content[name_of(1).manifest_key] = manifest.to_json()
    memory.content[PROOF_KEY] = proof_of(manifest).to_json()
    return manifest


def refuse_newest(memory: MemoryBucket) -> None:
    newest = backups(memory)[-1]
    proof = read_stored_proof(memory.bucket, newest)
    assert proof is not None
    refuse_outdated(memory.bucket, newest, proof)


def test_a_proof_of_what_is_in_the_bucket_is_accepted(memory: InterruptedBucket) -> None:
    proved_increment(memory)
    refuse_newest(memory)


@pytest.mark.parametrize(
    "change",
    [
        {"archive_sha256": "ff"},
        {"archive_size": 4_711},
        {"needs": []},
        {"needs": [Need(OLD_ARCHIVE, len(ARCHIVE), "ff")]},
        {"needs": [Need(OLD_ARCHIVE, 4_711, "")]},
    ],
    ids=["sha256", "size", "no needs", "sha256 of a need", "size of a need"],
)
def test_a_proof_of_another_archive_is_refused(
    memory: InterruptedBucket, change: dict[str, object]
) -> None:
    manifest = replace(proved_increment(memory), **change)  # type: ignore[arg-type]
    memory.content[name_of(1).manifest_key] = manifest.to_json()
    with pytest.raises(CorruptError, match=r"^The proof is of another archive than the man"):
        refuse_newest(memory)


@pytest.mark.parametrize("age", [1, 2], ids=["its own", "one that it needs"])
@pytest.mark.parametrize("data", [None, ARCHIVE[:-1]], ids=["gone", "cut"])
def test_a_proof_whose_archives_are_not_there_any_more_is_refused(
    memory: InterruptedBucket, age: int, data: bytes | None
) -> None:
    proved_increment(memory)
    key = name_of(age).archive_key(compressed=True)
    if data is None:
        del memory.content[key]
    else:
        memory.content[key] = data
    wanted = f"^The bucket has not what the proof is of any more: .*{key} of {len(ARCHIVE)} bytes"
    with pytest.raises(CorruptError, match=wanted):
        refuse_newest(memory)


def test_a_proof_beside_a_manifest_that_is_gone_or_damaged_is_refused(
    memory: InterruptedBucket,
) -> None:
    proved_increment(memory)
    memory.content[name_of(1).manifest_key] = b"{}"
    with pytest.raises(CorruptError, match=f"^{name_of(1).manifest_key}: the manifest is not"):
        refuse_newest(memory)
    del memory.content[name_of(1).manifest_key]
    with pytest.raises(CorruptError, match=f"^{PROOF_KEY}: its backup has no manifest any more"):
        refuse_newest(memory)


def test_a_text_from_the_bucket_cannot_control_the_terminal(memory: InterruptedBucket) -> None:
    manifest = replace(proved_increment(memory), archive_sha256="\x1b[31m\n")
    memory.content[name_of(1).manifest_key] = manifest.to_json()
    with pytest.raises(CorruptError) as error:
        refuse_newest(memory)
    assert str(error.value).isprintable()


def test_a_proof_counts_in_the_bytes_of_its_database_and_is_no_backup(
    memory: InterruptedBucket,
) -> None:
    memory.add(1)
    before = usage_by_database(memory.bucket, PREFIX)["neo4j"]
    memory.content |= {PROOF_KEY: b"12345", name_of(9).proof_key: b"alone"}
    after = usage_by_database(memory.bucket, PREFIX)["neo4j"]
    assert (after.backups, after.size) == (before.backups, before.size + 5)


def test_a_proof_is_neither_the_newest_backup_nor_one_before_a_restore(
    memory: InterruptedBucket,
) -> None:
    manifest = memory.add(1)
    memory.content |= {PROOF_KEY: b"{}", name_of(0).proof_key: b"alone"}
    stored = backups(memory)
    newest = find_newest(memory.bucket, stored, is_of("neo4j", None))
    assert (newest.manifest, newest.passed_over) == (manifest, [])
    assert safety_backups(memory.bucket, stored) == []
