"""Which restore points a List shows, and what of their manifests is read."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from neo4j_r2.archive.manifest import CHAIN_FORMAT_VERSION, INCREMENTAL
from neo4j_r2.bucket.client import StoredObject
from neo4j_r2.bucket.read_usage import stored_by_database
from neo4j_r2.core.errors import BucketError
from neo4j_r2.run.record_restore_points import complete_restore_points, record_restore_points
from neo4j_r2.run.restore_points import KEPT_POINTS, RestorePoint, RestorePoints, RestorePointsFile
from neo4j_r2.run.state import State, StateFile
from tests.unit.memory_bucket import ARCHIVE, NOW, PREFIX, MemoryBucket, name_of


class FailingBucket(MemoryBucket):
    """A bucket that fails where it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.lists_fail = False
        self.gets_fail = False

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Yield all objects, or fail."""
        if self.lists_fail:
            raise BucketError("R2 is away")
        yield from super().objects(prefix)

    def get(self, key: str) -> bytes:
        """Return an object, or fail."""
        if self.gets_fail:
            raise BucketError("R2 is away")
        return super().get(key)


@pytest.fixture
def bucket() -> FailingBucket:
    return FailingBucket()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The state directory of a service that backs up one database."""
    StateFile(tmp_path).write(State(NOW, expected=("neo4j",)))
    return tmp_path


def record(directory: Path, bucket: MemoryBucket) -> RestorePoints:
    """Record what the bucket holds now, as after a prune."""
    bucket.read.clear()
    stored = stored_by_database(bucket.bucket, PREFIX)
    record_restore_points(directory, bucket.bucket, PREFIX, stored)
    known = RestorePointsFile(directory).read()
    assert known is not None
    return known


def points(known: RestorePoints) -> tuple[RestorePoint, ...]:
    return known.databases["neo4j"].points


def make_incremental(bucket: MemoryBucket, days: float, *, before_restore: bool = False) -> None:
    manifest = replace(
        bucket.add(days),
        format_version=CHAIN_FORMAT_VERSION,
        kind=INCREMENTAL,
        before_restore=before_restore,
    )
    bucket.content[name_of(days).manifest_key] = manifest.to_json()


def test_each_complete_backup_is_a_restore_point_with_what_its_manifest_says(
    directory: Path, bucket: FailingBucket
) -> None:
    bucket.add(3)
    make_incremental(bucket, 2)
    make_incremental(bucket, 1, before_restore=True)
    known = record(directory, bucket)
    assert (known.bucket, known.prefix) == (bucket.name, PREFIX)
    assert [each.kind for each in points(known)] == ["full", "incremental", "incremental"]
    assert [each.is_before_restore for each in points(known)] == [False, False, True]
    assert [each.taken for each in points(known)] == [name_of(days).taken for days in (3, 2, 1)]
    assert [each.key for each in points(known)] == [
        name_of(days).archive_key(compressed=True) for days in (3, 2, 1)
    ]
    database = known.databases["neo4j"]
    assert database.backups == 3
    assert database.size == sum(len(data) for data in bucket.content.values())
    assert sum(each.size for each in points(known)) == database.size


def test_a_manifest_is_read_once(directory: Path, bucket: FailingBucket) -> None:
    bucket.add(3)
    bucket.add(2)
    before = record(directory, bucket)
    assert len(bucket.read) == 2
    make_incremental(bucket, 1)
    after = record(directory, bucket)
    assert bucket.read == [name_of(1).manifest_key]
    assert points(after)[:2] == points(before)
    assert points(after)[2].kind == "incremental"


def test_a_manifest_that_the_caller_has_read_is_not_read_again(
    directory: Path, bucket: FailingBucket
) -> None:
    manifest = bucket.add(1)
    stored = stored_by_database(bucket.bucket, PREFIX)
    record_restore_points(directory, bucket.bucket, PREFIX, stored, [manifest])
    assert bucket.read == []
    known = RestorePointsFile(directory).read()
    assert known is not None
    assert [each.kind for each in points(known)] == ["full"]


def test_a_proof_makes_its_restore_point_proved(directory: Path, bucket: FailingBucket) -> None:
    bucket.add(2)
    bucket.add(1)
    assert [each.is_proved for each in points(record(directory, bucket))] == [False, False]
    bucket.content[name_of(2).proof_key] = b"a proof"
    proved = record(directory, bucket)
    assert [each.is_proved for each in points(proved)] == [True, False]
    assert points(proved)[0].size > points(proved)[1].size
    assert bucket.read == []


def test_what_is_not_complete_is_no_restore_point_but_is_stored(
    directory: Path, bucket: FailingBucket
) -> None:
    bucket.add(5)
    bucket.content[name_of(4).archive_key(compressed=True)] = ARCHIVE
    bucket.add(3)
    del bucket.content[name_of(3).archive_key(compressed=True)]
    bucket.add(2)
    bucket.content[name_of(2).manifest_key] = b"damaged"
    bucket.add(1)
    bucket.content[name_of(1).archive_key(compressed=True)] = b""
    known = record(directory, bucket)
    assert [each.taken for each in points(known)] == [name_of(5).taken]
    assert known.databases["neo4j"].backups == 4
    assert known.databases["neo4j"].size == sum(len(data) for data in bucket.content.values())


def test_a_removed_backup_is_forgotten(directory: Path, bucket: FailingBucket) -> None:
    bucket.add(2)
    bucket.add(1)
    record(directory, bucket)
    for key in (name_of(2).manifest_key, name_of(2).archive_key(compressed=True)):
        del bucket.content[key]
    assert [each.taken for each in points(record(directory, bucket))] == [name_of(1).taken]


def test_the_newest_ones_are_kept_and_all_are_counted(
    directory: Path, bucket: FailingBucket
) -> None:
    for hours in range(KEPT_POINTS + 10):
        bucket.add(hours / 24)
    known = record(directory, bucket)
    assert known.databases["neo4j"].backups == KEPT_POINTS + 10
    assert len(points(known)) == KEPT_POINTS
    assert points(known)[-1].taken == NOW
    assert len(bucket.read) == KEPT_POINTS


def test_a_failure_of_r2_leaves_kinds_unknown_until_the_next_record(
    directory: Path, bucket: FailingBucket, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.add(2)
    bucket.add(1)
    bucket.gets_fail = True
    assert [each.kind for each in points(record(directory, bucket))] == ["", ""]
    (warning,) = caplog.records
    assert warning.message == "Which kinds 2 restore points are is not known: R2 is away"
    bucket.gets_fail = False
    assert [each.kind for each in points(record(directory, bucket))] == ["full", "full"]


def test_databases_of_others_are_counted_but_their_manifests_are_not_read(
    directory: Path, bucket: FailingBucket
) -> None:
    bucket.add(1)
    for key in list(bucket.content):
        bucket.content[key.replace("/neo4j_", "/movies_")] = bucket.content[key]
    known = record(directory, bucket)
    assert known.databases["movies"].points == ()
    assert known.databases["movies"].backups == 1
    assert bucket.read == [name_of(1).manifest_key]


def test_a_database_without_backups_is_known_to_have_none(
    directory: Path, bucket: FailingBucket
) -> None:
    known = record(directory, bucket)
    assert points(known) == ()
    assert known.databases["neo4j"].backups == 0


def test_nothing_is_recorded_where_no_service_has_run(
    tmp_path: Path, bucket: FailingBucket
) -> None:
    record_restore_points(tmp_path / "new", bucket.bucket, PREFIX, {})
    complete_restore_points(tmp_path / "new", bucket.bucket, PREFIX)
    assert not (tmp_path / "new").exists()


def test_a_start_looks_only_if_a_database_is_missing(
    directory: Path, bucket: FailingBucket
) -> None:
    bucket.add(1)
    complete_restore_points(directory, bucket.bucket, PREFIX)
    known = RestorePointsFile(directory).read()
    assert known is not None
    assert len(points(known)) == 1
    bucket.lists_fail = True
    complete_restore_points(directory, bucket.bucket, PREFIX)  # asks nothing
    StateFile(directory).write(State(NOW, expected=("neo4j", "movies")))
    bucket.lists_fail = False
    complete_restore_points(directory, bucket.bucket, PREFIX)
    later = RestorePointsFile(directory).read()
    assert later is not None
    assert set(later.databases) == {"neo4j", "movies"}


def test_a_start_does_not_fail_by_the_restore_points(
    directory: Path, bucket: FailingBucket, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.lists_fail = True
    complete_restore_points(directory, bucket.bucket, PREFIX)
    (warning,) = caplog.records
    assert warning.levelno == logging.WARNING
    assert warning.message == "The restore points are not recorded: R2 is away"


def test_a_file_that_cannot_be_written_is_a_warning(
    directory: Path, bucket: FailingBucket, caplog: pytest.LogCaptureFixture
) -> None:
    obstacle = directory / "restore-points.json" / "obstacle"
    obstacle.mkdir(parents=True)
    stored = stored_by_database(bucket.bucket, PREFIX)
    record_restore_points(directory, bucket.bucket, PREFIX, stored)
    (warning,) = caplog.records
    assert warning.message.startswith("The restore points are not recorded: BACKUP_STATE_DIR=")
