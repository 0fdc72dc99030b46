"""The text in a cell of zoned values that the server prints but cannot parse back.

The offset of such a value has seconds: ``1850-01-01T00:00:00+00:09:21[Europe/Paris]``. Named zones
have them before their standard time, and a zone that is a bare offset can have them too. The cell
holds the value's parts, and Cypher's constructors make exactly the same value of them.
"""

from __future__ import annotations

import re

from neo4j_r2.core.errors import GraphError

_OFFSET = r"(?P<offset>Z|[+-]\d\d:\d\d(?::(?P<offset_seconds>\d\d))?)"
_ZONED_TIME = re.compile(rf"(?P<time>[\d:.]+){_OFFSET}")
_ZONED_DATETIME = re.compile(
    r"(?P<year>[+-]?\d{4,9})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"T(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
    rf"{_OFFSET}(?:\[(?P<zone>.+)\])?"
)

_NAMED_ZONE = re.compile(r"\[([^\]]+)\]| ([A-Za-z][^ ,]*)(?=,|\Z)")
"""In brackets after a value that was printed; or the last of a value's parts."""

_HOUR_IN_A_ZONE = re.compile(r"([^,]+T\d\d)[^,\[]*?(Z|[+-]\d\d:\d\d)\[([^\]]+)\]")


def needs_parts(text: str) -> bool:
    """Whether a zoned time or datetime, as toString() prints it, has an offset with seconds."""
    match = _match(text)
    return match["offset_seconds"] is not None


def parts(text: str) -> str:
    """Return the parts of a zoned value as toString() prints it, separated by spaces.

    Of a time these are its local time and its offset. Of a datetime they are its seconds since the
    epoch, its nanosecond, and its zone, or its offset if it has no named zone.
    """
    match = _match(text)
    if match.re is _ZONED_TIME:
        return f"{match['time']} {match['offset']}"
    seconds = _local_seconds(match) - _offset_seconds(match["offset"])
    nanosecond = int((match["fraction"] or "").ljust(9, "0"))
    return f"{seconds} {nanosecond} {match['zone'] or match['offset']}"


def named_zones(cell: str) -> set[str]:
    """Return the names of the time zones in a cell of one or several zoned datetimes.

    The cell holds them as they are printed, or their parts. An offset is no name.
    """
    return {match[1] or match[2] for match in _NAMED_ZONE.finditer(cell)} - {"Z"}


def hours_in_zones(cell: str) -> set[tuple[str, str, str]]:
    """Return the hours, offsets and named zones in a cell of one or several zoned datetimes.

    A server refuses a printed value if its offset is not the one that the zone has then. A value's
    parts have only the zone, and no offset that could be wrong.
    """
    return {(match[1], match[2], match[3]) for match in _HOUR_IN_A_ZONE.finditer(cell)}


def _match(text: str) -> re.Match[str]:
    match = _ZONED_DATETIME.fullmatch(text) or _ZONED_TIME.fullmatch(text)
    if match is None:
        raise GraphError(f"Unsupported temporal value: {text!r}; nothing was backed up")
    return match


def _local_seconds(match: re.Match[str]) -> int:
    days = _days_since_epoch(int(match["year"]), int(match["month"]), int(match["day"]))
    minutes = (days * 24 + int(match["hour"])) * 60 + int(match["minute"])
    return minutes * 60 + int(match["second"] or 0)


def _offset_seconds(offset: str) -> int:
    if offset == "Z":
        return 0
    hours, minutes, seconds = [*map(int, offset[1:].split(":")), 0][:3]
    magnitude = (hours * 60 + minutes) * 60 + seconds
    return -magnitude if offset[0] == "-" else magnitude


def _days_since_epoch(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 in the proleptic Gregorian calendar, for any year.

    This is Howard Hinnant's days_from_civil; Python's `datetime` knows only the years 1 to 9999.
    """
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146_097 + day_of_era - 719_468
