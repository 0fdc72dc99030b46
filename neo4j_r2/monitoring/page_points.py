"""The restore points of a database on the page: a time line, its legend, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from neo4j_r2.archive.manifest import FULL, INCREMENTAL
from neo4j_r2.core.figures import counted, size_text
from neo4j_r2.monitoring.markup import Markup, element, foreign
from neo4j_r2.monitoring.page_charts import Tick, sample_ring, sample_tick, time_line
from neo4j_r2.monitoring.page_parts import folded, part, table, when
from neo4j_r2.monitoring.page_view import DatabaseView
from neo4j_r2.run.restore_points import RestorePoint

_KINDS: Final = {FULL: "full", INCREMENTAL: "incremental", "": "kind not known"}


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
    kinds = [
        f"{number} {word}"
        for kind, word in ((FULL, "full"), (INCREMENTAL, "incremental"), ("", "of unknown kind"))
        if (number := sum(each.kind == kind for each in points))
    ]
    all_of_them = (
        f"The newest {len(points)} of {counted(total, 'backup')}"
        if (total > len(points))
        else shown
    )
    about = f"{all_of_them}: {', '.join(kinds)}; {proved or 'none'} proved"
    line = time_line(
        f"{view.identity}-points",
        "Restore points on a time line",
        f"{about}.",
        [
            Tick(
                each.taken,
                each.kind,
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
    kind = _KINDS.get(point.kind, point.kind)
    return f"{kind if point.kind else 'kind not known'}{before}{proved}, {size_text(point.size)}"


def _legend(view: DatabaseView, points: Sequence[RestorePoint]) -> Markup:
    own = [each for each in points if not each.is_before_restore]
    entries = [
        (sample_tick(kind), word, any(each.kind == kind for each in own))
        for kind, word in (
            (FULL, "full"),
            (INCREMENTAL, "incremental"),
            ("", "kind not known"),
        )
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
                _KINDS.get(each.kind, "not known")
                + (", before a restore" if each.is_before_restore else ""),
                size_text(each.size),
                element("span", "proved", class_="proved") if view.is_proved(each) else "",
                foreign(each.key),
            )
            for each in reversed(points)
        ),
        numbers=("Size",),
    )
