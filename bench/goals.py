"""What the service has to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bench.comparison import Comparison
from bench.records import APOC_FILE, FLOOR, OURS, SHELL_ON_APOC, SHELL_ON_OURS, Subject

GRAPHS: Final = ("social", "graphiti")


@dataclass(frozen=True)
class Goal:
    """A limit for a figure of one backup or restore."""

    subject: Subject
    graphs: tuple[str, ...]
    text: str
    limit: float
    is_minimum: bool
    """Whether the limit is the least that is wanted, and not the most."""
    value: Callable[[Comparison], float | None]
    """None where it was not measured."""
    peer: str = ""
    """The contender that is needed for it."""


Verdict = Literal["reached", "not reached", "no comparison", "not measured"]


@dataclass(frozen=True)
class Finding:
    """How a goal stands."""

    goal: Goal
    graph: str
    comparison: Comparison | None
    """None if nothing measured says anything about it."""
    value: float | None
    """None too if the peer failed."""

    @property
    def verdict(self) -> Verdict:
        """What is to be said of it."""
        if self.comparison is None:
            return "not measured"
        if self.value is None:
            return "no comparison"
        reaches = (
            self.value >= self.goal.limit
            if self.goal.is_minimum
            else (self.value <= self.goal.limit)
        )
        return "reached" if reaches else "not reached"


def _times_slower(contender: str) -> Callable[[Comparison], float | None]:
    """How many times our wall time a contender takes."""
    return lambda comparison: comparison.ratio(contender)


def _over_floor(comparison: Comparison) -> float | None:
    ratio = comparison.ratio(FLOOR)
    return None if ratio is None else 1 / ratio


def _over_gzip(comparison: Comparison) -> float | None:
    archive = comparison.archive
    if archive is None or archive.gzip_bytes is None:
        return None
    return comparison.figures[OURS].stored_bytes / archive.gzip_bytes


def _peak_megabytes(comparison: Comparison) -> float | None:
    return comparison.figures[OURS].peak_bytes / 1e6


GOALS: Final = (
    Goal("backup", ("social",), "times as fast as APOC to a file, `gzip`, upload", 3, True,
         _times_slower(APOC_FILE), APOC_FILE),
    Goal("backup", ("graphiti",), "times as fast as APOC to a file, `gzip`, upload", 5, True,
         _times_slower(APOC_FILE), APOC_FILE),
    Goal("backup", GRAPHS, "times the bytes of `gzip -6`", 1.1, False, _over_gzip),
    Goal("backup", GRAPHS, "times the wall time of a bare read", 1.3, False, _over_floor),
    Goal("backup", GRAPHS, "MB of memory", 150, False, _peak_megabytes),
    Goal("restore", GRAPHS, "times as fast as cypher-shell on APOC's script", 50, True,
         _times_slower(SHELL_ON_APOC), SHELL_ON_APOC),
    Goal("restore", GRAPHS, "times as fast as cypher-shell on this service's archive", 2, True,
         _times_slower(SHELL_ON_OURS), SHELL_ON_OURS),
    Goal("restore", GRAPHS, "times the wall time of the bare driver", 1.5, False, _over_floor),
)  # fmt: skip


def findings(comparisons: Sequence[Comparison]) -> list[Finding]:
    """Return how each goal stands on each graph that was measured, in each of its sizes."""
    measured = {(each.subject, each.graph.name) for each in comparisons}
    return [
        finding
        for goal in GOALS
        for graph in goal.graphs
        if (goal.subject, graph) in measured
        for finding in _findings(goal, graph, comparisons)
    ]


def _findings(goal: Goal, graph: str, comparisons: Sequence[Comparison]) -> list[Finding]:
    found = [
        Finding(goal, graph, each, value)
        for each in comparisons
        if (each.subject, each.graph.name) == (goal.subject, graph)
        for value in [goal.value(each)]
        if value is not None or goal.peer in each.figures
    ]
    return found or [Finding(goal, graph, None, None)]
