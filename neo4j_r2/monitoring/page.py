"""The page for people: is all well, what was backed up and proved, and how to restore it.

It is plain HTML without scripts, and it loads nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from neo4j_r2 import __version__
from neo4j_r2.core.figures import counted, size_text
from neo4j_r2.core.local_time import shown
from neo4j_r2.core.price import PRICE, cost_text
from neo4j_r2.monitoring.markup import Markup, document, element, foreign
from neo4j_r2.monitoring.page_database import database_section
from neo4j_r2.monitoring.page_parts import NOTHING, ago, table, when
from neo4j_r2.monitoring.page_runs import outcome
from neo4j_r2.monitoring.page_state import judge, state_section
from neo4j_r2.monitoring.page_style import STYLE
from neo4j_r2.monitoring.page_view import DatabaseView, View
from neo4j_r2.run.restore_points import RestorePoints

_SHOWN_DATABASES: Final = 50


def page(view: View) -> bytes:
    """Return the page as a document of HTML."""
    verdict = judge(view)
    databases = view.databases()
    shown_databases = databases[:_SHOWN_DATABASES]
    return document(
        element(
            "html",
            _head(f"{verdict.text} · Neo4j backups of {view.host}"),
            element(
                "body",
                element("a", "To the content", href="#main", class_="skip"),
                _header(view),
                element(
                    "main",
                    state_section(view, verdict),
                    _contents(view, shown_databases) if len(databases) > 1 else NOTHING,
                    *map(database_section, shown_databases),
                    _left_out(len(databases) - len(shown_databases)),
                    _stored(view.points, view) if view.points else NOTHING,
                    id="main",
                    tabindex=-1,
                ),
                _footer(),
            ),
            lang="en",
        )
    )


def _head(title: str) -> Markup:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", STYLE),
    )


def _header(view: View) -> Markup:
    now = view.now.replace(microsecond=0)
    return element(
        "header",
        element("div", element("h1", "Neo4j backups"), element("p", foreign(view.host))),
        element(
            "p",
            "as of ",
            element("time", shown(now, view.zone), datetime=now.astimezone(UTC).isoformat()),
            " · ",
            element("a", "look again", href="/", class_="again"),
        ),
    )


def _contents(view: View, databases: Sequence[DatabaseView]) -> Markup:
    """Return a table of all databases, from which each can be reached."""
    headings = ["Database", "Last backup", "Last run"]
    if view.has_drills:
        headings.append("Last proved")
    rows = [_contents_row(view, each)[: len(headings)] for each in databases]
    return element(
        "section",
        element("h2", "Databases", id="databases"),
        table("Databases", headings, rows),
        aria_labelledby="databases",
    )


def _contents_row(view: View, database: DatabaseView) -> Sequence[str]:
    last = database.state.last_backup
    return (
        element("a", foreign(database.name), href=f"#{database.identity}"),
        ago(last.started, view.now) if last else "none yet",
        *(outcome(each) for each in database.state.attempts[-1:] or (None,)),
        _last_proved(view, database),
    )


def _last_proved(view: View, database: DatabaseView) -> str:
    if database.proved_by_another:
        return "by another drill"
    proof = database.drilled.last_proof if database.drilled else None
    return ago(proof.finished, view.now) if proof else "never"


def _left_out(number: int) -> Markup:
    if not number:
        return NOTHING
    text = f"And {counted(number, 'more database')}; "
    return element("p", text, element("code", "backup.py status"), " shows all.")


def _stored(points: RestorePoints, view: View) -> Markup:
    total_size = sum(each.size for each in points.databases.values())
    total = sum(each.backups for each in points.databases.values())
    rows = [
        (foreign(name), f"{each.backups:,}", size_text(each.size), cost_text(each.size))
        for name, each in points.databases.items()
    ]
    return element(
        "section",
        element("h2", "Stored", id="stored"),
        table(
            "What is stored of each database",
            ("Database", "Backups", "Size", "A month"),
            rows,
            numbers=("Backups", "Size", "A month"),
            total=("All", f"{total:,}", size_text(total_size), cost_text(total_size)),
        ),
        element(
            "p",
            "In ",
            foreign(f"s3://{points.bucket}/{points.prefix}/"),
            ", as the bucket was at ",
            when(points.looked, view.zone),
            f". At {PRICE}.",
            class_="quiet",
        ),
        aria_labelledby="stored",
    )


def _footer() -> Markup:
    return element(
        "footer",
        element("span", f"neo4j-r2-backup {__version__}"),
        element("a", "/metrics", href="/metrics"),
        element("a", "/health", href="/health"),
    )
