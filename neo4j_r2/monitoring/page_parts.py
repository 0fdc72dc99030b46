"""Parts that the page's sections have in common: times, tiles, notes and tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from neo4j_r2.archive.manifest import timestamp
from neo4j_r2.core.figures import duration
from neo4j_r2.core.local_time import clock_time
from neo4j_r2.monitoring.markup import Markup, element, join

NOTHING: Final = join()


def when(time: datetime, zone: tzinfo) -> Markup:
    """Return a time; the page's header names the zone."""
    return element("time", clock_time(time, zone), datetime=timestamp(time.astimezone(UTC)))


def ago(time: datetime, now: datetime) -> str:
    """Return how long ago a time was, as in "2 h 5 min ago"."""
    return f"{duration(now - time)} ago"


def until(time: datetime, now: datetime) -> str:
    """Return when something is due: "in 2 h 5 min", or "5 min 0 s late"."""
    span = timedelta(seconds=time.timestamp() - now.timestamp())  # over a change of the clock too
    return f"in {duration(span)}" if span > timedelta() else f"{duration(-span)} late"


def seconds_text(seconds: float) -> str:
    """Return a length of time for people."""
    return duration(timedelta(seconds=seconds))


def tiles(*parts: Markup) -> Markup:
    """Return tiles that stand side by side where there is room."""
    return element("dl", *parts, class_="tiles") if parts else NOTHING


def tile(label: str, value: str, *details: str) -> Markup:
    """Return a figure that matters, with what it is called and what else there is to say."""
    lines = (element("dd", each, class_="quiet") for each in details)
    return element("div", element("dt", label), element("dd", value, class_="value"), *lines)


def note(*texts: str, waits: bool = False) -> Markup:
    """Return a text that somebody has to read.

    :param waits: whether nothing is wrong: something is under way, or on hold.
    """
    return element("p", *texts, class_="note wait" if waits else "note")


def part(heading: str, *children: str) -> Markup:
    """Return a part of a section, with its heading."""
    return element("div", element("h3", heading), *children, class_="part")


def table(
    label: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Collection[str] = (),
    total: Sequence[str] = (),
) -> Markup:
    """Return a table that scrolls inside if it is too wide. The first cell of a row is its heading.

    :param numbers: the headings of the columns of numbers.
    :param total: the last row; empty for none.
    """
    classes = ["number" if each in numbers else None for each in headings]
    head = element(
        "tr",
        *(
            element("th", text, scope="col", class_=name)
            for text, name in zip(headings, classes, strict=True)
        ),
    )
    return element(
        "div",
        element(
            "table",
            element("thead", head),
            element("tbody", *(_row(row, classes) for row in rows)),
            element("tfoot", _row(total, classes)) if total else NOTHING,
        ),
        class_="scroll",
        role="region",
        aria_label=label,
        tabindex=0,
    )


def folded(summary: str, content: Markup) -> Markup:
    """Return something that is shown when somebody opens it."""
    return element("details", element("summary", summary), content)


def _row(cells: Sequence[str], classes: Sequence[str | None]) -> Markup:
    first, *others = zip(cells, classes, strict=True)
    return element(
        "tr",
        element("th", first[0], scope="row", class_=first[1]),
        *(element("td", cell, class_=name) for cell, name in others),
    )
