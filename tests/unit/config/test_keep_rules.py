"""The rules that keep backups: the examples of restic's manual, and random histories."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.config.keep_rules import Rules, reasons_to_keep

NOW = datetime(2019, 11, 17, 12, tzinfo=UTC)
SUNDAYS = [datetime(2019, 9, 1, 11, tzinfo=UTC) + timedelta(weeks=week) for week in range(12)]
"""restic's example: "Suppose you have only made one backup every Sunday for 12 weeks"."""
CENTURY = [SUNDAYS[-1] - timedelta(days=day) for day in range(36_525)]
"""restic's example: "suppose you make one backup every day for 100 years"."""
NO_RULE = Rules(days=None)
PERIODS: dict[str, Callable[[datetime], object]] = {
    "last": lambda time: time,
    "daily": lambda time: f"{time:%F}",
    "weekly": lambda time: f"{time:%G-%V}",
    "monthly": lambda time: f"{time:%Y-%m}",
    "yearly": lambda time: f"{time:%Y}",
}
HISTORIES = st.sets(
    st.datetimes(datetime(2017, 12, 20), datetime(2019, 11, 17), timezones=st.just(UTC)),
    max_size=30,
) | st.sets(st.integers(0, 200).map(lambda each: NOW - timedelta(hours=7 * each)), max_size=30)
COUNTS = st.integers(0, 8)
RULES = st.builds(
    Rules, st.none() | st.integers(1, 30), COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS
)


def survivors(taken: Collection[datetime], rules: Rules) -> set[datetime]:
    return {time for time, reasons in reasons_to_keep(taken, rules, NOW).items() if reasons}


def only(name: str, count: int) -> Rules:
    changes: dict[str, Any] = {name: count}
    return replace(NO_RULE, **changes)


def by(reason: str, reasons: dict[datetime, list[str]]) -> list[datetime]:
    """Return the backups that are kept for a reason, newest first."""
    return [time for time in sorted(reasons, reverse=True) if reason in reasons[time]]


def days(*texts: str) -> set[datetime]:
    return {datetime.fromisoformat(f"{text}T11:00:00+00:00") for text in texts}


def test_daily_4_keeps_the_last_four_of_12_sundays_as_in_restics_manual() -> None:
    reasons = reasons_to_keep(SUNDAYS, replace(NO_RULE, daily=4), NOW)
    expected = days("2019-10-27", "2019-11-03", "2019-11-10", "2019-11-17")
    assert {time for time in SUNDAYS if reasons[time]} == expected
    assert all(reasons[time] == ["daily"] for time in expected)


def test_a_century_is_thinned_out_as_in_restics_manual() -> None:
    rules = replace(NO_RULE, daily=7, weekly=5, monthly=12, yearly=75)
    reasons = reasons_to_keep(CENTURY, rules, NOW)
    assert by("daily", reasons) == CENTURY[:7]
    weekly, monthly, yearly = (by(name, reasons) for name in ("weekly", "monthly", "yearly"))
    assert [time.isoweekday() for time in weekly] == [7] * 5
    assert len(set(weekly) - set(CENTURY[:7])) == 4, "the 7 dailies already include 1 weekly"
    assert len(monthly) == 12
    assert all((time + timedelta(days=1)).day == 1 for time in monthly[1:])
    assert len(yearly) == 75
    assert all((time.month, time.day) == (12, 31) for time in yearly[1:])
    assert set(reasons) == set(CENTURY)
    assert survivors(CENTURY, rules) == {*CENTURY[:7], *weekly, *monthly, *yearly}


def test_a_backup_can_have_several_reasons() -> None:
    rules = Rules(days=7, last=1, daily=7, weekly=5, minimum=1)
    reasons = reasons_to_keep(SUNDAYS, rules, NOW)[SUNDAYS[-1]]
    assert reasons == ["not older than 7 days", "last", "daily", "weekly"]


def test_only_periods_that_have_a_backup_count() -> None:
    assert survivors(SUNDAYS, replace(NO_RULE, weekly=3)) == set(SUNDAYS[-3:])
    fortnightly = SUNDAYS[1::2]
    assert survivors(fortnightly, replace(NO_RULE, weekly=3)) == set(fortnightly[-3:])


def test_the_newest_backup_of_each_period_is_kept() -> None:
    assert survivors(SUNDAYS, replace(NO_RULE, monthly=2)) == days("2019-11-17", "2019-10-27")


def test_a_rule_with_counts_left_keeps_the_oldest_backup_too() -> None:
    reasons = reasons_to_keep(SUNDAYS, replace(NO_RULE, monthly=4), NOW)
    assert by("monthly", reasons) == sorted(
        days("2019-11-17", "2019-10-27", "2019-09-29"), reverse=True
    )
    assert by("oldest monthly", reasons) == [SUNDAYS[0]]


def test_weeks_are_those_of_iso_8601() -> None:
    monday, sunday = datetime(2018, 12, 31, tzinfo=UTC), datetime(2019, 1, 6, tzinfo=UTC)
    before = monday - timedelta(hours=1)
    assert survivors([before, monday, sunday], replace(NO_RULE, weekly=2)) == {before, sunday}
    assert survivors([before, monday, sunday], replace(NO_RULE, yearly=1)) == {sunday}


def test_a_day_begins_at_midnight_of_the_time_zone() -> None:
    late, early = (datetime(2019, 7, 1, hour, 30, tzinfo=UTC) for hour in (21, 22))
    in_utc = replace(NO_RULE, daily=1)
    in_berlin = replace(in_utc, time_zone=ZoneInfo("Europe/Berlin"), daily=2)
    assert survivors([late, early], in_utc) == {early}
    assert reasons_to_keep([late, early], in_berlin, NOW) == {early: ["daily"], late: ["daily"]}


def test_a_time_that_no_zone_can_show_breaks_nothing() -> None:
    end = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    rules = replace(NO_RULE, daily=1, time_zone=ZoneInfo("Asia/Tokyo"))
    assert survivors([end, NOW], rules) == {end}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (replace(NO_RULE, minimum=3), 3),
        (replace(NO_RULE, minimum=99), 12),
        (Rules(days=1, minimum=3), 3),
        (Rules(days=30, minimum=3), 5),
        (replace(NO_RULE, monthly=2, minimum=3), 3),
        (replace(NO_RULE, monthly=3, last=2, minimum=4), 4),
    ],
)
def test_the_minimum_adds_the_newest_backups_if_the_other_rules_keep_too_few(
    rules: Rules, expected: int
) -> None:
    others = survivors(SUNDAYS, replace(rules, minimum=0))
    kept_now = survivors(SUNDAYS, rules)
    assert len(kept_now) == expected
    added = kept_now - others
    given_up = set(SUNDAYS) - kept_now
    assert not added or not given_up or min(added) > max(given_up)


@pytest.mark.parametrize("name", PERIODS)
@given(HISTORIES, st.integers(1, 40))
def test_a_rule_keeps_the_newest_backup_of_each_of_the_last_periods(
    name: str, history: set[datetime], count: int
) -> None:
    newest: dict[object, datetime] = {}
    for time in sorted(history):
        newest[PERIODS[name](time)] = time
    expected = set(sorted(newest.values())[-count:])
    if len(newest) < count and history:
        expected.add(min(history))
    assert survivors(history, only(name, count)) == expected


@given(HISTORIES, RULES)
def test_a_backup_is_kept_if_any_rule_keeps_it(history: set[datetime], rules: Rules) -> None:
    alone = [Rules(days=rules.days)]
    alone += [only(name, getattr(rules, name)) for name in PERIODS]
    union = set[datetime]().union(*(survivors(history, each) for each in alone))
    assert survivors(history, replace(rules, minimum=0)) == union
    assert survivors(history, rules) >= union


@given(HISTORIES, RULES)
def test_at_least_the_minimum_is_kept(history: set[datetime], rules: Rules) -> None:
    others = survivors(history, replace(rules, minimum=0))
    left = max(len(others), min(rules.minimum, len(history)))
    assert len(survivors(history, rules)) == left


@given(HISTORIES, RULES, st.randoms(use_true_random=False))
def test_the_order_of_the_times_does_not_matter(
    history: set[datetime], rules: Rules, random: Random
) -> None:
    ordered = sorted(history)
    assert reasons_to_keep(random.sample(ordered, len(ordered)), rules, NOW) == reasons_to_keep(
        ordered, rules, NOW
    )


@given(HISTORIES, RULES)
def test_a_kept_backup_is_still_kept_when_the_others_are_gone(
    history: set[datetime], rules: Rules
) -> None:
    left = survivors(history, rules)
    assert survivors(left, rules) == left


@given(HISTORIES, RULES, RULES)
def test_larger_counts_keep_at_least_as_much(
    history: set[datetime], rules: Rules, more: Rules
) -> None:
    larger = Rules(rules.days, *(getattr(rules, name) + getattr(more, name) for name in PERIODS))
    assert survivors(history, larger) >= survivors(history, replace(rules, minimum=0))
