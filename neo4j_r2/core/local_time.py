"""A time as people are shown it: in the configured time zone, with the zone's name."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

FORMAT: Final = "%Y-%m-%d %H:%M:%S"


def shown(time: datetime, zone: tzinfo) -> str:
    """Return a time with its zone, which prints as its IANA name."""
    return f"{time.astimezone(zone):{FORMAT}} {zone}"
