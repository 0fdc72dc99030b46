"""Rows gathered into blocks of ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from neo4j_r2.archive.text.blocks import BLOCK_CHARACTERS, BLOCK_IDS, RowBlock, blocks
from neo4j_r2.archive.text.rows import Rows, RowShape

IDS = st.integers(0, 4 * BLOCK_IDS) | st.integers(0, 40)
SHAPE, OTHER_SHAPE = RowShape(("A",), ()), RowShape(("B",), ())
SIZES = st.integers(1, 100) | st.integers(BLOCK_CHARACTERS // 8, BLOCK_CHARACTERS * 2)
GRAPHS = st.dictionaries(IDS, SIZES, max_size=60)


def row(number: int, size: int, shape: RowShape = SHAPE) -> Rows:
    """Return a row with this `size`, which alone decides on blocks."""
    return Rows(shape, [number], [[number]], [], size)


def gathered(sizes: dict[int, int]) -> list[RowBlock]:
    return list(blocks([row(number, sizes[number])] for number in sorted(sizes)))


def characters(sizes: dict[int, int], first: int, last: int) -> int:
    return sum(size for number, size in sizes.items() if first <= number <= last)


def contains(block: RowBlock, number: int) -> bool:
    return block.first <= number <= block.last


@given(GRAPHS)
def test_blocks_hold_all_rows_once_and_in_their_order(sizes: dict[int, int]) -> None:
    rows = [row for block in gathered(sizes) for row in block.rows]
    assert [(row.ids[0], row.size) for row in rows] == sorted(sizes.items())


@given(GRAPHS)
def test_a_block_is_not_empty_and_holds_only_rows_of_its_range(sizes: dict[int, int]) -> None:
    for block in gathered(sizes):
        assert block.rows
        assert all(contains(block, row.ids[0]) for row in block.rows)


@given(GRAPHS)
def test_a_range_is_a_fixed_range_or_was_halved_from_one(sizes: dict[int, int]) -> None:
    for block in gathered(sizes):
        length = block.last - block.first + 1
        assert length.bit_count() == 1
        assert length <= BLOCK_IDS
        assert block.first % length == 0


@given(GRAPHS)
def test_ranges_ascend_and_do_not_overlap(sizes: dict[int, int]) -> None:
    ranges = [(block.first, block.last) for block in gathered(sizes)]
    assert all(ranges[i][1] < ranges[i + 1][0] for i in range(len(ranges) - 1))


@given(GRAPHS)
def test_a_range_is_halved_if_and_only_if_it_is_too_large(sizes: dict[int, int]) -> None:
    for block in gathered(sizes):
        length = block.last - block.first + 1
        assert length == 1 or characters(sizes, block.first, block.last) <= BLOCK_CHARACTERS
        parent = block.first // (2 * length) * 2 * length
        whole = characters(sizes, parent, parent + 2 * length - 1)
        assert length == BLOCK_IDS or whole > BLOCK_CHARACTERS


@given(GRAPHS, st.data())
def test_a_block_nobody_wrote_to_is_the_same_block_in_the_next_backup(
    sizes: dict[int, int], data: st.DataObject
) -> None:
    """Except if a write elsewhere makes its range too large for a block, or small enough again."""
    assume(sizes)
    written = data.draw(st.sampled_from(sorted(sizes)))
    after = dict(sizes)
    if data.draw(st.booleans(), "removed"):
        del after[written]
    else:
        after[written] = data.draw(SIZES)
    olds, news = gathered(sizes), gathered(after)
    for these, others in ((olds, news), (news, olds)):
        rewritten = [block for block in others if contains(block, written)]
        for block in these:
            halved_or_merged = any(each.first <= block.first <= each.last for each in rewritten)
            assert block in others or contains(block, written) or halved_or_merged


@given(GRAPHS, st.data())
def test_a_write_that_keeps_an_entitys_size_changes_one_block(
    sizes: dict[int, int], data: st.DataObject
) -> None:
    assume(sizes)
    written = data.draw(st.sampled_from(sorted(sizes)))
    rows = [row(number, sizes[number]) for number in sorted(sizes)]
    changed = [replace(each, shape=OTHER_SHAPE) if written in each.ids else each for each in rows]
    pairs = list(zip(blocks([rows]), blocks([changed]), strict=True))
    assert [contains(old, written) for old, new in pairs if old != new] == [True]
    assert all((old.first, old.last) == (new.first, new.last) for old, new in pairs)


@given(GRAPHS)
def test_at_most_one_block_and_one_row_are_read_ahead(sizes: dict[int, int]) -> None:
    held = 0

    def rows() -> Iterator[list[Rows]]:
        nonlocal held
        for number in sorted(sizes):
            assert held <= BLOCK_CHARACTERS + max(sizes.values())
            held += sizes[number]
            yield [row(number, sizes[number])]

    for block in blocks(rows()):
        held -= sum(row.size for row in block.rows)
    assert held == 0


def test_a_single_entity_larger_than_a_block_is_a_block_of_its_own() -> None:
    block = gathered({1: 5, 2: 2 * BLOCK_CHARACTERS, 3: 5})[1]
    assert (block.first, block.last) == (2, 2)


@given(GRAPHS, st.data())
def test_blocks_do_not_depend_on_the_chunks_that_rows_come_in(
    sizes: dict[int, int], data: st.DataObject
) -> None:
    rows, chunks = [row(number, sizes[number]) for number in sorted(sizes)], []
    while rows:
        length = data.draw(st.integers(1, len(rows)))
        chunks.append(rows[:length])
        rows = rows[length:]
    assert list(blocks(chunks)) == gathered(sizes)
