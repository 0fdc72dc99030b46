"""What a server must allow for a restore."""

from __future__ import annotations

import pytest

from neo4j_r2.graph.fit_for_restore import allows_too_few_transactions


@pytest.mark.parametrize(("maximum", "too_few"), [(0, False), (1, True), (2, False), (1000, False)])
def test_a_restore_needs_two_transactions_at_once(maximum: int, *, too_few: bool) -> None:
    assert allows_too_few_transactions(maximum) is too_few
