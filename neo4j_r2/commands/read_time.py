"""Reads a time as people write it: as `list` and `status` show it, as ISO 8601, or in words.

python-dateutil reads it, which is there for the S3 client. What it would guess is refused: the
order of day and month, and a date of which only a part is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone, tzinfo
from typing import Final

from dateutil.parser import parse

from neo4j_r2.config.parsers import time_zone
from neo4j_r2.core.errors import ConfigurationError

_ACCEPTED: Final = (
    "accepted is a time as in 2025-10-08, '2025-10-08 02:00', 2025-10-08T02:00:00Z, "
    "'2025-10-08 02:00 Europe/Berlin', '8 Oct 2025 2 pm' or 'yesterday 14:00'"
)
_DAYS_AGO: Final = {"today": 0, "yesterday": 1}
_MONTH: Final = re.compile(r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b")
_NUMERIC_DATE: Final = re.compile(r"(\d{4})([-/.]?)(\d\d?)\2(\d\d?)(?![0-9])")
_ZONE_AND_NUMBER: Final = re.compile(r"[A-Za-z]{2,} ?[+-]\d")
"""Such as GMT+3, which some read as three hours ahead of GMT, and others as three hours behind."""
_FIRST: Final = datetime(2000, 1, 1)
_LAST: Final = datetime(2001, 2, 2, 23, 59, 59, 999_999)


def read_time(text: str, zone: tzinfo, now: datetime) -> datetime:
    """Return the moment that a text means: of a date alone, its end; 14:00 means 14:00:00.

    A backup of the minute that somebody names may be too late for them; of a day, they want all.

    :param zone: the time zone of a text that names none; the result is in it.
    :param now: tells which days today and yesterday are.
    :raises ConfigurationError: if the text can mean more than one thing, or nothing.
    """
    try:
        dated = _with_date(" ".join(text.split()), now.astimezone(zone))
        clock, named = _split_zone(dated, zone)
        return _moment(clock, named).astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(f"--at {text!r} cannot be understood: {_ACCEPTED}") from error


def _with_date(text: str, now: datetime) -> str:
    """Return the text with the words today and yesterday as a date."""
    word, _, rest = text.partition(" ")
    if (days := _DAYS_AGO.get(word.lower().rstrip(","))) is None:
        return text
    return f"{(now - timedelta(days=days)).date()} {rest.removeprefix('at ')}".rstrip()


def _split_zone(text: str, zone: tzinfo) -> tuple[str, tzinfo]:
    """Return the text without an IANA name at its end, and the time zone that is meant.

    The configured zone is known by any name: `list` and `status` show it, and it may be CET.
    """
    rest, _, name = text.rpartition(" ")
    if rest and name == str(zone):
        return rest, zone
    return (rest, time_zone(name)) if rest and "/" in name and name[0].isalpha() else (text, zone)


def _is_dated(text: str) -> bool:
    """Whether the text has a date that can be read in one way only."""
    if match := _NUMERIC_DATE.match(text):
        date(*(int(match[group]) for group in (1, 3, 4)))  # refuses a 13th month
        return True
    return _MONTH.search(text) is not None and re.search(r"\b\d{4}\b", text) is not None


def _moment(text: str, zone: tzinfo) -> datetime:
    if _ZONE_AND_NUMBER.search(text) or not _is_dated(text):
        raise ValueError(text)
    first: datetime = parse(text, default=_FIRST, tzinfos=_named(zone))
    last: datetime = parse(text, default=_LAST, tzinfos=_named(zone))
    if first.date() != last.date():
        raise ValueError(text)
    # A time of the day means its beginning: 2 pm is 14:00, and 14:00 is 14:00:00.
    moment = first if first.hour == last.hour else last
    # When an hour comes twice, the second one is meant.
    return moment if moment.tzinfo else moment.replace(tzinfo=zone, fold=1)


def _named(zone: tzinfo) -> Callable[[str | None, int | None], tzinfo | None]:
    """Return a function that finds a time zone by its offset, or by its name within `zone`."""

    def find(name: str | None, seconds: int | None) -> tzinfo | None:
        if seconds is not None:
            return timezone(timedelta(seconds=seconds))
        if name is None:
            return None
        for month in (1, 7):
            time = datetime(2025, month, 1, tzinfo=zone)
            if time.tzname() == name and (offset := time.utcoffset()) is not None:
                return timezone(offset)
        raise ValueError(name)

    return find
