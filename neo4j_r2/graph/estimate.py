"""Estimates an archive's size from a sample of the graph, before the archive is made."""

from __future__ import annotations

from itertools import chain
from typing import Final, NamedTuple

from neo4j_r2.archive.text.quoting import string_literal
from neo4j_r2.archive.text.rows import Rows, encode_rows, weight
from neo4j_r2.graph.entities import Entities
from neo4j_r2.graph.reader import Graph

_SAMPLES: Final = 32


class Estimate(NamedTuple):
    """About how large some entities are."""

    text: int
    """Bytes in an archive."""
    weight: int
    """Characters that they count for in memory; see `rows.weight`."""

    def times(self, number: int) -> Estimate:
        """Return how large a number of such entities is."""
        return Estimate(self.text * number, self.weight * number)


def estimate(graph: Graph) -> Estimate:
    """Return about how large the graph is, from a few entities of each kind."""
    sizes = zip(mean_sizes(graph), graph.catalogue.counts(), strict=True)
    both = [size.times(number) for size, number in sizes]
    return Estimate(*map(sum, zip(*both, strict=True)))


def mean_sizes(graph: Graph) -> tuple[Estimate, Estimate]:
    """Return the mean size of a node and of a relationship, about; zero if there are none."""
    return _mean_size(graph.nodes), _mean_size(graph.relationships)


def _mean_size(entities: Entities) -> Estimate:
    """Return the mean size of a few entities, with ids from the lowest to the highest.

    They are read one by one, since they may be large.
    """
    last = entities.highest_id()
    ids = {last * sample // _SAMPLES for sample in range(_SAMPLES + 1)} if last >= 0 else set()
    reads = chain.from_iterable(entities.read_ids([number]) for number in ids)
    single_rows = chain.from_iterable(map(encode_rows, reads))
    sizes = [(_text_size(row), weight([row])) for row in single_rows]
    if not sizes:
        return Estimate(0, 0)
    return Estimate(*(sum(each) // len(sizes) for each in zip(*sizes, strict=True)))


def _text_size(row: Rows) -> int:
    """Return how many characters a single row takes in an archive."""
    cells = [*map(str, chain.from_iterable(row.names)), *chain.from_iterable(row.cells)]
    return len(string_literal("\t".join(cells)))
