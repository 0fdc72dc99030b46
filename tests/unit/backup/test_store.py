"""A backup is stored in the right order: the archive first, the manifest last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from neo4j_r2.archive.manifest import (
    ExportSummary,
    LockedManifest,
    Manifest,
    Need,
    read_manifest,
    timestamp,
)
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.backup.exporter import Lineage, NeedMissingError
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.store import Destination, store
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.bucket.client import Bucket, StoredObject
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.bucket.multipart import UnfinishedUpload
from neo4j_r2.core.errors import BucketError, CorruptError
from neo4j_r2.restore.source import Source
from neo4j_r2.restore.verify import verify
from neo4j_r2.run.lock import RunLock, UploadRecord, run_lock
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.stall_watch import Watch
from tests.archives import DATABASE, RESTORE_KEY, STEM, TAKEN, Content, some_content
from tests.keys import KeyPair

CONTENT = some_content()
ORIGIN = Origin(DATABASE, TAKEN)
SETTINGS = StoreSettings(
    endpoint_url="https://r2.example",
    prefix="neo4j-backup",
    compression_level=1,
    recipients=(),
    part_size=None,
    upload_concurrency=2,
    verify_after=False,
)
KEY, MANIFEST_KEY = f"{STEM}.cypher.gz", f"{STEM}.manifest.json"


class _FakeUploads:
    """The calls of `MultipartUploads`."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self._content = content
        self.under_way: dict[str, dict[int, bytes]] = {}
        self.rivals: set[str] = set()
        """Keys that another run is uploading to."""
        self.changed: Callable[[bytes], bytes] = bytes
        """Returns the bytes that are stored in place of an archive's bytes."""

    def create(self, key: str, _: Mapping[str, str]) -> str:
        self.under_way[key] = {}
        return "id"

    def unfinished(self, prefix: str) -> list[UnfinishedUpload]:
        return [UnfinishedUpload(key, "other", 0) for key in self.rivals if key.startswith(prefix)]

    def upload_part(self, key: str, _: str, number: int, data: bytes, __: object) -> str:
        self.under_way[key][number] = data
        return "etag"

    def complete(self, key: str, *_: object) -> None:
        parts = self.under_way.pop(key)
        self._content[key] = self.changed(b"".join(parts[number] for number in sorted(parts)))

    def abort_upload(self, key: str, _: str) -> None:
        del self.under_way[key]


class _FakeBucket:
    """The calls of a `Bucket` that storing a backup makes, on a dictionary."""

    name = "bucket"

    def __init__(self) -> None:
        self.content: dict[str, bytes] = {}
        """In the order in which the objects became visible."""
        self.uploads = _FakeUploads(self.content)

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        for key, data in self.content.items():
            if key.startswith(prefix):
                yield StoredObject(key, len(data), {})

    def head(self, key: str) -> StoredObject | None:
        return StoredObject(key, 0, {}) if key in self.content else None

    def stream(self, key: str, *, is_slow: bool = False) -> Iterator[bytes]:  # noqa: ARG002
        if key not in self.content:
            raise BucketError(f"R2 failed: Get {key}: 404 NoSuchKey")
        yield self.content[key]

    def put_new(self, key: str, data: bytes) -> None:
        self.content[key] = data


class _FakeExporter:
    """Exports content that was made without a server; something can happen at its end."""

    restore_key = RESTORE_KEY

    def __init__(self, content: Content, at_end: Callable[[], object], *needs: Need) -> None:
        self._content, self._at_end, self._needs = content, at_end, needs

    def blocks(self) -> Iterator[TextBlock]:
        yield from self._content.blocks
        self._at_end()

    def lineage(self) -> Lineage | None:
        return Lineage([*self._needs], {}) if self._needs else None

    def summary(self) -> ExportSummary:
        return self._content.summary


@pytest.fixture
def bucket() -> _FakeBucket:
    return _FakeBucket()


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[RunLock]:
    with run_lock(tmp_path) as held:
        yield held


def stored(
    bucket: _FakeBucket,
    lock: RunLock,
    settings: StoreSettings = SETTINGS,
    at_end: Callable[[], object] = tuple,
    *needs: Need,
) -> Manifest:
    watch = Watch(60)
    progress = Progress(100, watch.progress)
    destination = Destination(cast(Bucket, bucket), settings, lock, watch, progress)
    return store(_FakeExporter(CONTENT, at_end, *needs), ORIGIN, destination, 1000)


def test_the_archive_is_stored_first_and_the_manifest_last(
    bucket: _FakeBucket, lock: RunLock
) -> None:
    manifest = stored(bucket, lock)
    assert list(bucket.content) == [KEY, MANIFEST_KEY]
    assert read_manifest(bucket.content[MANIFEST_KEY]) == manifest
    source = Source(KEY, manifest, lambda: bucket.stream(KEY))
    assert verify(source, Watch(60)).nodes == CONTENT.summary.nodes
    assert lock.abandoned_upload() is None


def test_an_encrypted_backup_has_a_manifest_that_only_the_private_key_opens(
    bucket: _FakeBucket, lock: RunLock
) -> None:
    pair = KeyPair.new()
    manifest = stored(bucket, lock, replace(SETTINGS, recipients=(pair.public,)))
    assert list(bucket.content) == [f"{KEY}.age", MANIFEST_KEY]
    locked = read_manifest(bucket.content[MANIFEST_KEY])
    assert isinstance(locked, LockedManifest)
    assert locked.unlocked(pair.keys.decrypt_text(locked.encrypted)) == manifest


@pytest.mark.parametrize("recipients", [(), (KeyPair.new().public,)], ids=["clear", "encrypted"])
def test_an_archive_that_does_not_read_back_gets_no_manifest(
    bucket: _FakeBucket, lock: RunLock, recipients: tuple[str, ...]
) -> None:
    bucket.uploads.changed = lambda data: data[:-1]
    with pytest.raises(CorruptError):
        stored(bucket, lock, replace(SETTINGS, recipients=recipients, verify_after=True))
    assert MANIFEST_KEY not in bucket.content


def test_a_failed_export_leaves_nothing_behind(bucket: _FakeBucket, lock: RunLock) -> None:
    def fail() -> None:
        raise BucketError("broken")

    with pytest.raises(BucketError, match="broken"):
        stored(bucket, lock, SETTINGS, fail)
    assert not bucket.content
    assert not bucket.uploads.under_way
    assert lock.abandoned_upload() is None


def test_a_key_that_is_taken_is_never_used(bucket: _FakeBucket, lock: RunLock) -> None:
    bucket.content[MANIFEST_KEY] = b"another backup"
    bucket.uploads.rivals = {KEY.replace("02-00-00", "02-00-01")}
    manifest = stored(bucket, lock)
    assert manifest.archive_key > max(bucket.uploads.rivals)
    assert bucket.content[MANIFEST_KEY] == b"another backup"
    parsed = parse_key(manifest.archive_key, manifest.archive_key.rpartition("/")[0])
    assert parsed is not None
    assert manifest.started == timestamp(parsed[0].taken)
    assert manifest.finished >= manifest.started


def test_the_upload_is_on_record_while_it_is_under_way(bucket: _FakeBucket, lock: RunLock) -> None:
    seen: list[UploadRecord | None] = []

    def look(data: bytes) -> bytes:
        seen.append(lock.abandoned_upload())
        return data

    bucket.uploads.changed = look
    stored(bucket, lock)
    assert seen == [UploadRecord("https://r2.example", "bucket", KEY, "id")]


NEEDED = Need("neo4j-backup/neo4j_2025-10-01_02-00-00.cypher.gz", 6, "")


def test_an_archive_that_is_needed_is_looked_for_before_the_upload_is_completed(
    bucket: _FakeBucket, lock: RunLock
) -> None:
    bucket.content[NEEDED.key] = b"needed"
    with pytest.raises(NeedMissingError, match=f"the archive {NEEDED.key} is not in the bucket"):
        stored(bucket, lock, SETTINGS, bucket.content.clear, NEEDED)
    assert not bucket.content
    assert not bucket.uploads.under_way


@pytest.mark.parametrize("verify_after", [False, True])
def test_an_archive_that_is_needed_is_looked_for_again_before_the_manifest_is_put(
    bucket: _FakeBucket, lock: RunLock, *, verify_after: bool
) -> None:
    bucket.content[NEEDED.key] = b"needed"

    def prune(data: bytes) -> bytes:
        del bucket.content[NEEDED.key]
        return data

    bucket.uploads.changed = prune
    with pytest.raises(NeedMissingError, match=f"the archive {NEEDED.key} is not in the bucket"):
        stored(bucket, lock, replace(SETTINGS, verify_after=verify_after), tuple, NEEDED)
    assert list(bucket.content) == [KEY]


def test_an_increment_whose_needs_are_there_becomes_a_backup(
    bucket: _FakeBucket, lock: RunLock
) -> None:
    bucket.content[NEEDED.key] = b"needed"
    assert stored(bucket, lock, SETTINGS, tuple, NEEDED).needs == [NEEDED]
    assert MANIFEST_KEY in bucket.content
