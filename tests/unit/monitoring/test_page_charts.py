"""The page's charts: where their marks are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.monitoring.markup import Markup
from neo4j_r2.monitoring.page_charts import Bar, Tick, bars, sample_ring, sample_tick, time_line
from tests.unit.monitoring.test_markup import read

NOW = datetime(2025, 10, 8, 12, tzinfo=UTC)


def rectangles(*values: float) -> list[tuple[float, float, float]]:
    """Return the left edge, the width and the height of each bar, in percent."""
    picture = bars("x", "Title", "Description", [Bar(each, "") for each in values])
    found = [attributes for name, attributes in read(picture).elements if name == "rect"]
    return [(percent(each["x"]), percent(each["width"]), percent(each["height"])) for each in found]


def percent(text: str | None) -> float:
    assert text is not None
    assert text.endswith("%")
    return float(text[:-1])


def ticks(*ages: timedelta) -> Markup:
    return time_line(
        "x",
        "Title",
        "Description",
        [
            Tick(NOW - age, "full", is_proved=False, is_before_restore=False, text="")
            for age in ages
        ],
        NOW,
    )


def places(picture: Markup) -> list[float]:
    found = [each for name, each in read(picture).elements if name == "line"]
    return [percent(each["x1"]) for each in found[1:]]  # without the axis


def test_bars_are_scaled_to_the_highest() -> None:
    assert [height for _, _, height in rectangles(1, 2, 4)] == [20, 40, 80]


def test_a_value_far_below_the_highest_is_still_seen_and_none_is_not_drawn() -> None:
    assert [height for _, _, height in rectangles(0, 1, 1_000_000)] == [2, 80]
    assert rectangles(0, 0) == []
    assert rectangles() == []


def test_bars_are_side_by_side_within_the_picture() -> None:
    for number in (1, 3, 30, 100):
        found = rectangles(*range(1, number + 1))
        edges = [edge for left, width, _ in found for edge in (left, left + width)]
        assert edges == sorted(edges)
        assert edges[0] > 0
        assert edges[-1] < 100
        assert found[0][1] < 7  # a few bars are no wide blocks


def test_a_failure_has_a_cross_even_without_a_bar() -> None:
    picture = bars("x", "T", "D", [Bar(0, "failed", is_failed=True), Bar(1, "good")])
    reader = read(picture)
    assert [each.get("class") for name, each in reader.elements if name == "path"] == ["cross"]
    assert [each.get("class") for name, each in reader.elements if name == "rect"] == [None]
    assert reader.text == "TDfailedgood"


def test_a_picture_has_a_name_and_a_description() -> None:
    reader = read(bars("runs", "Title", "Description", []))
    assert reader.elements[0][1]["aria-labelledby"] == "runs-title runs-desc"
    assert ("title", {"id": "runs-title"}) in reader.elements
    assert ("desc", {"id": "runs-desc"}) in reader.elements


def test_a_time_line_goes_from_the_oldest_until_now() -> None:
    days = [timedelta(days=each) for each in (10, 5, 0)]
    assert places(ticks(*days)) == [1, 50, 99]
    assert places(ticks(timedelta(days=10), timedelta(days=5))) == [1, 50]


@pytest.mark.parametrize(
    "ages",
    [
        (timedelta(days=3),),
        (timedelta(0),),
    ],
)
def test_one_point_alone_is_in_the_middle(ages: tuple[timedelta, ...]) -> None:
    assert places(ticks(*ages)) == [50]


def test_points_of_one_moment_or_of_the_future_are_within_the_picture() -> None:
    assert places(ticks(timedelta(0), timedelta(0))) == [1, 1]
    assert places(ticks(timedelta(days=1), -timedelta(days=1))) == [1, 99]


def test_each_kind_has_a_mark_of_its_own() -> None:
    def mark(kind: str, *, is_proved: bool = False, is_before_restore: bool = False) -> set[str]:
        tick = Tick(NOW, kind, is_proved, is_before_restore, "x")
        elements = read(time_line("x", "T", "D", [tick], NOW)).elements
        return {str(each["class"]) for _, each in elements if "class" in each} - {"points", "axis"}

    assert mark("full") == {"full"}
    assert mark("incremental", is_proved=True) == {"incremental", "ring"}
    assert mark("") == {"unknown"}
    assert mark("full", is_before_restore=True) == {"before"}
    assert 'class="full"' in sample_tick("full")
    assert 'class="before"' in sample_tick("full", is_before_restore=True)
    assert 'class="ring"' in sample_ring()
