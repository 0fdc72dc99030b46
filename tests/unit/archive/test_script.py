"""What stands between the blocks of an archive's text."""

from __future__ import annotations

import pytest

from neo4j_r2.archive.script import with_clearings
from neo4j_r2.archive.storage.pack import TextBlock

LARGE = TextBlock("nodes", 0, 8191, 1, b"x" * (6 * 1024 * 1024))


@pytest.mark.parametrize(
    ("number", "clearings"), [(0, []), (3, []), (4, [3]), (6, [3]), (7, [3, 7])]
)
def test_the_cache_is_cleared_between_blocks_and_never_behind_the_last_one(
    number: int, clearings: list[int]
) -> None:
    kinds = [block.kind for block in with_clearings([LARGE] * number)]
    assert [place for place, kind in enumerate(kinds) if kind == "clearing"] == clearings
