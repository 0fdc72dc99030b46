"""Makes families of metrics: one gauge, gauges for each database, or a counter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

Thing = TypeVar("Thing")
Gauges = Mapping[str, tuple[str, Callable[[Thing], float]]]
"""For each gauge, by the end of its name: its help text, and how its value is read from a thing."""

PREFIX: Final = "neo4j_backup"
"""Every name begins with it."""


def gauge(name: str, text: str, value: float) -> Metric:
    """Return a gauge of the whole service."""
    return GaugeMetricFamily(f"{PREFIX}_{name}", text, float(value))


def gauges(table: Gauges[Thing], things: Mapping[str, Thing | None]) -> list[Metric]:
    """Return the gauges of a table; a database without a thing has no sample.

    :param things: by the name of the database.
    """
    families: list[Metric] = []
    for name, (text, read) in table.items():
        family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["database"])
        for database, thing in things.items():
            if thing is not None:
                family.add_metric([database], float(read(thing)))
        families.append(family)
    return families


def counter(
    name: str, text: str, labels: list[str], counts: Mapping[tuple[str, ...], int]
) -> Metric:
    """Return a counter.

    :param counts: by the values of the labels.
    """
    family = CounterMetricFamily(f"{PREFIX}_{name}", text, labels=labels)
    for values, count in counts.items():
        family.add_metric(list(values), float(count))
    return family


def with_zeros(kinds: tuple[str, ...], failures: Mapping[str, int]) -> Mapping[str, int]:
    """Return a count for every kind of failure, 0 too.

    If a counter first appears with 1, Prometheus sees no rise.
    """
    return {**dict.fromkeys(kinds, 0), **failures}
