"""What is kept of an archive between its check and its replay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.items import Item, NodeBatch, RelationshipBatch, SchemaStatement
from neo4j_r2.restore.item_cache import KEPT_CHARACTERS, ItemCache

SIZES = st.lists(st.integers(1, KEPT_CHARACTERS) | st.integers(1, 100), max_size=6)


def batch(size: int) -> Item:
    return NodeBatch(("A",), (), [], [], size)


def kept(items: list[Item]) -> list[Item] | None:
    keeper = ItemCache()
    for item in items:
        keeper.add(item)
    return list(keeper.release()) if keeper.is_whole else None


@given(SIZES)
def test_all_items_of_a_small_archive_are_kept_and_none_of_a_larger_one(sizes: list[int]) -> None:
    items = list(map(batch, sizes))
    assert kept(items) == (items if sum(sizes) <= KEPT_CHARACTERS else None)


def test_each_row_counts_too() -> None:
    rows: list[list[object]] = [[]] * (KEPT_CHARACTERS // 100 + 1)
    assert kept([RelationshipBatch("TO", (), [], [], rows, 0)]) is None


def test_what_is_released_is_held_no_more() -> None:
    keeper = ItemCache()
    keeper.add(batch(1))
    assert len(list(keeper.release())) == 1
    assert list(keeper.release()) == []


def test_statements_count_with_their_text() -> None:
    statement = SchemaStatement("x" * KEPT_CHARACTERS)
    assert kept([statement]) == [statement]
    assert kept([statement, SchemaStatement("x")]) is None
