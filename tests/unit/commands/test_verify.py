"""What `verify --all` makes of backups that change while it reads."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from neo4j_r2.commands.verify import verify_all
from neo4j_r2.config.settings import read_config
from neo4j_r2.core.errors import BucketError, ConfigurationError, CorruptError
from neo4j_r2.restore.findings import Findings
from neo4j_r2.run.stall_watch import Watch
from tests.chains import Chain, Graph, chain_of
from tests.unit.commands.test_commands import NO_FILE, REQUIRED
from tests.unit.memory_bucket import MemoryBucket

BASE = Graph({number: [number, ["A"], ["key"], [number]] for number in range(20)}, {})
CHAIN = chain_of(BASE, BASE.changed({3: None}), BASE.changed({4: None}))
MANIFESTS = [key for key in CHAIN.objects() if key.endswith(".manifest.json")]
ARCHIVES = [archive.manifest.archive_key for archive in CHAIN.archives]


class _PrunedBucket(MemoryBucket):
    """A bucket of a chain, from which somebody removes objects while one of them is read."""

    def __init__(self, removed_at: str, removed: set[str], chain: Chain = CHAIN) -> None:
        super().__init__()
        self.content = chain.objects()
        self._removed_at, self._removed = removed_at, removed

    def get(self, key: str) -> bytes:
        """Return an object that is still there."""
        self._prune_at(key)
        return super().get(key)

    def stream(self, key: str, *, is_slow: bool = False) -> Iterator[bytes]:
        """Yield the bytes of an object that is still there."""
        self._prune_at(key)
        yield from super().stream(key, is_slow=is_slow)

    def _prune_at(self, key: str) -> None:
        if key == self._removed_at:
            for each in self._removed:
                self.content.pop(each, None)
        if key not in self.content:
            raise BucketError(f"R2 failed: Get {key}: 404 NoSuchKey")


def verify(bucket: MemoryBucket) -> None:
    config = read_config(REQUIRED, NO_FILE)
    verify_all(bucket.bucket, config, None, Watch(60), Findings())


@pytest.mark.parametrize("removed_at", [MANIFESTS[2], ARCHIVES[2]])
def test_a_backup_that_is_removed_meanwhile_is_neither_good_nor_bad(
    removed_at: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    verify(_PrunedBucket(removed_at, {MANIFESTS[2], ARCHIVES[2]}))
    assert f"{MANIFESTS[2]} was removed meanwhile" in caplog.messages
    assert caplog.messages[-1] == "All 2 backups under neo4j-backup/ are good"


def test_other_backups_are_still_bad_after_one_was_removed() -> None:
    damaged = bytes(CHAIN.archives[0].manifest.archive_size)
    bucket = _PrunedBucket(MANIFESTS[2], {MANIFESTS[2], ARCHIVES[2]})
    bucket.content[ARCHIVES[0]] = damaged
    with pytest.raises(CorruptError, match="2 of 2 backups under neo4j-backup/ are not good"):
        verify(bucket)


def test_a_bucket_that_fails_although_the_backup_is_there_ends_the_command() -> None:
    bucket = _PrunedBucket(ARCHIVES[2], {ARCHIVES[2]})
    with pytest.raises(BucketError, match=f"Get {ARCHIVES[2]}"):
        verify(bucket)


def test_if_all_were_removed_there_is_no_backup() -> None:
    bucket = _PrunedBucket(MANIFESTS[2], set(CHAIN.objects()))
    with pytest.raises(ConfigurationError, match="There is no backup under"):
        verify(bucket)
