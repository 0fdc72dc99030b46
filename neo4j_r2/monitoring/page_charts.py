"""The page's charts: bars and a time line, as SVG without scripts.

All places are shares of the picture, so it fits any width, and nothing in it is stretched. There is
no text in it but what a pointer shows and a screen reader reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from neo4j_r2.archive.manifest import FULL, INCREMENTAL
from neo4j_r2.monitoring.markup import Markup, element

_FEWEST_BARS: Final = 15
"""There is room for so many, so that a few bars are no wide blocks."""
_BAR_SHARE: Final = 0.72
"""How much of its room a bar takes."""
_TOP: Final = 20.0
"""Percent of the height above the highest bar: the place of the crosses."""
_LOWEST_BAR: Final = 2.0
"""Percent of the height of a bar whose value is far below the highest."""
_MARGIN: Final = 1.0
"""Percent of the width on each side of the time line, so that no tick is cut off."""
_AXIS: Final = 46
_HEIGHTS: Final = {FULL: 28, INCREMENTAL: 15, "": 21}
"""How high a tick is, by the kind of its backup."""
_CLASSES: Final = {FULL: "full", INCREMENTAL: "incremental", "": "unknown"}


@dataclass(frozen=True)
class Bar:
    """A value, and what a pointer on its bar shows."""

    value: float
    text: str
    is_failed: bool = False


@dataclass(frozen=True)
class Tick:
    """A restore point on a time line, and what a pointer on it shows."""

    time: datetime
    kind: str
    """full, incremental, or empty if it is not known."""
    is_proved: bool
    is_before_restore: bool
    text: str


def bars(identity: str, title: str, description: str, values: Sequence[Bar]) -> Markup:
    """Return bars from left to right, scaled to the highest; failures are red, with a cross above.

    :param identity: begins the ids of the picture's parts.
    """
    highest = max((each.value for each in values), default=0.0)
    room = 100 / max(len(values), _FEWEST_BARS)
    return _picture(
        identity,
        "bars",
        title,
        description,
        element("line", x1="0", x2="100%", y1="100%", y2="100%"),
        *(_bar(each, index * room, room, highest) for index, each in enumerate(values)),
    )


def time_line(
    identity: str, title: str, description: str, ticks: Sequence[Tick], now: datetime
) -> Markup:
    """Return a line from the oldest tick until now; a single one stands in the middle.

    :param identity: begins the ids of the picture's parts.
    :param ticks: oldest first.
    """
    axis = element("line", class_="axis", x1="0", x2="100%", y1=_AXIS, y2=_AXIS)
    places = _places([each.time for each in ticks], now)
    marks = [_tick(each, place) for each, place in zip(ticks, places, strict=True)]
    return _picture(identity, "points", title, description, axis, *marks)


def sample_tick(kind: str, *, is_before_restore: bool = False) -> Markup:
    """Return a tick as the time line has it, for the legend."""
    shift = -43 if is_before_restore else -17
    return _sample(_mark("50%", kind, is_before_restore=is_before_restore), shift)


def sample_ring() -> Markup:
    """Return the mark of a proved restore point, for the legend."""
    return _sample(_ring("50%"), 6)


def _sample(mark: Markup, shift: int) -> Markup:
    moved = element("g", mark, transform=f"translate(0 {shift})")
    return element("svg", moved, aria_hidden="true", focusable="false")


def _picture(identity: str, kind: str, title: str, description: str, *parts: Markup) -> Markup:
    names = (f"{identity}-title", f"{identity}-desc")
    return element(
        "svg",
        element("title", title, id=names[0]),
        element("desc", description, id=names[1]),
        *parts,
        class_=kind,
        role="img",
        aria_labelledby=" ".join(names),
        focusable="false",
    )


def _bar(bar: Bar, left: float, room: float, highest: float) -> Markup:
    parts = []
    if bar.value > 0:
        height = max(_LOWEST_BAR, (100 - _TOP) * bar.value / highest)
        parts.append(
            element(
                "rect",
                x=_percent(left + room * (1 - _BAR_SHARE) / 2),
                y=_percent(100 - height),
                width=_percent(room * _BAR_SHARE),
                height=_percent(height),
                rx=2,
                class_="bad" if bar.is_failed else None,
            )
        )
    if bar.is_failed:
        # A path has no percentages, so it is in a picture of its own that is moved.
        cross = element("path", d="M-3.5 -3.5L3.5 3.5M-3.5 3.5L3.5 -3.5", class_="cross")
        parts.append(element("svg", cross, x=_percent(left + room / 2), y=7))
    return element("g", element("title", bar.text), *parts)


def _places(times: Sequence[datetime], now: datetime) -> list[float]:
    """Return where on the line each time is, in percent."""
    if len(times) < 2:
        return [50.0 for _ in times]
    span = max((now - times[0]).total_seconds(), 1.0)
    width = 100 - 2 * _MARGIN
    shares = (min(1.0, (time - times[0]).total_seconds() / span) for time in times)
    return [_MARGIN + width * share for share in shares]


def _tick(tick: Tick, place: float) -> Markup:
    x = _percent(place)
    mark = _mark(x, tick.kind, is_before_restore=tick.is_before_restore)
    ring = (_ring(x),) if tick.is_proved else ()
    return element("g", element("title", tick.text), mark, *ring)


def _mark(x: str, kind: str, *, is_before_restore: bool) -> Markup:
    if is_before_restore:
        moved = "translate(-2.5 0)"
        return element(
            "rect", x=x, y=_AXIS + 4, width=5, height=14, rx=2, transform=moved, class_="before"
        )
    return element(
        "line", x1=x, x2=x, y1=_AXIS - _HEIGHTS[kind], y2=_AXIS - 2, class_=_CLASSES[kind],
    )  # fmt: skip


def _ring(x: str) -> Markup:
    return element("circle", cx=x, cy=8, r=4, class_="ring")


def _percent(number: float) -> str:
    return f"{number:.2f}%"
