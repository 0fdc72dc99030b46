"""Samples of one graph, put beside each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from bench.measure import Usage
from bench.records import OURS, Archive, Graph, Machine, Record, Sample, Subject


@dataclass(frozen=True)
class Figures:
    """Medians of one contender's runs, but of memory the most."""

    wall_seconds: float
    client_seconds: float
    server_seconds: float
    peak_bytes: int
    stored_bytes: float
    has_succeeded: bool
    """Whether every run did."""


@dataclass(frozen=True)
class Comparison:
    """The contenders of a backup or a restore of one graph."""

    subject: Subject
    graph: Graph
    figures: dict[str, Figures]
    """By contender."""
    archive: Archive | None

    def ratio(self, contender: str) -> float | None:
        """How many times our wall time a contender takes; None without a success of both."""
        ours, other = self.figures.get(OURS), self.figures.get(contender)
        if ours is None or other is None or not other.has_succeeded:
            return None
        return other.wall_seconds / ours.wall_seconds


def machines(records: Iterable[Record]) -> list[Machine]:
    """Return what the runs were made on, oldest first."""
    return [record for record in records if isinstance(record, Machine)]


def comparisons(records: Sequence[Record]) -> list[Comparison]:
    """Return all comparisons: backups, then restores, each by graph and size.

    Of a graph that several runs have measured only the last one's samples count: contenders are
    compared side by side.
    """
    samples = sorted(
        (record for record in records if isinstance(record, Sample)),
        key=_place,
    )
    archives = {
        (record.session, record.graph): record for record in records if isinstance(record, Archive)
    }
    found = []
    for _, group in groupby(samples, key=_place):
        members = list(group)
        session = max(sample.session for sample in members)
        members = [sample for sample in members if sample.session == session]
        first = members[0]
        found.append(
            Comparison(
                first.subject,
                first.graph,
                _figures(members),
                archives.get((session, first.graph)),
            )
        )
    return found


def marginal_seconds(smaller: Comparison, larger: Comparison) -> float:
    """Return our seconds for each entity that the larger graph has more."""
    entities = [each.graph.nodes + each.graph.relationships for each in (smaller, larger)]
    seconds = [each.figures[OURS].wall_seconds for each in (smaller, larger)]
    return (seconds[1] - seconds[0]) / (entities[1] - entities[0])


def _place(sample: Sample) -> tuple[str, str, int]:
    # social before graphiti: from small entities to large ones
    return (
        sample.subject,
        "" if sample.graph.name == "social" else sample.graph.name,
        sample.graph.entities,
    )


def _figures(samples: Sequence[Sample]) -> dict[str, Figures]:
    contenders = dict.fromkeys(sample.contender for sample in samples)
    return {
        contender: medians([sample for sample in samples if sample.contender == contender])
        for contender in contenders
    }


def medians(samples: Sequence[Sample]) -> Figures:
    """Return the medians of one contender's samples."""
    usages: list[Usage] = [sample.usage for sample in samples]
    return Figures(
        wall_seconds=median(usage.wall_seconds for usage in usages),
        client_seconds=median(usage.client_seconds for usage in usages),
        server_seconds=median(usage.server_seconds for usage in usages),
        peak_bytes=max(usage.peak_bytes for usage in usages),
        stored_bytes=median(sample.stored_bytes for sample in samples),
        has_succeeded=all(sample.has_succeeded for sample in samples),
    )
