"""The process that makes a missed drill: when it starts, and what its end says."""

from __future__ import annotations

import pytest

from neo4j_r2.commands.helper_process import LONGEST_SECONDS, MissedDrill


def test_a_missed_drill_leaves_a_backup_at_the_start_time_to_take_the_lock() -> None:
    assert 50 < MissedDrill({}).seconds() <= 60


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("exit 0", []),
        ("exit 6", []),
        ("exit 3", ["The missed drill failed (exit 3); the schedule stands"]),
        ("exit -9", ["The missed drill failed (exit -9); the schedule stands"]),
    ],
    ids=["made", "another one is under way", "failed", "killed"],
)
def test_a_missed_drill_is_made_once_however_it_ends(
    caplog: pytest.LogCaptureFixture, reason: str, said: list[str]
) -> None:
    drill = MissedDrill({})
    drill.ended(reason)
    drill.start_if_due()
    assert drill.pid is None
    assert drill.seconds() == LONGEST_SECONDS
    assert caplog.messages == said
