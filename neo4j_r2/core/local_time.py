"""A time as people are shown it: in the configured time zone, with the zone's name."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


def shown(time: datetime, zone: tzinfo) -> str:
    """Return a time with its zone, which prints as its IANA name."""
    return f"{clock_time(time, zone)} {zone}"


def clock_time(time: datetime, zone: tzinfo) -> str:
    """Return a time of a zone that is named elsewhere, such as in the heading of a table.

    When an hour comes twice, its first time has the abbreviation of the zone: `--at` shall find it.
    """
    local = time.astimezone(zone)
    comes_again = local.utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:{_FORMAT}}{f' {local.tzname()}' if comes_again else ''}"
