"""The schedule: which expressions it accepts, and when a backup is next due."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.config.schedule import parse
from tests import schedules

BERLIN = ZoneInfo("Europe/Berlin")
"""The clock jumps from 02:00 to 03:00 on 2026-03-29, and from 03:00 to 02:00 on 2026-10-25."""
ZONES = [UTC, BERLIN, ZoneInfo("America/Santiago"), ZoneInfo("Australia/Lord_Howe")]
"""One zone without clock changes; three that change at night, at midnight, by half an hour."""


def next_after(expression: str, time: str, *, fold: int = 0, zone: ZoneInfo = BERLIN) -> str:
    """Return the next due time as text, with its offset from UTC."""
    aware = datetime.fromisoformat(time).replace(tzinfo=zone, fold=fold)
    return parse(expression).next_after(aware).isoformat(" ", "minutes")


def problem(expression: str) -> str:
    with pytest.raises(ValueError, match="accepted is a cron expression") as raised:
        parse(expression)
    return str(raised.value)


@pytest.mark.parametrize("expression", schedules.ACCEPTED)
def test_an_expression_that_crontab_accepts_has_a_next_time(expression: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse(expression).next_after(now) > now


@pytest.mark.parametrize("expression", ["", " ", *schedules.REFUSED])
def test_an_expression_that_crontab_refuses_is_refused(expression: str) -> None:
    assert problem(expression)


@pytest.mark.parametrize("expression", schedules.EXCEPTIONS)
def test_an_expression_without_a_due_time_is_refused(expression: str) -> None:
    assert problem(expression)


def test_the_three_lists_have_nothing_in_common() -> None:
    lists = (schedules.ACCEPTED, schedules.REFUSED, schedules.EXCEPTIONS)
    every = [expression for each in lists for expression in each]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 2 * *", "minute hour day month weekday, as in 0 2 * * *"),
        ("60 2 * * *", "the minute is 0 to 59"),
        ("0 24 * * *", "the hour is 0 to 23"),
        ("0 2 0 * *", "the day is 1 to 31"),
        ("0 2 * 13 *", "the month is 1 to 12"),
        ("0 2 * * fri-mon", "the weekday is 0 to 7, without ~ and ranges backwards"),
        ("0 2 31 2 *", "its months have no such day"),
    ],
)
def test_an_error_says_which_field_is_wrong(expression: str, said: str) -> None:
    assert said in problem(expression)


def test_a_schedule_prints_as_it_was_given_but_with_single_blanks() -> None:
    assert str(parse("\t0  2 * * mon-FRI ")) == "0 2 * * mon-FRI"
    assert str(parse(" @daily ")) == "@daily"


def test_a_schedule_is_a_value() -> None:
    schedule = parse("0 2 * * *")
    assert schedule == parse(" 0 2  * * *")
    name = "expression"
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(schedule, name, "* * * * *")


@pytest.mark.parametrize(
    ("expression", "time", "expected"),
    [
        ("0 2 * * *", "2026-01-01 01:59:59.999999", "2026-01-01 02:00+01:00"),
        ("0 2 * * *", "2026-01-01 02:00", "2026-01-02 02:00+01:00"),
        ("0 2 * * *", "2026-01-01 02:00:00.000001", "2026-01-02 02:00+01:00"),
        ("*/7 * * * *", "2026-01-01 01:56", "2026-01-01 02:00+01:00"),
        ("*/60 * * * *", "2026-01-01 01:56", "2026-01-01 02:00+01:00"),
        ("5-5/2 * * * *", "2026-01-01 01:06", "2026-01-01 02:05+01:00"),
        ("50-70/30 * * * *", "2026-01-01 01:50", "2026-01-01 02:50+01:00"),
        ("0 2 * jan-Mar/2 *", "2026-01-31 02:00", "2026-03-01 02:00+01:00"),
        ("0 2 29 2 *", "2026-01-01 00:00", "2028-02-29 02:00+01:00"),
        ("0 2 29 2 */7", "2026-01-01 00:00", "2032-02-29 02:00+01:00"),
        ("0 2 29 2 */7", "2088-03-01 00:00", "2128-02-29 02:00+01:00"),
        ("@hourly", "2026-01-01 01:00", "2026-01-01 02:00+01:00"),
        ("@midnight", "2026-01-01 00:00", "2026-01-02 00:00+01:00"),
        ("@weekly", "2026-01-01 00:00", "2026-01-04 00:00+01:00"),
        ("@monthly", "2026-01-01 00:00", "2026-02-01 00:00+01:00"),
        ("@annually", "2026-01-01 00:00", "2027-01-01 00:00+01:00"),
    ],
)
def test_the_next_time_is_the_first_one_after_the_given_time(
    expression: str, time: str, expected: str
) -> None:
    assert next_after(expression, time) == expected


@pytest.mark.parametrize("weekday", ["0", "7", "sun", "SUN", "7-7", "0-7/7"])
def test_zero_and_seven_are_sunday(weekday: str) -> None:
    assert next_after(f"0 2 * * {weekday}", "2026-01-01 00:00") == "2026-01-04 02:00+01:00"


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("15 * mon", "2026-01-05"),  # without a star, one match is enough
        ("1-31/2 * mon", "2026-01-03"),
        ("2,* * mon", "2026-01-02"),
        ("*/2 * mon", "2026-01-05"),  # with a star in front, both must match
        ("*,2 * mon", "2026-01-05"),
        ("2-6/2 * */5", "2026-01-02"),
        ("3 * */5", "2026-04-03"),
        ("15 * *", "2026-01-15"),
        ("* * mon", "2026-01-05"),
    ],
)
def test_day_and_weekday_must_both_match_only_if_one_begins_with_a_star(
    days: str, expected: str
) -> None:
    assert next_after(f"0 2 {days}", "2026-01-01 12:00").startswith(expected)


@pytest.mark.parametrize(
    ("expression", "time", "fold", "expected"),
    [
        ("30 2 * * *", "2026-03-28 12:00", 0, "2026-03-29 03:00+02:00"),
        ("30 2 * * *", "2026-03-29 03:00", 0, "2026-03-30 02:30+02:00"),
        ("*/30 * * * *", "2026-03-29 01:30", 0, "2026-03-29 03:00+02:00"),
        ("30 2 * * *", "2026-10-25 00:00", 0, "2026-10-25 02:30+02:00"),
        ("30 2 * * *", "2026-10-25 02:30", 0, "2026-10-26 02:30+01:00"),
        ("30 2 * * *", "2026-10-25 02:10", 1, "2026-10-26 02:30+01:00"),
        ("30 * * * *", "2026-10-25 02:30", 0, "2026-10-25 02:30+01:00"),
        ("30 * * * *", "2026-10-25 02:30", 1, "2026-10-25 03:30+01:00"),
    ],
)
def test_a_schedule_is_due_when_crond_runs_it_at_a_clock_change(
    expression: str, time: str, fold: int, expected: str
) -> None:
    assert next_after(expression, time, fold=fold) == expected


def numbers(lowest: int, highest: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(lowest, highest), min_size=1, max_size=4)


def listed(values: list[int]) -> str:
    return ",".join(map(str, values))


@given(
    st.tuples(numbers(0, 59), numbers(0, 23), numbers(1, 28), numbers(1, 12), numbers(0, 7)),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_the_next_time_is_later_and_matches_all_fields(
    fields: tuple[list[int], ...], time: datetime
) -> None:
    due = parse(" ".join(map(listed, fields))).next_after(time)
    minutes, hours, days, months, weekdays = fields
    assert due > time
    assert due.minute in minutes
    assert due.hour in hours
    assert due.month in months
    assert due.day in days or due.isoweekday() % 7 in {each % 7 for each in weekdays}


@given(
    numbers(0, 59),
    numbers(0, 23),
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_no_due_time_is_left_out(minutes: list[int], hours: list[int], time: datetime) -> None:
    start = time.replace(second=0, microsecond=0)
    every = (start + timedelta(minutes=each) for each in range(1, 24 * 60 + 1))
    first = next(each for each in every if each.minute in minutes and each.hour in hours)
    assert parse(f"{listed(minutes)} {listed(hours)} * * *").next_after(time) == first


@given(
    st.sampled_from([each for each in schedules.ACCEPTED if "29 2" not in each]),
    st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.sampled_from(ZONES)),
)
def test_the_next_time_is_later_and_exists_in_every_zone(expression: str, time: datetime) -> None:
    due = parse(expression).next_after(time)
    assert due.tzinfo is time.tzinfo
    assert due.astimezone(UTC) > time.astimezone(UTC)
    assert due.astimezone(UTC).astimezone(due.tzinfo) == due
