"""What is kept of an archive between its check and its replay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.batches import NodeBatch, SchemaStatement
from neo4j_r2.foreign import Item
from neo4j_r2.kept import KEPT_CHARACTERS, Kept

SIZES = st.lists(st.integers(1, KEPT_CHARACTERS) | st.integers(1, 100), max_size=6)


def batch(size: int) -> Item:
    return NodeBatch(("A",), (), [], [], size)


def kept(items: list[Item]) -> list[Item] | None:
    keeper = Kept()
    for item in items:
        keeper.add(item)
    return keeper.items


@given(SIZES)
def test_all_items_of_a_small_archive_are_kept_and_none_of_a_larger_one(sizes: list[int]) -> None:
    items = list(map(batch, sizes))
    assert kept(items) == (items if sum(sizes) <= KEPT_CHARACTERS else None)


def test_statements_count_with_their_text() -> None:
    statement = SchemaStatement("x" * KEPT_CHARACTERS)
    assert kept([statement]) == [statement]
    assert kept([statement, SchemaStatement("x")]) is None
