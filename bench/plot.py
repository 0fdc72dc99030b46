"""How wall time and memory of a backup grow with the graph, as a drawing in SVG.

Written by hand: plotting packages bring NumPy, which the driver loads where it finds it, so that
every contender would be measured with more memory than it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from typing import Final

from bench.comparison import Comparison, Figures
from bench.records import APOC_FILE, APOC_STREAM, FLOOR, OURS

_WIDTH: Final = 400
_HEIGHT: Final = 300
_LEFT: Final = 60
_BOTTOM: Final = 45
_TOP: Final = 30
_RIGHT: Final = 35
_LEGEND: Final = 30
_STYLES: Final = {
    FLOOR: ("floor", "#777777"),
    APOC_FILE: ("APOC to a file, gzip, upload", "#d62728"),
    APOC_STREAM: ("APOC's stream through gzip, upload", "#e69500"),
    OURS: ("this service", "#1f5fb4"),
}

_STEPS: Final = [digit * 10**power for power in range(12) for digit in (1, 2, 5)]

Points = dict[str, list[tuple[float, float]]]
"""By contender."""


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` on a line of the drawing."""

    low: float
    high: float
    start: float
    end: float
    step: float | None
    """Between ticks; None of a logarithmic axis, whose ticks are powers of ten."""

    @property
    def ticks(self) -> list[float]:
        """Values that have a label."""
        if self.step is None:
            first, last = round(log10(self.low)), round(log10(self.high))
            return [10.0**power for power in range(first, last + 1)]
        return [self.step * number for number in range(round(self.high / self.step) + 1)]

    def place(self, value: float) -> float:
        """Where a value is."""
        low, high, at = self.low, self.high, value
        if self.step is None:
            low, high, at = log10(low), log10(high), log10(value)
        return self.start + (at - low) / (high - low) * (self.end - self.start)


def draw(comparisons: Sequence[Comparison]) -> str:
    """Return a drawing of all backups: a column for each graph, time above memory."""
    backups = [each for each in comparisons if each.subject == "backup"]
    graphs = [list(group) for _, group in groupby(backups, key=lambda each: each.graph.name)]
    parts: list[str] = []
    for column, sizes in enumerate(graphs):
        name, left = sizes[0].graph.name, column * _WIDTH
        times = _points(sizes, lambda figures: figures.wall_seconds)
        memory = _points(sizes, lambda figures: figures.peak_bytes / 1e6)
        parts += _panel(f"{name}: seconds", times, (left, 0), is_linear=False)
        parts += _panel(f"{name}: MB of memory at most", memory, (left, _HEIGHT), is_linear=True)
    parts += _legend(2 * _HEIGHT)
    width, height = max(2, len(graphs)) * _WIDTH, 2 * _HEIGHT + _LEGEND
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            'font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _points(sizes: Sequence[Comparison], value: Callable[[Figures], float]) -> Points:
    return {
        contender: [
            (each.graph.nodes + each.graph.relationships, value(each.figures[contender]))
            for each in sizes
            if contender in each.figures and each.figures[contender].has_succeeded
        ]
        for contender in _STYLES
    }


def _panel(
    title: str, points: Points, corner: tuple[int, int], *, is_linear: bool
) -> Iterator[str]:
    """Yield the elements of one diagram; sizes are always on a logarithmic axis."""
    left, top = corner
    sizes, values = zip(*(point for line in points.values() for point in line), strict=True)
    across = _axis(sizes, left + _LEFT, left + _WIDTH - _RIGHT, is_linear=False)
    up = _axis(values, top + _HEIGHT - _BOTTOM, top + _TOP, is_linear=is_linear)
    yield _text(left + _LEFT, top + _TOP - 10, title, "start")
    for tick in across.ticks:
        x = across.place(tick)
        yield _line([(x, up.start), (x, up.end)], "#dddddd")
        yield _text(x, up.start + 16, f"{tick:,.0f}", "middle")
    for tick in up.ticks:
        y = up.place(tick)
        yield _line([(across.start, y), (across.end, y)], "#dddddd")
        yield _text(across.start - 6, y + 4, f"{tick:,g}", "end")
    yield _text((across.start + across.end) / 2, up.start + 34, "nodes and relationships", "middle")
    for contender, line in points.items():
        placed = [(across.place(x), up.place(y)) for x, y in line]
        color = _STYLES[contender][1]
        yield _line(placed, color, width=2)
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in placed)


def _axis(values: Sequence[float], start: float, end: float, *, is_linear: bool) -> Axis:
    if is_linear:
        step = next(step for step in _STEPS if max(values) <= 5 * step)
        return Axis(0, step * ceil(max(values) / step), start, end, step)
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return Axis(10.0**low, 10.0 ** max(high, low + 1), start, end, None)


def _legend(top: int) -> Iterator[str]:
    x = float(_LEFT)
    for label, color in reversed(_STYLES.values()):
        yield _line([(x, top + 12), (x + 20, top + 12)], color, width=2)
        yield _text(x + 26, top + 16, label, "start")
        x += 50 + 6.2 * len(label)


def _line(points: Sequence[tuple[float, float]], color: str, width: int = 1) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
