"""The size of an upload's parts."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.bucket.upload import HIGHEST_PART, SMALLEST_PART_SIZE, part_size_for

MIB = 1024 * 1024
LARGEST_OBJECT = 5 * 1024**4
ESTIMATES = st.integers(0, LARGEST_OBJECT // 4)


@given(ESTIMATES)
@example(0)
@example(HIGHEST_PART * SMALLEST_PART_SIZE // 4)
@example(HIGHEST_PART * SMALLEST_PART_SIZE // 4 + 1)
def test_there_are_enough_parts_for_four_times_the_estimate(estimate: int) -> None:
    assert part_size_for(estimate) * HIGHEST_PART >= 4 * estimate


@given(ESTIMATES)
def test_r2_accepts_the_size_of_a_part(estimate: int) -> None:
    assert 5 * MIB <= SMALLEST_PART_SIZE <= part_size_for(estimate) <= 5 * 1024 * MIB


@given(ESTIMATES)
def test_a_part_is_no_larger_than_necessary(estimate: int) -> None:
    size = part_size_for(estimate)
    smaller = size - MIB
    assert size % MIB == 0
    assert size == SMALLEST_PART_SIZE or smaller * HIGHEST_PART < 4 * estimate


@given(ESTIMATES, ESTIMATES)
def test_a_larger_estimate_never_makes_smaller_parts(one: int, other: int) -> None:
    assert part_size_for(min(one, other)) <= part_size_for(max(one, other))
