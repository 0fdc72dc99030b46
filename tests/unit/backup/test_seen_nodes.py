"""The nodes that a walk has read."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.backup.seen_nodes import SeenNodes

IDS = st.integers(0, 60)


@given(st.sets(IDS, min_size=1), st.lists(st.lists(IDS, min_size=1), max_size=3), st.integers(1, 9))
@example(set(range(20)), [[19], [20]], 8)
@example(set(range(20)) - {9}, [[9, 19, 20, 4000]], 8)
def test_what_was_not_added_is_missing(
    added: set[int], columns: list[list[int]], block: int
) -> None:
    seen = SeenNodes()
    for first in range(0, max(added) + 1, block):
        some = sorted(added & set(range(first, first + block)))
        halves = [half for half in (some[::2], some[1::2]) if half]
        if halves:
            seen.add(halves)
    assert seen.missing(columns) == set().union(*columns) - added
