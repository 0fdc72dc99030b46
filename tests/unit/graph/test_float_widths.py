"""Floats that are the same text in 32 bits and in 64."""

from __future__ import annotations

import pytest

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.core.alike_entities import AlikeEntities
from neo4j_r2.graph.float_widths import FloatWidths, Place


class Store:
    """A store that holds 32-bit floats in some places, and counts how often it is asked."""

    def __init__(self, *places: Place) -> None:
        self.asked = 0
        self._places = places

    def read(self) -> set[Place]:
        """Return the places."""
        self.asked += 1
        return set(self._places)


@pytest.mark.parametrize(
    ("group", "key", "is_32_bit"),
    [
        (["B", "A"], "a", True),
        (["A", "B"], "a", True),
        (["A"], "a", False),
        (["A", "B"], "b", False),
        ([], "a", False),
        ("A", "a", False),
        ("R", "a", True),
    ],
)
def test_floats_of_either_width_get_the_width_that_the_store_has_in_their_place(
    group: str | list[str], key: str, is_32_bit: bool
) -> None:
    entities = AlikeEntities(group, ["x", key, "y"], [[[1.0], [[0.5, 1.0]], ["s"]]], [0], [[0]])
    FloatWidths(Store((("A", "B"), "a"), (("R",), "a")).read).settle(entities)
    floats = {"type": FLOATS_32, "text": [0.5, 1.0]} if is_32_bit else [0.5, 1.0]
    assert entities.values == [[[1.0], floats, ["s"]]]


def test_the_store_is_asked_once_and_only_for_floats_of_either_width() -> None:
    store = Store((("A",), "a"))
    widths = FloatWidths(store.read)
    for value in ([], ["s"], [1.0], 1.0, {"type": FLOATS_32, "text": [0.5]}):
        widths.settle(AlikeEntities(["A"], ["a"], [[value]], [0], [[0]]))
    assert store.asked == 0
    for group in ("A", "B", "A"):
        widths.settle(AlikeEntities([group], ["a"], [[[[0.0]]]], [0], [[0]]))
    assert store.asked == 1
