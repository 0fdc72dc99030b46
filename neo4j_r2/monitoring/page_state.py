"""The page's first section: whether all is well, why it is not, and when what is due."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from neo4j_r2.core.figures import counted, duration, size_text
from neo4j_r2.core.price import cost_text
from neo4j_r2.monitoring.drill_rules import next_drill
from neo4j_r2.monitoring.health_rules import diagnose, next_due
from neo4j_r2.monitoring.markup import Markup, element
from neo4j_r2.monitoring.page_parts import NOTHING, note, tile, tiles, until, when
from neo4j_r2.monitoring.page_view import View
from neo4j_r2.run.state import RunState

_PATHS: Final = {
    "good": "M11 18.5L16 23.5L25.5 13",
    "bad": "M12.5 12.5L23.5 23.5M12.5 23.5L23.5 12.5",
    "wait": "M18 11V18.5L22.5 22.5",
}
"""A check mark, a cross and the hands of a clock, in a circle of 36 by 36."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Verdict:
    """Whether all is well, as the health probe judges it."""

    text: str
    look: str
    """good, bad or wait: the class of what shows it."""
    problems: Sequence[str]


def judge(view: View) -> Verdict:
    """Return whether all is well."""
    if problems := diagnose(view.signs, view.settings):
        return Verdict("Something is wrong", "bad", problems)
    if view.signs.is_starting:
        return Verdict("The service is starting", "wait", ())
    return Verdict("All is well", "good", ())


def state_section(view: View, verdict: Verdict) -> Markup:
    """Return the section that says whether all is well."""
    picture = element(
        "svg",
        element("circle", cx=18, cy=18, r=18),
        element("path", d=_PATHS[verdict.look]),
        viewBox="0 0 36 36",
        aria_hidden="true",
        focusable="false",
    )
    run = view.drill_run
    return element(
        "section",
        element("div", picture, element("h2", verdict.text, id="state"), class_="verdict"),
        element("ul", *(_problem(each, view.zone) for each in verdict.problems), class_="notes")
        if verdict.problems
        else NOTHING,
        note("A drill has been under way since ", when(run.started, view.zone), ".", waits=True)
        if run and not run.database
        else NOTHING,
        tiles(*_tiles(view)),
        aria_labelledby="state",
        class_=f"state {verdict.look}",
    )


def _problem(text: str, zone: tzinfo) -> Markup:
    """Return a problem as the health probe tells it, but with the times of the page's zone."""
    pieces = (
        _time(piece, zone) if number % 2 else piece
        for number, piece in enumerate(_TIME.split(text))
    )
    return element("li", element("bdi", *pieces))


def _time(text: str, zone: tzinfo) -> str:
    try:
        return when(datetime.fromisoformat(text), zone)
    except ValueError:  # somebody's text only looks like a time
        return text


def _tiles(view: View) -> list[Markup]:
    state, drills, settings = view.signs.state, view.signs.drills, view.settings
    made = []
    if state and (following := next_due(state, settings)):
        made.append(
            tile(
                "Next backup due",
                until(following, view.now),
                when(following, view.zone),
                element("code", str(settings.schedule)),
            )
        )
    if state:
        made.append(_last_run(state.last_run, view))
    if settings.drill_schedule:
        following = next_drill(state, drills, settings) if state and drills else None
        value = until(following, view.now) if following else "after a backup"
        at = (when(following, view.zone),) if following else ()
        made.append(
            tile("Next drill due", value, *at, element("code", str(settings.drill_schedule)))
        )
    if view.points:
        size = sum(each.size for each in view.points.databases.values())
        backups = sum(each.backups for each in view.points.databases.values())
        cost = f"{cost_text(size)} a month"
        made.append(tile("Stored", size_text(size), counted(backups, "backup"), cost))
    return made


def _last_run(run: RunState | None, view: View) -> Markup:
    if run is None:
        return tile("Last run", "none is known")
    if run.finished is None:
        value = "under way" if view.signs.is_run_alive else "was killed"
    elif run.exit_code:
        value = f"failed (exit {run.exit_code})"
    else:
        value = "succeeded"
    is_bad = bool(run.exit_code) or value == "was killed"
    shown_value = element("span", value, class_="failed") if is_bad else value
    length = (f"in {duration(run.finished - run.started)}",) if run.finished else ()
    return tile("Last run", shown_value, when(run.started, view.zone), *length)
