"""The benchmark's command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.jars import PROJECT_ROOT

DOCUMENT: Final = PROJECT_ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Scale:
    """A graph to be generated, and what it is for."""

    graph: str
    """social or graphiti."""
    entities: int
    is_backed_up: bool
    """Whether backups of it are compared."""
    is_restored: bool
    """Whether restores of it are compared."""
    is_incremented: bool
    """Whether increments of it are compared with full backups."""


@dataclass(frozen=True)
class Options:
    """What to measure, and where the results go."""

    scales: tuple[Scale, ...]
    warm_up: int
    """Rounds of all contenders that are not measured."""
    repeat: int
    """Rounds that are."""
    skip_slow: bool
    """Whether cypher-shell on APOC's script is left out."""
    largest_peer: int | None
    """Above so many entities there are no peers, only this service and the floor."""
    json: Path | None
    """Where records are appended."""
    from_json: Path | None
    """Where records are read, and nothing is measured."""
    document: Path | None
    """Where tables and plot are written; None prints the tables."""

    def has_peers(self, entities: int) -> bool:
        """Whether peers are measured on a graph of so many entities."""
        return self.largest_peer is None or entities <= self.largest_peer


def parse_arguments(arguments: Sequence[str]) -> Options:
    """Return what a command line asks for; a wrong one ends the process with its usage."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures this service beside its peers, on servers of its own.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_graphs(parser.add_argument)
    _add_rounds(parser.add_argument)
    _add_results(parser.add_argument)
    found = parser.parse_args(arguments)
    return Options(
        scales=(
            *_scales("social", found.social, found.restore_social, found.increment_social),
            *_scales("graphiti", found.graphiti, found.restore_graphiti, found.increment_graphiti),
        ),
        warm_up=found.warm_up,
        repeat=found.repeat,
        skip_slow=found.skip_slow,
        largest_peer=found.largest_peer,
        json=found.json,
        from_json=found.from_json,
        document=found.write,
    )


def _add_graphs(add: Callable[..., object]) -> None:
    people, embeddings = "nodes of the graph of people", "entities of the graph with embeddings"
    for flag, what, default in (
        ("--social", people, "10000,100000"),
        ("--graphiti", embeddings, "1000,10000"),
    ):
        add(flag, type=_sizes, default=default, metavar="N,…", help=f"{what} to back up; 0: none")
    for flag, what, size in (
        ("--restore-social", people, 30_000),
        ("--restore-graphiti", embeddings, 1_500),
    ):
        add(flag, type=_count, default=size, metavar="N", help=f"{what} to restore; 0: none")
    for flag, what in (("--increment-social", people), ("--increment-graphiti", embeddings)):
        add(flag, type=_count, default=0, metavar="N", help=f"{what} for increments; 0: none")


def _add_rounds(add: Callable[..., object]) -> None:
    add("--warm-up", type=_count, default=1, metavar="N", help="rounds that are not measured")
    add("--repeat", type=_positive, default=3, metavar="N", help="rounds that are measured")
    add(
        "--skip-slow",
        action="store_true",
        help="leave out cypher-shell on APOC's script, which takes a quarter of an hour or more",
    )
    add(
        "--largest-peer",
        type=_positive,
        metavar="N",
        help="above so many entities measure only this service and the floor",
    )


def _add_results(add: Callable[..., object]) -> None:
    add("--json", type=Path, metavar="PATH", help="append each result to a file at once")
    add("--from-json", type=Path, metavar="PATH", help="take such results, and measure nothing")
    add(
        "--write",
        type=Path,
        nargs="?",
        const=DOCUMENT,
        metavar="PATH",
        help="write tables and plot into a document, docs/performance.md, and do not print them",
    )


def _scales(graph: str, backed_up: Sequence[int], restored: int, incremented: int) -> list[Scale]:
    """Return each graph once, in ascending order, whatever it is for."""
    sizes = sorted({*backed_up, restored, incremented} - {0})
    return [
        Scale(graph, size, size in backed_up, size == restored, size == incremented)
        for size in sizes
    ]


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(map(_count, text.split(",")))


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def _positive(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise ValueError(text)
    return number
