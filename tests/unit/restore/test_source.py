"""What the messages say if an archive that was asked for is not a complete backup."""

from __future__ import annotations

import pytest

from neo4j_r2.config.parsers import LATEST
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.restore.source import Wish, chosen_source
from tests.unit.memory_bucket import PREFIX, MemoryBucket


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
