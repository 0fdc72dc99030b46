"""Which of the stored backups a restore takes, and what it says if it takes none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from string import ascii_letters
from threading import Barrier

import pytest

from neo4j_r2.config.parsers import LATEST
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.restore.source import Wish, archive_source, chosen_source, latest_with_nodes
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.verify import verify
from neo4j_r2.run.stall_watch import Watch
from tests.chains import Graph, chain_of
from tests.unit.memory_bucket import PREFIX, MemoryBucket, name_of

WISH = Wish("neo4j", LATEST, None)
TIMEOUT_SECONDS = 30.0
INCREMENTS = 23
"""Of the longest chain in October."""


class _MeetingBucket(MemoryBucket):
    """A bucket that answers a call for a part of an increment when all increments are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._meeting = Barrier(INCREMENTS)

    def stream(self, key: str, *, is_slow: bool = False) -> Iterator[bytes]:
        """Yield an object by one call, or by two."""
        data = self.content[key]
        half = len(data) // 2
        for part in (data[:half], data[half:]) if is_slow else (data,):
            if is_slow:
                self._meeting.wait(TIMEOUT_SECONDS)
            yield part


def _with_values(character: str) -> Graph:
    """Return a graph whose nodes have all a text of this character."""
    return Graph({number: [number, ["A"], ["s"], [character * 200]] for number in range(100)}, {})


def message(bucket: MemoryBucket, key: str) -> str:
    """Return how the choice of an archive fails."""
    with pytest.raises(CorruptError) as caught:
        chosen_source(bucket.bucket, PREFIX, Wish("neo4j", key))
    return str(caught.value)


def test_a_place_without_a_complete_backup_is_named_with_what_to_do() -> None:
    bucket = MemoryBucket()
    damaged = bucket.add(1)
    bucket.content[damaged.archive_key] = b"cut"
    bucket.content["other/neo4j_2025-10-08_02-00-00.manifest.json"] = b""
    told = message(bucket, LATEST)
    assert told.startswith(
        f"No backup of database neo4j under s3://my-bucket/{PREFIX}/ is complete: {PREFIX}/neo4j_"
    )
    assert "; `list` shows all; besides, there are backups of neo4j under other/ (1, " in told


def test_an_archive_beside_the_one_of_its_manifest_is_told_how_to_restore() -> None:
    bucket = MemoryBucket()
    archive = bucket.add(1).archive_key
    plain = archive.removesuffix(".gz")
    bucket.content[plain] = b"another"
    assert message(bucket, plain) == (
        f"{plain}: the manifest is of another archive, {archive}; name that one, or restore this "
        "one from a file (--from-file)"
    )


def test_the_latest_backup_with_data_is_named_with_what_was_passed_over_for_it_and_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = MemoryBucket()
    with_data, damaged = memory.add(4), memory.add(3)
    memory.add(2, nodes=0)
    told = memory.add(1, nodes=0)
    for days in (3, 1):
        del memory.content[name_of(days).manifest_key]

    empty = chosen_source(memory.bucket, PREFIX, WISH)
    assert [message.split(":")[0] for message in caplog.messages] == [
        f"Passed over {told.archive_key}"
    ]
    caplog.clear()
    assert latest_with_nodes(memory.bucket, PREFIX, WISH, empty) == with_data.archive_key
    assert caplog.messages == [
        f"Passed over {damaged.archive_key}: it has no manifest; "
        f"{with_data.archive_key} is used instead"
    ]


def test_the_calls_for_all_increments_of_a_chain_are_under_way_side_by_side() -> None:
    graphs = [_with_values(character) for character in ascii_letters[: INCREMENTS + 1]]
    chain = chain_of(*graphs)
    bucket = _MeetingBucket()
    bucket.content = chain.objects()
    source = unlock(archive_source(bucket.bucket, chain.newest.manifest), None)
    assert verify(source, Watch(60)).nodes == 100


def test_an_increment_without_its_manifest_says_what_that_means() -> None:
    source = chain_of(_with_values("a"), _with_values("b")).source()
    with pytest.raises(CorruptError) as caught:
        list(replace(source, manifest=None, needs=()).items())
    assert str(caught.value) == (
        f"{source.label}: line 10: it holds only what changed, and its manifest is missing, which "
        "names the other archives that it needs: it cannot be restored"
    )
