"""The restore points of a database on the page: a time line, its legend, and a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from neo4j_r2.archive.manifest import FULL, INCREMENTAL
from neo4j_r2.core.figures import counted, size_text
from neo4j_r2.monitoring.markup import Markup, element, foreign
from neo4j_r2.monitoring.page_charts import Tick, sample_ring, sample_tick, time_line
from neo4j_r2.monitoring.page_parts import folded, part, table, when
from neo4j_r2.monitoring.page_view import DatabaseView
from neo4j_r2.run.restore_points import RestorePoint

_KINDS: Final = {FULL: "full", INCREMENTAL: "incremental", "": "of unknown kind"}


def restore_points(view: DatabaseView) -> Markup:
    """Return the part of a section that shows the restore points."""
    if view.points is None:
        text = "They are not known yet: the next backup lists them."
        return part("Restore points", element("p", text, class_="quiet"))
    points, total = view.points.points, view.points.backups
    if not points:
        return part("Restore points", element("p", "There is none.", class_="quiet"))
    shown = counted(len(points), "restore point")
    proved = sum(map(view.is_proved, points))
    are_cut = total > len(points)
    which = f"The newest {len(points)} of {counted(total, 'backup')}" if are_cut else shown
    kinds = Counter(map(_kind, points))
    parts = (f"{kinds[kind]} {word}" for kind, word in _KINDS.items() if kinds[kind])
    about = f"{which}: {', '.join(parts)}; {proved or 'none'} proved"
    line = time_line(
        f"{view.identity}-points",
        "Restore points on a time line",
        f"{about}.",
        [
            Tick(
                each.taken,
                _kind(each),
                view.is_proved(each),
                each.is_before_restore,
                f"{each.taken.astimezone(view.zone):%Y-%m-%d %H:%M}: {_words(view, each)}",
            )
            for each in points
        ],
        view.now,
    )
    ends = element("div", when(points[0].taken, view.zone), element("span", "now"), class_="ends")
    return part(
        "Restore points",
        element("figure", line, element("figcaption", ends)),
        _legend(view, points),
        element("p", f"{about}.", class_="quiet"),
        folded(f"{shown} as a table", _point_table(view, points)),
    )


def _words(view: DatabaseView, point: RestorePoint) -> str:
    before = ", before a restore" if point.is_before_restore else ""
    proved = ", proved" if view.is_proved(point) else ""
    return f"{_KINDS[_kind(point)]}{before}{proved}, {size_text(point.size)}"


def _kind(point: RestorePoint) -> str:
    """Return the kind of a restore point as this version knows it."""
    return point.kind if point.kind in _KINDS else ""


def _legend(view: DatabaseView, points: Sequence[RestorePoint]) -> Markup:
    own = [each for each in points if not each.is_before_restore]
    entries = [
        (sample_tick(kind), word, any(_kind(each) == kind for each in own))
        for kind, word in _KINDS.items()
    ]
    before = sample_tick(FULL, is_before_restore=True)
    entries += [
        (before, "made before a restore", len(own) < len(points)),
        (sample_ring(), "proved by a drill", any(map(view.is_proved, points))),
    ]
    shown = (element("li", picture, word) for picture, word, is_there in entries if is_there)
    return element("ul", *shown, class_="legend")


def _point_table(view: DatabaseView, points: Sequence[RestorePoint]) -> Markup:
    return table(
        f"Restore points of {view.name}",
        ("Taken", "Kind", "Size", "Proved", "Key"),
        (
            (
                when(each.taken, view.zone),
                _KINDS[_kind(each)] + (", before a restore" if each.is_before_restore else ""),
                size_text(each.size),
                element("span", "proved", class_="proved") if view.is_proved(each) else "",
                foreign(each.key),
            )
            for each in reversed(points)
        ),
        numbers=("Size",),
    )
