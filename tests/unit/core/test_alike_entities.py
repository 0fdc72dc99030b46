"""Entities that are alike, as a server gives them."""

from __future__ import annotations

import pytest

from neo4j_r2.core.alike_entities import AlikeEntities

NODES = AlikeEntities.of([["A"], ["p"], [["a"], ["b"], ["c"]], [3, 5, 8]])
RELATIONSHIPS = AlikeEntities.of(["T", [], [[], []], [3, 5], [10, 11], [12, 13]])


def test_nodes_are_named_by_their_ids_and_relationships_by_those_of_their_ends() -> None:
    assert NODES.names == [NODES.ids] == [[3, 5, 8]]
    assert (RELATIONSHIPS.ids, RELATIONSHIPS.names) == ([3, 5], [[10, 11], [12, 13]])


@pytest.mark.parametrize(
    ("number", "below", "above"),
    [
        (2, [], [3, 5, 8]),
        (3, [], [5, 8]),
        (4, [3], [5, 8]),
        (5, [3], [8]),
        (8, [3, 5], []),
        (9, [3, 5, 8], []),
    ],
)
def test_entities_are_parted_by_an_id_which_is_in_neither_part(
    number: int, below: list[int], above: list[int]
) -> None:
    parts = NODES.parts_without(number)
    assert [part.ids if part else [] for part in parts] == [below, above]
    found = [pair for part in parts if part for pair in zip(part.ids, part.values, strict=True)]
    assert found == [
        pair for pair in zip(NODES.ids, NODES.values, strict=True) if pair[0] != number
    ]


def test_the_ends_of_relationships_are_parted_with_them() -> None:
    assert RELATIONSHIPS.parts_without(5) == (AlikeEntities("T", [], [[]], [3], [[10], [12]]), None)
