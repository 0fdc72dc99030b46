"""The rules that keep backups: those of restic, as a pure function of when backups were taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from neo4j_r2.core.figures import counted

DEFAULT_DAYS: Final = 7


@dataclass(frozen=True)
class Rules:
    """The rules. A backup is kept if any of them keeps it. A count of 0 turns a rule off."""

    days: int | None = DEFAULT_DAYS
    """How many days every backup is kept; 0 keeps everything, None turns this rule off."""
    last: int = 0
    """How many of the newest backups are kept."""
    daily: int = 0
    """For how many days the newest backup of the day is kept. Days without a backup do not count.

    `weekly`, `monthly` and `yearly` are alike.
    """
    weekly: int = 0
    monthly: int = 0
    yearly: int = 0
    minimum: int = 0
    """How many backups are kept at least, whatever the other rules keep."""
    time_zone: tzinfo = UTC
    """The time zone of the days, weeks (ISO 8601, from Monday on), months and years."""

    @property
    def counts(self) -> dict[str, int]:
        """The rules that count backups, by name, without those that are off."""
        names = ("last", "daily", "weekly", "monthly", "yearly", "minimum")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    @property
    def days_of_uncounted(self) -> int:
        """For how many days to keep a backup that the counting rules ignore.

        Those are incomplete backups, and backups that were made before a restore.
        """
        return DEFAULT_DAYS if self.days is None else self.days

    def __str__(self) -> str:
        days = {} if self.days is None else {"days": self.days}
        return ", ".join(f"{name} {count}" for name, count in (days | self.counts).items())


def is_young(taken: datetime, days: int, now: datetime) -> bool:
    """Whether a backup is at most so many days old. Each day has 24 hours."""
    return taken >= now - timedelta(days=days)


def reasons_to_keep(
    taken: Collection[datetime], rules: Rules, now: datetime
) -> dict[datetime, list[str]]:
    """Return the reasons to keep each backup of a database; an empty list if there is none.

    :param taken: when the backups were taken; all different.
    :returns: the reasons, by when the backup was taken.
    """
    newest_first = sorted(taken, reverse=True)
    reasons: dict[datetime, list[str]] = {time: [] for time in newest_first}
    for time in newest_first:
        if rules.days is not None and is_young(time, rules.days, now):
            reasons[time].append(f"not older than {counted(rules.days, 'day')}")
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

    If there are fewer than that, the oldest backup of all is yielded too, as in restic. Without it
    a young history would keep only the newest backup of its first period, and would never grow to
    its full length.

    :returns: when each backup was taken, and whether it is that oldest one.
    """
    count, last = rules.counts.get(name, 0), None
    for time in newest_first:
        current = period(_local(time, rules.time_zone))
        if count and (current != last or time == newest_first[-1]):
            yield time, current == last
            count, last = count - 1, current


def _local(time: datetime, time_zone: tzinfo) -> datetime:
    with suppress(OverflowError):  # a key can name the last hours of the year 9999
        return time.astimezone(time_zone)
    return time


_PERIODS: Final[dict[str, Callable[[datetime], object]]] = {
    "last": lambda time: time,
    "daily": lambda time: time.date(),
    "weekly": lambda time: time.isocalendar()[:2],
    "monthly": lambda time: (time.year, time.month),
    "yearly": lambda time: time.year,
}
