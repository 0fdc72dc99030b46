"""A time as people write it: what is accepted, what it means, and what is not guessed."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.commands.read_time import read_time
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.local_time import clock_time, shown

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2025, 10, 8, 22, 30, tzinfo=UTC)
"""In Berlin the next day has begun."""


def read(text: str) -> str:
    """Return what a text means in Berlin, as a time there."""
    time = read_time(text, BERLIN, NOW)
    assert time.tzinfo is BERLIN
    return f"{time:%Y-%m-%d %H:%M:%S%z}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-07 14:00:05", "2025-10-07 14:00:05+0200"),
        ("2025-10-07 14:00:05 Europe/Berlin", "2025-10-07 14:00:05+0200"),
        ("2025-10-07 14:00:05 America/New_York", "2025-10-07 20:00:05+0200"),
        ("2025-10-07 14:00:05 CEST", "2025-10-07 14:00:05+0200"),
        ("2025-12-07 14:00:05 CET", "2025-12-07 14:00:05+0100"),
        ("2025-10-07 14:00:05 UTC", "2025-10-07 16:00:05+0200"),
        ("2025-10-07T14:00:05", "2025-10-07 14:00:05+0200"),
        ("2025-10-07T14:00:05Z", "2025-10-07 16:00:05+0200"),
        ("2025-10-07T14:00:05+00:00", "2025-10-07 16:00:05+0200"),
        ("2025-10-07 14:00:05 -0500", "2025-10-07 21:00:05+0200"),
        ("20251007T140005Z", "2025-10-07 16:00:05+0200"),
        ("Tue Oct  7 14:00:05 UTC 2025", "2025-10-07 16:00:05+0200"),
        ("2025-10-07 14:00", "2025-10-07 14:00:00+0200"),
        ("7 October 2025 2 pm", "2025-10-07 14:00:00+0200"),
        ("yesterday 14:00", "2025-10-08 14:00:00+0200"),
        ("Yesterday at 2pm", "2025-10-08 14:00:00+0200"),
        ("today 00:10", "2025-10-09 00:10:00+0200"),
        ("today 00:10 UTC", "2025-10-09 02:10:00+0200"),
    ],
)
def test_a_time_is_read_as_people_write_and_see_it(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-10-07", "2025-10-07 23:59:59+0200"),
        ("2025/10/07", "2025-10-07 23:59:59+0200"),
        ("7 Oct 2025", "2025-10-07 23:59:59+0200"),
        ("yesterday", "2025-10-08 23:59:59+0200"),
        ("2025-10-26", "2025-10-26 23:59:59+0100"),
    ],
)
def test_a_date_alone_means_its_end(text: str, expected: str) -> None:
    assert read(text) == expected


def test_of_an_hour_that_comes_twice_the_second_one_is_meant() -> None:
    assert read("2025-10-26 02:30:00") == "2025-10-26 02:30:00+0100"
    assert read("2025-10-26 02:30:00 CEST") == "2025-10-26 02:30:00+0200"


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "soon", "14:00", "Tuesday", "October", "Oct 2025", "7 Oct", "2025", "2025-10",
        "07/10/2025", "10-07-25", "07.10.2025 14:00", "2025-13-07", "2025/13/07", "2025-02-30",
        "2025-10-07 25:00", "2025-10-07 14:00 GMT+3", "2025-10-07 14:00 XYZ",
        "2025-10-07 14:00 Europe/Nowhere", "yesterday 25:00", "yesterday noonish", "tomorrow",
        "20251007140005999999999999", "2025-10-07 14:00 ../../etc/passwd",
    ],
)  # fmt: skip
def test_what_could_mean_something_else_is_not_guessed(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--at .* cannot be understood: accepted is"):
        read(text)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_a_time_that_was_shown_is_read_as_itself(time: datetime, name: str) -> None:
    zone = ZoneInfo(name) if name != "UTC" else UTC
    local = time.astimezone(zone).replace(microsecond=0)
    meant = read_time(shown(time, zone), BERLIN, NOW)
    assert timedelta() <= meant - local < timedelta(seconds=1)
    assert read_time(local.isoformat(), BERLIN, NOW) - local < timedelta(seconds=1)


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Asuncion", "Australia/Lord_Howe"])
def test_both_times_of_an_hour_that_comes_twice_are_shown_so_that_they_are_found(name: str) -> None:
    zone = ZoneInfo(name)
    for minutes in range(0, 366 * 24 * 60, 30):
        time = datetime(2024, 1, 1, 0, 0, 5, tzinfo=UTC) + timedelta(minutes=minutes)
        local = time.astimezone(zone)
        if local.utcoffset() != local.replace(fold=not local.fold).utcoffset():
            found = (
                read_time(shown(time, zone), BERLIN, NOW),
                read_time(clock_time(time, zone), zone, NOW),
            )
            # In their own zone they would equal no time of another one, as PEP 495 wants it.
            assert {each.astimezone(UTC) for each in found} == {time}


@pytest.mark.parametrize("name", ["CET", "EST5EDT", "GB", "Japan", "GMT-0", "Etc/GMT+3"])
def test_a_time_that_was_shown_in_the_configured_zone_is_read_whatever_its_name(name: str) -> None:
    zone = ZoneInfo(name)
    for month in (1, 7):
        time = datetime(2025, month, 8, 14, 0, 5, tzinfo=zone)
        assert read_time(shown(time, zone), zone, NOW) == time


@given(st.text())
def test_any_text_is_read_or_refused_in_one_way(text: str) -> None:
    with suppress(ConfigurationError):
        assert read_time(text, BERLIN, NOW).tzinfo is BERLIN
