"""Entities as rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.rows import Column, Rows, weight
from tests.entities import Entity, entities, node_rows, nodes, relationship_rows, relationships


def node(labels: list[str], content: dict[str, object]) -> Rows:
    [rows] = nodes([(labels, content)])
    return rows


def test_a_node_becomes_a_row_with_sorted_labels_and_keys() -> None:
    [rows] = node_rows([[7, ["B", "A"], ["name", "age"], ["Alice", 30]]])
    assert entities([rows]) == [
        Entity(
            7,
            ("A", "B"),
            ("7",),
            ((Column("age", "integer"), "30"), (Column("name", "string"), "Alice")),
        )
    ]


def test_nodes_are_alike_in_whatever_order_the_server_returns_their_labels_and_keys() -> None:
    rows = [
        *nodes([(["A"], {}), (["B", "A"], {"name": "Alice", "age": 30})]),
        *nodes([(["B"], {}), (["A", "B"], {"age": 30, "name": "Alice"})]),
    ]
    assert rows[1] == rows[3]
    mixed = [[0, ["B", "A"], ["n"], [1]], [1, ["A", "B"], ["n"], [2]], [2, ["B", "A"], ["n"], [3]]]
    [together] = node_rows(mixed)
    assert (together.ids, together.cells) == ([0, 1, 2], [["1", "2", "3"]])


def test_a_relationship_becomes_a_row_with_its_endpoints() -> None:
    [row] = entities(relationship_rows([[3, "KNOWS", 7, 9, ["since"], [2020]]]))
    assert row == Entity(3, ("KNOWS",), ("7", "9"), ((Column("since", "integer"), "2020"),))


@given(st.text(), st.text())
def test_the_size_of_a_row_covers_its_cells(left: str, right: str) -> None:
    assert node([], {"a": left, "b": right}).size >= len(left) + len(right)


@given(st.lists(st.sampled_from([0.5, 1.0]), min_size=1), st.text())
def test_32_bit_floats_weigh_as_much_as_if_written_out(numbers: list[float], text: str) -> None:
    narrow = node([], {"a": {"type": FLOATS_32, "text": numbers}, "b": text})
    wide = node([], {"a": numbers, "b": text})
    [cell] = narrow.cells[0]
    assert narrow.size - len(cell) == wide.size - len(wide.cells[0][0])
    assert weight([wide, wide]) == 2 * wide.size
    assert weight([narrow, wide]) == narrow.size + 3 * len(cell) + wide.size
    assert weight([]) == 0


def test_no_entities_are_no_rows() -> None:
    assert node_rows([]) == relationship_rows([]) == []


@given(st.integers(-1, 5))
def test_rows_are_cut_behind_an_id(last: int) -> None:
    [rows] = nodes([(["A"], {"a": number}) for number in range(5)])
    halves = [half for half in rows.cut_behind(last) if half]
    assert sum(half.size for half in halves) == rows.size
    assert [each for half in halves for each in half.ids] == list(range(5))
    assert all((half.ids[0] > last) == (half.ids[-1] > last) for half in halves)
    assert entities(halves) == entities([rows])


def test_rows_that_name_a_node_are_left_out() -> None:
    ends = [(0, 1), (1, 2), (2, 0)]
    [rows] = relationships([("T", start, end, {"a": start}) for start, end in ends])
    left = rows.without({2})
    assert left is not None
    assert entities([left]) == entities([rows])[:1]
    assert rows.without({0, 1, 2}) is None


@given(st.lists(st.floats()))
def test_the_values_of_rows_are_those_that_were_encoded(numbers: list[float]) -> None:
    rows = nodes([(["A"], {"s": str(number), "n": number}) for number in numbers])
    values = [each for some in rows for each in some.values()]
    assert list(map(repr, values)) == [repr((number, str(number))) for number in numbers]


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
    node_records = [
        [number, labels, list(content), list(content.values())]
        for number, (labels, content) in enumerate(graph)
    ]
    relationship_records = [
        [number, "".join(labels), number, 7, list(content), list(content.values())]
        for number, (labels, content) in enumerate(graph)
    ]
    for records, encode in ((node_records, node_rows), (relationship_records, relationship_rows)):
        together = encode(records)
        alone = [rows for record in records for rows in encode([record])]
        assert entities(together) == entities(alone)
        assert len({rows.shape for rows in together}) == len(together)
        assert sum(rows.size for rows in together) == sum(rows.size for rows in alone)
        assert all(list(rows.ids) == sorted(rows.ids) for rows in together)
