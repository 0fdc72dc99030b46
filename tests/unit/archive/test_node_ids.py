"""Nodes by what relationships name them with."""

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
def test_a_node_is_found_by_its_identity(nodes: dict[int | tuple[str, object], int]) -> None:
    identities = NodeIds()
    for identity, number in nodes.items():
        identities.put(identity, number)
    assert identities.get(nodes) == list(nodes.values())


@given(st.sets(NAMES, min_size=1))
def test_an_identity_that_no_node_has_is_refused(names: set[int | tuple[str, object]]) -> None:
    unknown, *known = names
    identities = NodeIds()
    for identity in known:
        identities.put(identity, 0)
    with pytest.raises(CorruptError, match="is not there"):
        identities.get([*known, unknown])


@pytest.mark.parametrize("identity", [0, 1023, 1024, 2**50, ("Person", "name"), "x" * 1000])
def test_an_identity_is_that_of_one_node(identity: int | str | tuple[str, str]) -> None:
    identities = NodeIds()
    identities.put(identity, 0)
    with pytest.raises(CorruptError, match="two nodes") as refusal:
        identities.put(identity, 1)
    assert len(str(refusal.value)) < 120


def test_nodes_without_an_identity_are_as_many_as_one_likes() -> None:
    identities = NodeIds()
    identities.put(None, 1)
    identities.put(None, 2)
    with pytest.raises(CorruptError):
        identities.get([None])


def test_dense_numbers_cost_8_bytes_each() -> None:
    number = 200_000
    tracemalloc.start()
    identities = NodeIds()
    for identity in range(number):
        identities.put(identity, identity)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 10 * number
