"""Entities as rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.rows import Column, node_rows, relationship_rows, weight
from tests.entities import node_row, relationship_row


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
def test_32_bit_floats_weigh_as_much_as_if_written_out(numbers: list[float], text: str) -> None:
    narrow = node_row([0, [], ["a", "b"], [{"type": FLOATS_32, "text": numbers}, text]])
    wide = node_row([1, [], ["a", "b"], [numbers, text]])
    assert narrow.size - len(narrow.cells[0]) == wide.size - len(wide.cells[0])
    assert weight([wide, wide]) == 2 * wide.size
    assert weight([narrow, wide]) == narrow.size + 3 * len(narrow.cells[0]) + wide.size
    assert weight([]) == 0


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
def test_entities_encoded_together_are_the_same_as_encoded_one_by_one(
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
