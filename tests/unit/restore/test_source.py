"""Which of the stored backups a restore takes, and what it says if it takes none."""

from __future__ import annotations

import pytest

from neo4j_r2.config.parsers import LATEST
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.restore.source import Wish, chosen_source, latest_with_nodes
from tests.unit.memory_bucket import PREFIX, MemoryBucket, name_of

WISH = Wish("neo4j", LATEST, None)


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
