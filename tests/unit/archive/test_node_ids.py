"""Nodes are found by the names that relationships use."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.core.errors import CorruptError

NUMBERS = st.integers(0, 5000) | st.integers(0, 2**50)
NAMES = NUMBERS | st.tuples(st.text(), st.integers() | st.text())


@given(st.dictionaries(NAMES, st.integers(0, 2**50)))
def test_a_node_is_found_by_its_name(nodes: dict[int | tuple[str, object], int]) -> None:
    node_ids = NodeIds()
    for name, number in nodes.items():
        node_ids.put(name, number)
    assert node_ids.get(nodes) == list(nodes.values())


@given(st.sets(NAMES, min_size=1))
def test_an_unknown_name_is_refused(names: set[int | tuple[str, object]]) -> None:
    unknown, *known = names
    node_ids = NodeIds()
    for name in known:
        node_ids.put(name, 0)
    with pytest.raises(CorruptError, match="is not there"):
        node_ids.get([*known, unknown])


@pytest.mark.parametrize("name", [0, 1023, 1024, 2**50, ("Person", "name"), "x" * 1000])
def test_two_nodes_cannot_have_the_same_name(name: int | str | tuple[str, str]) -> None:
    node_ids = NodeIds()
    node_ids.put(name, 0)
    with pytest.raises(CorruptError, match="two nodes") as refusal:
        node_ids.put(name, 1)
    assert len(str(refusal.value)) < 120


def test_any_number_of_nodes_can_have_no_name() -> None:
    node_ids = NodeIds()
    node_ids.put(None, 1)
    node_ids.put(None, 2)
    with pytest.raises(CorruptError):
        node_ids.get([None])


def test_dense_numbers_cost_8_bytes_each() -> None:
    number = 200_000
    tracemalloc.start()
    node_ids = NodeIds()
    for name in range(number):
        node_ids.put(name, name)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 10 * number
