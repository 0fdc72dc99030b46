"""What the service has to reach, and whether it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from bench.comparison import Comparison, marginal_seconds
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
    Subject,
)

Verdict = Literal["reached", "not reached", "no comparison", "not measured"]
Sizes = Sequence[Comparison]
"""Of one graph, in ascending order."""


@dataclass(frozen=True)
class Goal:
    """A limit for a figure of backups or restores."""

    subject: Subject
    graphs: tuple[str, ...]
    text: str
    limit: float
    is_minimum: bool
    """Whether the limit is the least that is wanted, and not the most."""
    value: Callable[[Sizes], float | None]
    """Of one size, or of all if `is_of_growth`; None where it was not measured."""
    peer: str = ""
    """The contender that is needed for it."""
    nodes: tuple[int, ...] = ()
    """The sizes that it is for, by their nodes; empty for all."""
    is_of_growth: bool = False

    def parts(self, sizes: Sizes) -> list[Sizes]:
        """Return what the goal is to be looked at for."""
        return [sizes] if self.is_of_growth else [[each] for each in sizes]


@dataclass(frozen=True)
class Finding:
    """How a goal stands."""

    goal: Goal
    graph: str
    sizes: Sizes
    """Empty if nothing measured says anything about it."""
    value: float | None
    """None too if the peer failed."""

    @property
    def verdict(self) -> Verdict:
        """What is to be said of it."""
        if not self.sizes:
            return "not measured"
        if self.value is None:
            return "no comparison"
        limit = self.goal.limit
        reaches = self.value >= limit if self.goal.is_minimum else self.value <= limit
        return "reached" if reaches else "not reached"


def findings(comparisons: Sequence[Comparison]) -> list[Finding]:
    """Return how each goal stands for each graph that was measured."""
    found = []
    for goal in GOALS:
        for graph in goal.graphs:
            sizes = [
                each
                for each in comparisons
                if (each.subject, each.graph.name) == (goal.subject, graph)
                and (not goal.nodes or each.graph.nodes in goal.nodes)
            ]
            if sizes:
                found += _findings(goal, graph, sizes)
    return found


def _findings(goal: Goal, graph: str, sizes: Sizes) -> list[Finding]:
    found = [
        Finding(goal, graph, part, value)
        for part in goal.parts(sizes)
        for value in [goal.value(part)]
        if value is not None or goal.peer in part[-1].figures
    ]
    return found or [Finding(goal, graph, (), None)]


def _times_slower(contender: str) -> Callable[[Sizes], float | None]:
    """How many times our wall time a contender takes."""
    return lambda sizes: sizes[0].ratio(contender)


def _over_floor(sizes: Sizes) -> float | None:
    ratio = sizes[0].ratio(FLOOR)
    return None if ratio is None else 1 / ratio


def _over_gzip(sizes: Sizes) -> float | None:
    archive = sizes[0].archive
    if archive is None or archive.gzip_bytes is None:
        return None
    return sizes[0].figures[OURS].stored_bytes / archive.gzip_bytes


def _client_microseconds(sizes: Sizes) -> float:
    """Return our CPU time for an entity; for the largest graphs a start costs nothing."""
    graph = sizes[0].graph
    entities = graph.nodes + graph.relationships
    return 1e6 * sizes[0].figures[OURS].client_seconds / entities


def _stored_share(sizes: Sizes) -> float | None:
    figures = sizes[0].figures
    return figures[INCREMENT].stored_bytes / figures[OURS].stored_bytes


def _idle_seconds(sizes: Sizes) -> float | None:
    return sizes[0].figures[IDLE].wall_seconds


def _peak_megabytes(sizes: Sizes) -> float:
    return sizes[0].figures[OURS].peak_bytes / 1e6


def _memory_growth(sizes: Sizes) -> float | None:
    if len(sizes) < 2:
        return None
    return sizes[-1].figures[OURS].peak_bytes / sizes[0].figures[OURS].peak_bytes


def _cost_growth(sizes: Sizes) -> float | None:
    """What a further entity costs between the largest sizes, over that between the smallest."""
    if len(sizes) < 3:
        return None
    first = marginal_seconds(sizes[0], sizes[1])
    return marginal_seconds(sizes[-2], sizes[-1]) / first if first > 0 else None


_SOCIAL: Final = ("social",)
_GRAPHITI: Final = ("graphiti",)
_BOTH: Final = (*_SOCIAL, *_GRAPHITI)
_THAN_FILE: Final = "times as fast as APOC to a file, `gzip`, upload"
_THAN_STREAM: Final = "times as fast as APOC's stream through `gzip`, upload"
_BARE_READ: Final = "times the wall time of a bare read"
_LARGE: Final = (12_900, 129_000)


def _faster(
    graphs: tuple[str, ...], nodes: tuple[int, ...], text: str, limit: float, peer: str
) -> Goal:
    """Return the goal that a backup is so many times as fast as a peer."""
    return Goal("backup", graphs, text, limit, True, _times_slower(peer), peer, nodes)


def _near_floor(graphs: tuple[str, ...], nodes: tuple[int, ...], limit: float) -> Goal:
    return Goal("backup", graphs, _BARE_READ, limit, False, _over_floor, nodes=nodes)


GOALS: Final = (
    _faster(_SOCIAL, (10_000,), _THAN_FILE, 1.2, APOC_FILE),
    _faster(_SOCIAL, (100_000,), _THAN_FILE, 2, APOC_FILE),
    _faster(_SOCIAL, (100_000,), _THAN_STREAM, 1.6, APOC_STREAM),
    _faster(_GRAPHITI, _LARGE, _THAN_FILE, 8, APOC_FILE),
    _near_floor(_SOCIAL, (1_000_000,), 1.5),
    _near_floor(_GRAPHITI, _LARGE, 2),
    Goal(
        "backup",
        _SOCIAL,
        "µs of client CPU for an entity",
        4,
        False,
        _client_microseconds,
        nodes=(1_000_000,),
    ),
    Goal("backup", _BOTH, "times the bytes of `gzip -6`", 1.1, False, _over_gzip),
    Goal("backup", _BOTH, "MB of memory", 150, False, _peak_megabytes),
    Goal(
        "backup",
        _BOTH,
        "times the memory at the smallest size (flat)",
        1.25,
        False,
        _memory_growth,
        is_of_growth=True,
    ),
    Goal(
        "backup",
        _BOTH,
        "times the time for a further entity at the smallest sizes (a straight line)",
        1.25,
        False,
        _cost_growth,
        is_of_growth=True,
    ),
    Goal(
        "increment",
        _BOTH,
        "of the bytes of a full backup, after 1 % has changed",
        0.03,
        False,
        _stored_share,
    ),
    Goal(
        "increment",
        _BOTH,
        "times the wall time of a full backup, after 1 % has changed",
        1.1,
        False,
        _times_slower(INCREMENT),
        INCREMENT,
    ),
    Goal("increment", _BOTH, "s if nothing was committed", 1.5, False, _idle_seconds),
    Goal(
        "chain",
        _BOTH,
        "times the restore of a full backup, with 24 increments of 1 %",
        1.5,
        False,
        _times_slower(CHAIN),
        CHAIN,
    ),
    Goal(
        "restore",
        _BOTH,
        "times as fast as cypher-shell on APOC's script",
        50,
        True,
        _times_slower(SHELL_ON_APOC),
        SHELL_ON_APOC,
    ),
    Goal(
        "restore",
        _BOTH,
        "times as fast as cypher-shell on this service's archive",
        2,
        True,
        _times_slower(SHELL_ON_OURS),
        SHELL_ON_OURS,
    ),
    Goal("restore", _BOTH, "times the wall time of the bare driver", 1.5, False, _over_floor),
)
