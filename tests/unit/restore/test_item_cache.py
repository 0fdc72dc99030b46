"""What is kept of an archive from its check to its replay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.items import Item, NodeBatch, RelationshipBatch, SchemaStatement
from neo4j_r2.restore.item_cache import KEPT_CHARACTERS, ItemCache

SIZES = st.lists(st.integers(1, KEPT_CHARACTERS) | st.integers(1, 100), max_size=6)


def batch(size: int) -> Item:
    return NodeBatch(("A",), (), [], [], size)


def kept(items: list[Item]) -> list[Item] | None:
    cache = ItemCache()
    for item in items:
        cache.add(item)
    return list(cache.release()) if cache.is_whole else None


@given(SIZES)
def test_all_items_of_a_small_archive_are_kept_and_none_of_a_large_one(sizes: list[int]) -> None:
    items = list(map(batch, sizes))
    assert kept(items) == (items if sum(sizes) <= KEPT_CHARACTERS else None)


def test_many_rows_without_text_are_too_much_as_well() -> None:
    rows: list[list[object]] = [[]] * (KEPT_CHARACTERS // 100 + 1)
    assert kept([RelationshipBatch("TO", (), [], [], rows, 0)]) is None


def test_released_items_are_forgotten() -> None:
    cache = ItemCache()
    cache.add(batch(1))
    assert len(list(cache.release())) == 1
    assert list(cache.release()) == []


def test_the_text_of_statements_counts() -> None:
    statement = SchemaStatement("x" * KEPT_CHARACTERS)
    assert kept([statement]) == [statement]
    assert kept([statement, SchemaStatement("x")]) is None
