"""Fingerprints of graphs: every change matters, except the order."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neo4j.spatial import CartesianPoint, WGS84Point

from neo4j_r2.archive.cells.decode import decode
from neo4j_r2.archive.cells.encode import encode
from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.fingerprint import Fingerprint
from neo4j_r2.archive.text.rows import Column

Properties = dict[str, object]
Node = tuple[int, Sequence[str], Properties]
Relationship = tuple[str, tuple[int, int], Properties]
Graph = tuple[list[Node], list[Relationship]]

VALUES: list[object] = [
    *(None, True, False, 0, 1, -1, 0.0, -0.0, 1.0, math.nan, math.inf, "", "1", "1.0", "true"),
    *([], [1], [1.0], ["1"], [True], [1, 1], ["1", "1"], [""], ["", ""], ["1,1"], ["1, 1"]),
    *([0.0], [-0.0], b"", b"\x01", b"\x01\x01"),
    *({"type": "DATE NOT NULL", "text": text} for text in ("2024-02-29", ["2024-02-29"])),
    *({"type": f"LOCAL {kind} NOT NULL", "text": "12:00"} for kind in ("TIME", "DATETIME")),
    *(CartesianPoint((1, 2)), WGS84Point((1, 2)), CartesianPoint((2, 1))),
    *(CartesianPoint((0.0, 0)), CartesianPoint((-0.0, 0)), CartesianPoint((1, 2, 0))),
    [CartesianPoint((1, 2))],
    ["".join(",;|\t\n\x1f\x1e\x1d\x1c")],
]


def fingerprint(nodes: Sequence[Node], relationships: Sequence[Relationship] = ()) -> Fingerprint:
    found = Fingerprint()
    for number, labels, properties in nodes:
        found.add_node(number, labels, *cells(properties))
    for kind, ends, properties in relationships:
        found.add_relationship(kind, ends, *cells(properties))
    return found


def cells(properties: Properties) -> tuple[list[Column], list[Any]]:
    """Return columns and values of properties as an archive gives them."""
    columns, values = [], []
    for key, value in properties.items():
        encoded = encode("" if value is None else value)
        columns.append(Column(key, encoded.kind))
        values.append(None if value is None else decode(*encoded))
    return columns, values


def with_value(value: object) -> Fingerprint:
    return fingerprint([(0, ["A"], {"a": value})])


def graph() -> Graph:
    nodes: list[Node] = [
        (0, ["A"], {"a": 1, "b": "x"}),
        (1, ["A", "B"], {"a": [1.5, 2.0]}),
        (2, [], {}),
        (3, ["A"], {"a": 1}),
        (4, ["A"], {"a": 1}),
    ]
    relationships: list[Relationship] = [
        ("R", (0, 1), {"since": 2020}),
        ("R", (0, 1), {"since": 2021}),
        ("R", (1, 2), {}),
        ("S", (3, 3), {}),
        ("S", (3, 4), {}),
    ]
    return nodes, relationships


@given(st.randoms(use_true_random=False))
def test_the_order_of_entities_labels_and_keys_does_not_matter(chosen: random.Random) -> None:
    nodes, relationships = graph()
    expected = fingerprint(nodes, relationships)

    def mixed(properties: Properties) -> Properties:
        return dict(chosen.sample(list(properties.items()), len(properties)))

    nodes = [(i, chosen.sample(each, len(each)), mixed(own)) for i, each, own in nodes]
    relationships = [(kind, ends, mixed(own)) for kind, ends, own in relationships]
    chosen.shuffle(nodes)
    chosen.shuffle(relationships)
    assert fingerprint(nodes, relationships) == expected


def with_node(place: int, *changed: Node) -> Graph:
    nodes, relationships = graph()
    nodes[place : place + 1] = changed
    return nodes, relationships


def with_relationship(place: int, *changed: Relationship) -> Graph:
    nodes, relationships = graph()
    relationships[place : place + 1] = changed
    return nodes, relationships


CHANGES = {
    "a label more": with_node(2, (2, ["A"], {})),
    "a label less": with_node(1, (1, ["A"], {"a": [1.5, 2.0]})),
    "another label": with_node(0, (0, ["C"], {"a": 1, "b": "x"})),
    "labels joined": with_node(1, (1, ["AB"], {"a": [1.5, 2.0]})),
    "labels for a property": with_node(3, (3, ["A", "a", "integer", "1"], {})),
    "another key": with_node(0, (0, ["A"], {"c": 1, "b": "x"})),
    "a key less": with_node(0, (0, ["A"], {"a": 1})),
    "values exchanged": with_node(0, (0, ["A"], {"a": "x", "b": 1})),
    "another value": with_node(0, (0, ["A"], {"a": 1, "b": "y"})),
    "another item": with_node(1, (1, ["A", "B"], {"a": [1.5, 2.5]})),
    "items exchanged": with_node(1, (1, ["A", "B"], {"a": [2.0, 1.5]})),
    "another id": with_node(4, (5, ["A"], {"a": 1})),
    "a node less": with_node(4),
    "a node twice": with_node(4, (4, ["A"], {"a": 1}), (4, ["A"], {"a": 1})),
    "another type": with_relationship(2, ("S", (1, 2), {})),
    "endpoints exchanged": with_relationship(2, ("R", (2, 1), {})),
    "another end": with_relationship(2, ("R", (1, 0), {})),
    "an end that is alike": with_relationship(3, ("S", (3, 4), {})),
    "a property more": with_relationship(2, ("R", (1, 2), {"since": 2020})),
    "a property less": with_relationship(0, ("R", (0, 1), {})),
    "parallel ones made alike": with_relationship(0, ("R", (0, 1), {"since": 2021})),
    "a parallel one more": with_relationship(2, ("R", (1, 2), {}), ("R", (1, 2), {})),
    "a parallel one less": with_relationship(0),
    "a node for a relationship": with_relationship(2, ("node", (1, 2), {})),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_a_graph_changes_the_fingerprint(name: str) -> None:
    assert fingerprint(*CHANGES[name]) != fingerprint(*graph())


def test_moving_a_value_to_another_entity_changes_the_fingerprint() -> None:
    one: list[Node] = [(0, [], {"a": 1}), (1, [], {"b": 2})]
    other: list[Node] = [(0, [], {"b": 2}), (1, [], {"a": 1})]
    assert fingerprint(one) != fingerprint(other)
    nodes: list[Node] = [(number, [], {}) for number in range(4)]
    straight: list[Relationship] = [("R", (0, 1), {}), ("R", (2, 3), {})]
    crossed: list[Relationship] = [("R", (0, 3), {}), ("R", (2, 1), {})]
    assert fingerprint(nodes, straight) != fingerprint(nodes, crossed)


def test_different_values_have_different_fingerprints() -> None:
    for one, other in combinations(VALUES, 2):
        assert with_value(one) != with_value(other), (one, other)


def test_a_null_property_counts_as_no_property() -> None:
    assert with_value(None) == fingerprint([(0, ["A"], {})])


@given(st.lists(st.sampled_from([1.5, math.nan, -0.0]), min_size=1))
def test_all_bit_patterns_of_nan_are_one_value(numbers: list[float]) -> None:
    (other,) = struct.unpack(">d", bytes.fromhex("fff8000000000001"))
    assert math.isnan(other)
    others = [other if math.isnan(number) else number for number in numbers]
    assert with_value(numbers) == with_value(others)
    assert with_value(numbers[0]) == with_value(others[0])


def test_the_encoding_of_a_list_of_strings_does_not_matter() -> None:
    columns = [Column("a", "list of string")], [Column("a", "list of escaped string")]
    cells = ";x,y;~", ",x~1y,~0"
    found = [Fingerprint(), Fingerprint()]
    for each, column, cell in zip(found, columns, cells, strict=True):
        each.add_node(0, [], column, [decode(column[0].kind, cell)])
    assert found[0] == found[1]


def test_floats_of_32_and_64_bits_are_different() -> None:
    assert with_value({"type": FLOATS_32, "text": [1.0]}) != with_value([1.0])
    assert with_value({"type": FLOATS_32, "text": [0.0]}) != with_value(
        {"type": FLOATS_32, "text": [-0.0]}
    )


@pytest.mark.parametrize("kind", ["list of float", "list of date", "list of escaped string"])
def test_empty_lists_of_all_kinds_are_equal(kind: str) -> None:
    found = Fingerprint()
    found.add_node(0, ["A"], [Column("a", kind)], [decode(kind, "")])
    assert found == with_value([])


def test_equal_graphs_have_the_same_64_digits_and_others_do_not() -> None:
    one, same, other = Fingerprint(), Fingerprint(), Fingerprint()
    assert one.hex == 64 * "0"
    for number in (1, 2):
        one.add_node(number, ["A"], [], [])
        same.add_node(3 - number, ["A"], [], [])
        other.add_node(number, ["B"], [], [])
    assert one.hex == same.hex != other.hex
    assert all(len(each.hex) == 64 for each in (one, other))
