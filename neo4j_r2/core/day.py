"""A day as people say it: today, yesterday, or its date."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo


def day_text(time: datetime, now: datetime, zone: tzinfo) -> str:
    """Return the day of a time by the calendar of a zone: today, yesterday, or as 2025-10-05.

    :param now: the time at which somebody reads it.
    """
    day, today = (each.astimezone(zone).date() for each in (time, now))
    if day == today:
        return "today"
    return "yesterday" if day == today - timedelta(days=1) else day.isoformat()
