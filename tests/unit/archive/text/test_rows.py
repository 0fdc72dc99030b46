"""Entities as rows, and the blocks of ids that they are gathered in."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import assume, given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.rows import (
    BLOCK_CHARACTERS,
    BLOCK_IDS,
    Column,
    Row,
    RowBlock,
    RowShape,
    blocks,
    node_rows,
    relationship_rows,
    weight,
)
from tests.entities import node_row, relationship_row

IDS = st.integers(0, 4 * BLOCK_IDS) | st.integers(0, 40)
SHAPE, OTHER_SHAPE = RowShape(("A",), ()), RowShape(("B",), ())
SIZES = st.integers(1, 100) | st.integers(BLOCK_CHARACTERS // 8, BLOCK_CHARACTERS * 2)
GRAPHS = st.dictionaries(IDS, SIZES, max_size=60)


def row(number: int, size: int) -> Row:
    """Return a row that says it is of a size: what decides on blocks."""
    return Row(number, SHAPE, (str(number),), (), size)


def gathered(sizes: dict[int, int]) -> list[RowBlock]:
    return list(blocks([row(number, sizes[number])] for number in sorted(sizes)))


def characters(sizes: dict[int, int], first: int, last: int) -> int:
    return sum(size for number, size in sizes.items() if first <= number <= last)


def contains(block: RowBlock, number: int) -> bool:
    return block.first <= number <= block.last


@given(GRAPHS)
def test_blocks_hold_all_rows_once_and_in_their_order(sizes: dict[int, int]) -> None:
    rows = [row for block in gathered(sizes) for row in block.rows]
    assert [(row.id, row.size) for row in rows] == sorted(sizes.items())


@given(GRAPHS)
def test_a_block_is_not_empty_and_holds_only_rows_of_its_range(sizes: dict[int, int]) -> None:
    for block in gathered(sizes):
        assert block.rows
        assert all(contains(block, row.id) for row in block.rows)


@given(GRAPHS)
def test_ranges_are_halves_of_halves_of_fixed_ranges(sizes: dict[int, int]) -> None:
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
    """Unless a write elsewhere makes its range too large for one block, or small enough again."""
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
    changed = [each._replace(shape=OTHER_SHAPE) if each.id == written else each for each in rows]
    pairs = list(zip(blocks([rows]), blocks([changed]), strict=True))
    assert [contains(old, written) for old, new in pairs if old != new] == [True]
    assert all((old.first, old.last) == (new.first, new.last) for old, new in pairs)


@given(GRAPHS)
def test_no_more_is_read_ahead_than_one_block_and_one_row(sizes: dict[int, int]) -> None:
    held = 0

    def rows() -> Iterator[list[Row]]:
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


def test_a_node_becomes_a_row_with_sorted_labels_and_keys() -> None:
    node = node_row([7, ["B", "A"], ["name", "age"], ["Alice", 30]])
    assert (node.id, node.ids, node.cells) == (7, ("7",), ("30", "Alice"))
    assert node.shape.group == ("A", "B")
    assert node.shape.columns == (Column("age", "integer"), Column("name", "string"))


def test_the_same_node_is_the_same_row_in_whatever_order_the_server_returns_it() -> None:
    first = node_row([7, ["B", "A"], ["name", "age"], ["Alice", 30]])
    assert node_row([7, ["A", "B"], ["age", "name"], [30, "Alice"]]) == first


def test_a_relationship_becomes_a_row_with_its_endpoints() -> None:
    relationship = relationship_row([3, "KNOWS", 7, 9, ["since"], [2020]])
    assert relationship.id == 3
    assert relationship.shape.group == ("KNOWS",)
    assert relationship.ids == ("7", "9")
    assert relationship.cells == ("2020",)


@given(st.text(), st.text())
def test_the_size_of_a_row_covers_its_cells(left: str, right: str) -> None:
    assert node_row([0, [], ["a", "b"], [left, right]]).size >= len(left) + len(right)


@given(st.lists(st.sampled_from([0.5, 1.0]), min_size=1), st.text())
def test_32_bit_floats_weigh_as_much_as_written_out(numbers: list[float], text: str) -> None:
    narrow = node_row([0, [], ["a", "b"], [{"type": FLOATS_32, "text": numbers}, text]])
    wide = node_row([1, [], ["a", "b"], [numbers, text]])
    assert narrow.size - len(narrow.cells[0]) == wide.size - len(wide.cells[0])
    assert weight([wide, wide]) == 2 * wide.size
    assert weight([narrow, wide]) == narrow.size + 3 * len(narrow.cells[0]) + wide.size
    assert weight([]) == 0


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


VALUES = (
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=3)
    | st.lists(st.integers(0, 9), max_size=2)
    | st.just({"type": FLOATS_32, "text": [0.5]})
    | st.sampled_from(["DATE", "ZONED DATETIME"]).flatmap(
        lambda name: st.sampled_from(
            [
                {"type": f"{name} NOT NULL", "text": text}
                for text in ("2024-01-01T00:00Z", "1850-01-01T00:00+00:09:21[Europe/Paris]")
            ]
        )
    )
)
RECORDS = st.lists(
    st.tuples(
        st.lists(st.sampled_from("AB"), unique=True),
        st.dictionaries(st.sampled_from("xyz"), VALUES),
    ),
    max_size=12,
)


@given(RECORDS)
def test_entities_encoded_together_are_what_each_is_alone(
    graph: list[tuple[list[str], dict[str, object]]],
) -> None:
    nodes = [
        [number, labels, list(content), list(content.values())]
        for number, (labels, content) in enumerate(graph)
    ]
    relationships = [
        [number, "".join(labels), number, 7, list(content), list(content.values())]
        for number, (labels, content) in enumerate(graph)
    ]
    assert node_rows(nodes) == list(map(node_row, nodes))
    assert relationship_rows(relationships) == list(map(relationship_row, relationships))
