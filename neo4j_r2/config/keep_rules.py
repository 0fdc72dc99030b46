"""The rules by which backups are kept: restic's, a pure function of when they were taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

DEFAULT_DAYS: Final = 7


@dataclass(frozen=True)
class Rules:
    """What is kept: whatever one of these keeps. A count of 0 is no rule."""

    days: int | None = DEFAULT_DAYS
    """How old a backup may become; 0 keeps everything, None leaves its age out."""
    last: int = 0
    """How many of the newest."""
    daily: int = 0
    """For how many days that have a backup the newest of the day; likewise the following."""
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    minimum: int = 0
    """How many at the least, whatever the others keep."""
    time_zone: tzinfo = UTC
    """Whose days, weeks (ISO 8601, from Monday on), months and years are meant."""

    @property
    def counts(self) -> dict[str, int]:
        """The rules that count backups, by their names; without those that are off."""
        names = ("last", "daily", "weekly", "monthly", "yearly", "minimum")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    @property
    def days_of_uncounted(self) -> int:
        """How old may become what no other rule counts: it is incomplete, or not ordinary."""
        return DEFAULT_DAYS if self.days is None else self.days

    def __str__(self) -> str:
        days = {} if self.days is None else {"days": self.days}
        return ", ".join(f"{name} {count}" for name, count in (days | self.counts).items())


def is_young(taken: datetime, days: int, now: datetime) -> bool:
    """Whether a backup is not older than some days; each has 24 hours."""
    return taken >= now - timedelta(days=days)


def kept(taken: Collection[datetime], rules: Rules, now: datetime) -> dict[datetime, list[str]]:
    """Return why each backup of a database is kept: the rules that do so, none for the others.

    :param taken: when they were taken; no two of them are equal.
    """
    newest_first = sorted(taken, reverse=True)
    reasons: dict[datetime, list[str]] = {time: [] for time in newest_first}
    for time in newest_first:
        if rules.days is not None and is_young(time, rules.days, now):
            reasons[time].append(f"not older than {rules.days} days")
    for name, period in _PERIODS.items():
        for time, is_extra in _newest_of_each(newest_first, rules, name, period):
            reasons[time].append(f"oldest {name}" if is_extra else name)
    missing = rules.minimum - sum(map(bool, reasons.values()))
    for time in [time for time in newest_first if not reasons[time]][: max(0, missing)]:
        reasons[time].append(f"one of at least {rules.minimum}")
    return reasons


def _newest_of_each(
    newest_first: Sequence[datetime], rules: Rules, name: str, period: Callable[[datetime], object]
) -> Iterator[tuple[datetime, bool]]:
    """Yield the newest backup of each period that has one, up to the rule's count.

    While there are fewer, the oldest backup of all is one more, as in restic: so a history grows to
    its full length, and is not cut to the newest of its first period again and again.
    """
    count, last = rules.counts.get(name, 0), None
    for time in newest_first:
        current = period(_local(time, rules.time_zone))
        if count and (current != last or time == newest_first[-1]):
            yield time, current == last
            count, last = count - 1, current


def _local(time: datetime, time_zone: tzinfo) -> datetime:
    with suppress(OverflowError):  # a name can say the last hours of the year 9999
        return time.astimezone(time_zone)
    return time


_PERIODS: Final[dict[str, Callable[[datetime], object]]] = {
    "last": lambda time: time,
    "daily": lambda time: time.date(),
    "weekly": lambda time: time.isocalendar()[:2],
    "monthly": lambda time: (time.year, time.month),
    "yearly": lambda time: time.year,
}
