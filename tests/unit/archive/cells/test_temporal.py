"""Parts of zoned values, compared with the standard library's calendar, and beyond its years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.temporal import hours_in_zones, named_zones, needs_parts, parts
from neo4j_r2.core.errors import GraphError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HALF_DAY_AND_MORE = 18 * 3600
DAYS_IN_400_YEARS = 146_097
OFFSETS = st.integers(-HALF_DAY_AND_MORE, HALF_DAY_AND_MORE)


def offset_text(seconds: int) -> str:
    """Write an offset as Java does, with seconds only where it has some."""
    if seconds == 0:
        return "Z"
    minutes, rest = divmod(abs(seconds), 60)
    text = f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{rest:02}" if rest else text


def year_text(year: int) -> str:
    """Write a year as ISO 8601 and Java do: four digits, more only with a sign."""
    if year > 9999:
        return f"+{year}"
    return f"-{-year:04}" if year < 0 else f"{year:04}"


def datetime_text(local: datetime, offset: int, year: int) -> str:
    """Write a zoned datetime as the server's toString() does, in any year."""
    return f"{year_text(year)}-{local:%m-%dT%H:%M:%S}.{local.microsecond:06}{offset_text(offset)}"


@given(st.datetimes(), OFFSETS)
@example(datetime(1, 1, 1), HALF_DAY_AND_MORE)
@example(datetime(9999, 12, 31, 23, 59, 59, 999_999), -HALF_DAY_AND_MORE)
@example(datetime(2000, 2, 29), 561)
def test_the_seconds_since_the_epoch_are_those_of_the_standard_library(
    local: datetime, offset: int
) -> None:
    since_epoch = local.replace(tzinfo=UTC) - EPOCH - timedelta(seconds=offset)
    seconds = since_epoch // timedelta(seconds=1)
    expected = f"{seconds} {local.microsecond * 1000} {offset_text(offset)}"
    assert parts(datetime_text(local, offset, local.year)) == expected


@given(st.datetimes(), st.integers(-2_000_000, 2_000_000), OFFSETS)
def test_the_calendar_repeats_every_400_years_beyond_the_standard_library_too(
    local: datetime, cycles: int, offset: int
) -> None:
    near = parts(datetime_text(local, offset, local.year)).split(" ")
    far = parts(datetime_text(local, offset, local.year + 400 * cycles)).split(" ")
    assert int(far[0]) - int(near[0]) == cycles * DAYS_IN_400_YEARS * 86_400
    assert far[1:] == near[1:]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1850-01-01T00:00:00+00:09:21[Europe/Paris]", "-3786826161 0 Europe/Paris"),
        ("1970-01-01T00:00Z", "0 0 Z"),
        ("1970-01-01T00:00:01.5Z[UTC]", "1 500000000 UTC"),
        ("1969-12-31T23:59:59.000000001Z", "-1 1 Z"),
        ("1970-01-01T00:00:00.123456789-00:00:01", "1 123456789 -00:00:01"),
        ("+999999999-12-31T23:59:59.999999999+18:00", "31556889832715999 999999999 +18:00"),
        ("-999999999-01-01T00:00Z", "-31557014135596800 0 Z"),
        ("0000-02-29T00:00Z", "-62162121600 0 Z"),
        ("10:00:00.5+00:09:21", "10:00:00.5 +00:09:21"),
        ("10:00Z", "10:00 Z"),
    ],
)
def test_a_value_has_these_parts(text: str, expected: str) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "needs"),
    [
        ("1850-01-01T00:00:00+00:09:21[Europe/Paris]", True),
        ("10:00:00-00:00:01", True),
        ("2020-01-01T00:00:00.000000001+01:00[Europe/Paris]", False),
        ("2020-01-01T00:00Z", False),
        ("10:00:00+01:00", False),
    ],
)
def test_only_an_offset_with_seconds_needs_parts(text: str, *, needs: bool) -> None:
    assert needs_parts(text) is needs


@pytest.mark.parametrize("text", ["", "2020-01-01", "10:00", "2020-01-01T00:00", "P1D"])
def test_a_text_that_is_not_a_zoned_value_is_refused(text: str) -> None:
    with pytest.raises(GraphError, match="Unsupported temporal value"):
        parts(text)


@pytest.mark.parametrize(
    ("cell", "zones"),
    [
        ("2024-07-01T12:00Z", set()),
        ("2024-07-01T12:00-06:00", set()),
        ("2024-07-01T12:00-06:00[America/Mexico_City]", {"America/Mexico_City"}),
        (
            ",2024-07-01T12:00Z,2024-07-01T12:00+02:00[Europe/Paris],2024-07-01T12:00-06:00[EST5EDT]",
            {"Europe/Paris", "EST5EDT"},
        ),
        ("0 0 Z", set()),
        ("0 0 -00:09:21", set()),
        ("-3786826161 0 Europe/Paris", {"Europe/Paris"}),
        (
            ",0 0 Z,0 0 +01:00,0 0 Etc/GMT+5,0 0 America/Port-au-Prince",
            {"Etc/GMT+5", "America/Port-au-Prince"},
        ),
    ],
)
def test_the_named_zones_of_a_cell_are_found(cell: str, zones: set[str]) -> None:
    assert named_zones(cell) == zones


@pytest.mark.parametrize(
    ("cell", "hours"),
    [
        ("2024-07-01T12:59:59.5Z", set()),
        ("2024-07-01T12:00+02:00", set()),
        ("-3786826161 0 Europe/Paris", set()),
        (
            "-0001-07-01T12:59:59.5-06:00[EST5EDT]",
            {("-0001-07-01T12", "-06:00", "EST5EDT")},
        ),
        (
            ",2023-10-29T02:30+02:00[Europe/Paris],2024-07-01T12:00Z,2023-10-29T02:31Z[Etc/UTC]",
            {
                ("2023-10-29T02", "+02:00", "Europe/Paris"),
                ("2023-10-29T02", "Z", "Etc/UTC"),
            },
        ),
    ],
)
def test_the_hours_in_zones_of_a_cell_are_found(
    cell: str, hours: set[tuple[str, str, str]]
) -> None:
    assert hours_in_zones(cell) == hours
