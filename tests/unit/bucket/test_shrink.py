"""Whether a graph has shrunk: arithmetic with whole numbers."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.bucket.shrink import Size

COUNTS = st.integers(0, 10**12)
PERCENTS = st.integers(1, 99)


@given(COUNTS, COUNTS, PERCENTS)
def test_a_graph_has_shrunk_if_it_lost_more_than_the_limit(
    entities: int, before: int, percent: int
) -> None:
    fell = before and Fraction(before - entities, before) > Fraction(percent, 100)
    assert Size(entities, before).has_shrunk(percent) == bool(fell)


@given(COUNTS, PERCENTS)
def test_least_is_the_fewest_entities_that_have_not_shrunk(before: int, percent: int) -> None:
    least = Size(0, before).least(percent)
    assert not Size(least, before).has_shrunk(percent)
    assert not least or Size(least - 1, before).has_shrunk(percent)


@given(COUNTS, COUNTS)
def test_nothing_has_shrunk_if_the_limit_is_zero(entities: int, before: int) -> None:
    assert not Size(entities, before).has_shrunk(0)


@given(COUNTS, PERCENTS)
def test_the_first_backup_counts_as_accepted(entities: int, percent: int) -> None:
    assert Size(entities, 0).reference(percent) == entities


def test_the_next_backup_is_compared_with_the_last_accepted_one() -> None:
    assert Size(80, 100).reference(20) == 80
    assert Size(79, 100).reference(20) == 100
    assert Size(79, 100, is_accepted=True).reference(20) == 79
