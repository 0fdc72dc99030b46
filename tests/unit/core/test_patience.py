"""How long a run waits, in all, at its beginning."""

from __future__ import annotations

import time

import pytest

from neo4j_r2.core.patience import Patience


def test_what_one_wait_took_is_not_there_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 40.0, 40.0, 300.0, 300.0, 300.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    patience = Patience(300)
    left = []
    for _ in range(3):
        with patience.spending() as seconds:
            left.append(seconds)
    assert left == [300, 260, 0]


@pytest.mark.parametrize(("in_all", "at_least"), [(300.0, 10.0), (5.0, 5.0), (0.0, 0.0)])
def test_after_a_long_wait_there_is_still_a_little_time_for_another_system(
    monkeypatch: pytest.MonkeyPatch, in_all: float, at_least: float
) -> None:
    times = iter([0.0, 400.0, 400.0, 400.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    patience = Patience(in_all)
    with patience.spending(10) as seconds:
        assert seconds == in_all
    with patience.spending(10) as seconds:
        assert seconds == at_least
