"""When backups are due: the times of a crontab line, as Debian's cronie reads them.

This module accepts what crontab accepts, and nothing else. Some lines are the exception. crontab
accepts them, and this module refuses them, because they have no due time that it could compute:

- times that never come: days such as `0 0 31 2 *`, and ranges that run backwards such as
  `fri-sun`, which crontab reads as no time at all;
- times that are not known before: `@reboot`, and `~`, for which crond draws a number at its start;
- parts of a line that are no time: a sixth field, `-` at the start, comments, variables;
- numbers of more than nine digits, because crontab uses only their lowest 32 bits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cronsim import CronSim, CronSimError

_ACCEPTED: Final = (
    "accepted is a cron expression: minute hour day month weekday, as in 0 2 * * *, or @daily"
)
_NICKNAMES: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_NUMBER: Final = r"[0-9]{1,9}"
_VALUE: Final = rf"{_NUMBER}|[A-Za-z]{{3}}"
_ITEM: Final = re.compile(rf"({_VALUE})|(?:\*|({_VALUE})-({_VALUE}))(?:/({_NUMBER}))?")


@dataclass(frozen=True)
class _Field:
    """One of the five fields, and the values that it accepts."""

    name: str
    lowest: int
    highest: int
    names: str = ""
    """The names of the values, from the lowest value on, with blanks between them."""

    def plain(self, text: str) -> str:
        """Return a field's text with its names and ranges written as lists of numbers."""
        try:
            return ",".join(map(self._plain_item, text.split(",")))
        except ValueError as error:
            what = f"the {self.name} is {self.lowest} to {self.highest}"
            raise ValueError(f"{_ACCEPTED}; {what}, without ~ and ranges backwards") from error

    def _plain_item(self, text: str) -> str:
        match = _ITEM.fullmatch(text)
        if not match:
            raise ValueError(text)
        single, first, last, step = match.groups()
        start = self._number(single or first, self.lowest)
        stop = self._number(single or last, self.highest)
        numbers = range(start, stop + 1, int(step or 1))
        # As in crontab, only the numbers that a step reaches must be within the limits.
        if not numbers or not all(self.lowest <= each <= self.highest for each in numbers):
            raise ValueError(text)
        # A star stays: it decides which days count, and whether an hour that repeats counts twice.
        return text if text.startswith("*") else ",".join(map(str, numbers))

    def _number(self, text: str | None, default: int) -> int:
        if text is None:
            return default
        if text.isdigit():
            return int(text)
        return self.lowest + self.names.split().index(text.lower())


_FIELDS: Final = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"),
    _Field("weekday", 0, 7, "sun mon tue wed thu fri sat"),
)


@dataclass(frozen=True)
class Schedule:
    """The times at which backups are due; made by `parse`."""

    expression: str
    """The given text, with single blanks, as a crontab needs it."""
    plain: str
    """The same five fields as numbers and stars, which crontab and CronSim read alike."""

    def __str__(self) -> str:
        return self.expression

    def next_after(self, time: datetime) -> datetime:
        """Return the first due time after an aware time, in the same zone.

        Clock changes are treated as crond treats them. A time of day that the clock skips is due
        right after the jump. When an hour comes twice, only an expression whose minute or hour
        begins with a star is due twice.
        """
        # In the second of two equal hours, CronSim's first time can be in the first of them.
        due = CronSim(self.plain, time)
        return next(each for each in due if each.timestamp() > time.timestamp())


def minutes_after(due: datetime, minutes: int) -> datetime:
    """Return the time that is so many minutes later.

    It is in UTC: when the clock changes, a local time plus an hour is not an hour later.
    """
    return due.astimezone(UTC) + timedelta(minutes=minutes)


def parse(text: str) -> Schedule:
    """Parse a cron expression of five fields, or a nickname such as @daily.

    :raises ValueError: saying what is accepted.
    """
    expression = " ".join(re.findall(r"[^ \t]+", text))
    fields = _NICKNAMES.get(expression, expression).split(" ")
    if len(fields) != len(_FIELDS):
        raise ValueError(_ACCEPTED)
    plain = " ".join(each.plain(value) for each, value in zip(_FIELDS, fields, strict=True))
    try:
        CronSim(plain, datetime.min)
    except CronSimError as error:
        raise ValueError(f"{_ACCEPTED}; its months have no such day") from error
    return Schedule(expression, plain)
