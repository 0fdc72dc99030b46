"""The last runs of a database on the page: bars of their durations and sizes, and a table."""

from __future__ import annotations

from neo4j_r2.core.figures import counted, size_text
from neo4j_r2.monitoring.markup import Markup, element, foreign, join
from neo4j_r2.monitoring.page_charts import Bar, bars
from neo4j_r2.monitoring.page_parts import folded, part, seconds_text, table, when
from neo4j_r2.monitoring.page_view import DatabaseView
from neo4j_r2.run.state import Attempt


def runs(view: DatabaseView) -> Markup:
    """Return the part of a section that shows the last runs."""
    attempts = view.state.attempts
    if not attempts:
        return part("Last runs", element("p", "No run is known.", class_="quiet"))
    failed = sum(each.exit_code != 0 for each in attempts)
    longest = max(each.seconds for each in attempts)
    largest = max(each.archive_size for each in attempts)
    about = f"{counted(len(attempts), 'run')}, {failed or 'none'} failed"
    texts = [_text(each, view) for each in attempts]
    return part(
        "Last runs",
        element(
            "div",
            _figure(
                bars(
                    f"{view.identity}-duration",
                    "Duration of the last runs",
                    f"{about}; the longest took {seconds_text(longest)}.",
                    [
                        Bar(each.seconds, text, is_failed=each.exit_code != 0)
                        for each, text in zip(attempts, texts, strict=True)
                    ],
                ),
                f"Duration; the longest took {seconds_text(longest)}",
            ),
            _figure(
                bars(
                    f"{view.identity}-size",
                    "Size of the archives of the last runs",
                    f"{about}; the largest archive has {size_text(largest)}.",
                    [
                        Bar(each.archive_size, text, is_failed=each.exit_code != 0)
                        for each, text in zip(attempts, texts, strict=True)
                    ],
                ),
                f"Size of the archive; the largest has {size_text(largest)}",
            ),
            class_="charts",
        ),
        element(
            "p",
            f"{about}: from ",
            when(attempts[0].started, view.zone),
            " to ",
            when(attempts[-1].started, view.zone),
            class_="quiet",
        ),
        folded(f"{counted(len(attempts), 'run')} as a table", _attempt_table(view)),
    )


def _text(attempt: Attempt, view: DatabaseView) -> str:
    size = f", {size_text(attempt.archive_size)}" if attempt.archive_size else ""
    failure = f", failed (exit {attempt.exit_code})" if attempt.exit_code else ""
    time = f"{attempt.started.astimezone(view.zone):%Y-%m-%d %H:%M}"
    return f"{time}: {seconds_text(attempt.seconds)}{size}{failure}"


def _attempt_table(view: DatabaseView) -> Markup:
    return table(
        f"Last runs of {view.name}",
        ("Started", "Duration", "Size", "Outcome"),
        (
            (
                when(each.started, view.zone),
                seconds_text(each.seconds),
                size_text(each.archive_size) if each.archive_size else "",
                join(outcome(each), *((": ", foreign(each.error)) if each.error else ())),
            )
            for each in reversed(view.state.attempts)
        ),
        numbers=("Duration", "Size"),
    )


def outcome(attempt: Attempt | None) -> Markup:
    """Return how an attempt ended, in a word; without one, that there is none."""
    if attempt is None:
        return join("none yet")
    if attempt.exit_code:
        return element("span", f"failed (exit {attempt.exit_code})", class_="failed")
    return join("succeeded")


def _figure(picture: Markup, caption: str) -> Markup:
    return element("figure", picture, element("figcaption", caption))
