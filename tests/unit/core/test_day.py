"""A day as people say it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from neo4j_r2.core.day import day_text

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 10, 8, 21, 30, tzinfo=UTC)
"""In Berlin it is half past eleven in the evening."""


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("2025-10-08T21:29:59+00:00", "today"),
        ("2025-10-07T22:00:00+00:00", "today"),
        ("2025-10-07T21:59:59+00:00", "yesterday"),
        ("2025-10-06T22:00:00+00:00", "yesterday"),
        ("2025-10-06T21:59:59+00:00", "2025-10-06"),
        ("2024-10-08T12:00:00+00:00", "2024-10-08"),
        ("2025-10-08T22:00:00+00:00", "2025-10-09"),
    ],
)
def test_a_day_is_said_by_the_calendar_of_the_zone(time: str, text: str) -> None:
    assert day_text(datetime.fromisoformat(time), NOW, BERLIN) == text


def test_the_days_of_a_zone_are_not_those_of_utc() -> None:
    late = datetime(2025, 10, 7, 22, 30, tzinfo=UTC)
    assert (day_text(late, NOW, BERLIN), day_text(late, NOW, UTC)) == ("today", "yesterday")


def test_a_day_with_a_change_of_the_clock_is_still_a_day() -> None:
    now = datetime(2025, 10, 27, 0, 30, tzinfo=BERLIN)
    assert day_text(datetime(2025, 10, 26, 0, 10, tzinfo=BERLIN), now, BERLIN) == "yesterday"
