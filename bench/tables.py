"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from bench.comparison import Comparison, Figures, comparisons, machines, marginal_seconds
from bench.goals import findings
from bench.records import (
    APOC_FILE,
    APOC_STREAM,
    CHAIN,
    FLOOR,
    IDLE,
    INCREMENT,
    OURS,
    SHELL_ON_APOC,
    SHELL_ON_OURS,
    Machine,
    Record,
)

_LABELS: Final = {
    ("backup", OURS): "**this service**",
    ("backup", APOC_FILE): "APOC to a file, `gzip`, upload",
    ("backup", APOC_STREAM): "APOC's stream through `gzip`, upload",
    ("backup", FLOOR): "floor: a bare read",
    ("increment", OURS): "a full backup",
    ("increment", INCREMENT): "**an increment**, 1 % changed",
    ("increment", IDLE): "**an increment**, nothing changed",
    ("chain", OURS): "restore of a full backup",
    ("chain", CHAIN): "**restore of it and 24 increments**",
    ("restore", OURS): "**`backup.py restore`**",
    ("restore", SHELL_ON_OURS): "cypher-shell on this service's archive",
    ("restore", SHELL_ON_APOC): "cypher-shell on APOC's script",
    ("restore", FLOOR): "floor: the bare driver",
}
_STORING: Final = ("backup", "increment")
_NONE: Final = ""


def results(records: Sequence[Record], plot: str | None) -> str:
    """Return what was measured; `plot` is the name of the drawing's file, if there is one.

    :raises ValueError: if there is nothing to show.
    """
    found = comparisons(records)
    if not found:
        raise ValueError("nothing was measured")
    parts = [_machines(machines(records))]
    for subject, of_subject in groupby(found, key=lambda each: each.subject):
        parts.append(f"### {subject.capitalize()}")
        for graph, group in groupby(of_subject, key=lambda each: each.graph.name):
            sizes = list(group)
            parts += [f"#### {graph}", _contenders(sizes)]
            if subject == "backup":
                parts.append(_growth(sizes))
        if subject == "backup" and plot:
            parts.append(f"![Wall time and memory of a backup by the size of the graph]({plot})")
    return "\n\n".join(parts) + "\n"


def _machines(machines: Sequence[Machine]) -> str:
    """Say what runs were made on; of several runs, the last."""
    machine = machines[-1]
    days = dict.fromkeys((machines[0].session[:10], machine.session[:10]))
    return (
        f"Measured on {' to '.join(days)}: {machine.cores} cores for servers and clients "
        f"together, Neo4j Community {machine.neo4j}, APOC {machine.apoc}, Java {machine.java}, "
        f"Python {machine.python}."
    )


def goals(records: Sequence[Record]) -> str:
    """Return how each goal stands."""
    head = ("of", "graph", "nodes", "goal", "found", "")
    rows = []
    for finding in findings(comparisons(records)):
        goal, nodes = finding.goal, [f"{each.graph.nodes:,}" for each in finding.sizes]
        bound = "at least" if goal.is_minimum else "at most"
        rows.append(
            (
                goal.subject,
                finding.graph,
                " to ".join(dict.fromkeys((*nodes[:1], *nodes[-1:]))),
                f"{bound} {goal.limit:g} {goal.text}",
                _NONE if finding.value is None else _number(finding.value),
                f"**{finding.verdict}**" if finding.verdict == "not reached" else finding.verdict,
            )
        )
    return _table(head, "llrlrl", rows)


def _contenders(sizes: Sequence[Comparison]) -> str:
    is_backup = sizes[0].subject in _STORING
    head = ("nodes", "relationships", "", "wall s", "ours = 1", "client CPU s", "server CPU s",
            "peak MB", *(("stored MB", "ours = 1") if is_backup else ()))  # fmt: skip
    rows = []
    for comparison in sizes:
        graph = comparison.graph
        size = [f"{graph.nodes:,}", f"{graph.relationships:,}"]
        for contender, figures in comparison.figures.items():
            label = _LABELS[comparison.subject, contender]
            rows.append([*size, label, *_figures(comparison, contender, figures)])
            size = [_NONE, _NONE]
        archive = comparison.archive
        if is_backup and archive and archive.gzip_bytes is not None:
            ratio = archive.gzip_bytes / comparison.figures[OURS].stored_bytes
            empty = [_NONE] * 5
            rows.append([*size, "`gzip -6` of this service's text", *empty,
                         _number(archive.gzip_bytes / 1e6), _number(ratio)])  # fmt: skip
    return _table(head, "rrl" + "r" * (len(head) - 3), rows)


def _figures(comparison: Comparison, contender: str, figures: Figures) -> Iterator[str]:
    wall = _number(figures.wall_seconds)
    ratio = comparison.ratio(contender)
    yield wall if figures.has_succeeded else f"fails after {wall}"
    yield _NONE if ratio is None else _number(ratio)
    yield _number(figures.client_seconds)
    yield _number(figures.server_seconds)
    yield f"{figures.peak_bytes / 1e6:.0f}"
    if comparison.subject in _STORING:
        is_stored = figures.stored_bytes and figures.has_succeeded
        ours = comparison.figures[OURS].stored_bytes
        yield _number(figures.stored_bytes / 1e6) if is_stored else _NONE
        yield _number(figures.stored_bytes / ours) if is_stored else _NONE


def _growth(sizes: Sequence[Comparison]) -> str:
    """How this service's cost grows, and which method it chooses for itself."""
    head = ("nodes", "relationships", "wall s", "µs for each further entity", "peak MB",
            "`auto` chooses")  # fmt: skip
    slopes = [_NONE, *(_number(1e6 * marginal_seconds(*pair)) for pair in pairwise(sizes))]
    rows = [
        (
            f"{each.graph.nodes:,}",
            f"{each.graph.relationships:,}",
            _number(each.figures[OURS].wall_seconds),
            slope,
            f"{each.figures[OURS].peak_bytes / 1e6:.0f}",
            each.archive.auto if each.archive else _NONE,
        )
        for each, slope in zip(sizes, slopes, strict=True)
    ]
    return _table(head, "rrrrrl", rows)


def _number(value: float) -> str:
    """Return a number with as many digits as say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _table(head: Sequence[str], alignment: str, rows: Iterable[Sequence[str]]) -> str:
    rules = ("---:" if side == "r" else "---" for side in alignment)
    lines = (head, tuple(rules), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
