"""What the calls on objects say when they fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.core.errors import BucketError
from tests.unit.slow_store import slow_store

KEY = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"


@pytest.mark.parametrize(
    "read",
    [
        lambda bucket: bucket.get(KEY),
        lambda bucket: list(bucket.stream(KEY)),
        lambda bucket: list(bucket.stream(KEY, is_slow=True)),
    ],
    ids=["whole", "as a stream", "slowly"],
)
def test_an_object_that_is_gone_is_named(read: Callable[[Bucket], object]) -> None:
    with slow_store({}) as bucket, pytest.raises(BucketError) as caught:
        read(bucket)
    assert str(caught.value) == (
        f"R2 failed: Get {KEY} on bucket graphiti-neo4j-backup: 404 NoSuchKey; another program has "
        "stored, changed or removed the object meanwhile"
    )


def test_an_object_that_goes_while_it_is_read_is_named() -> None:
    objects = {KEY: bytes(1_000_000)}
    with slow_store(objects) as bucket:
        chunks = bucket.stream(KEY, is_slow=True)
        next(chunks)
        objects.clear()
        with pytest.raises(BucketError, match=f"Get {KEY} on bucket .* 404 NoSuchKey"):
            list(chunks)
