"""An estimate of an archive's size before it is made: an upload's part size cannot grow later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from neo4j_r2.archive.text.quoting import string_literal
from neo4j_r2.archive.text.rows import Row, node_rows, relationship_rows, weight
from neo4j_r2.graph.reader import Graph

_SAMPLES: Final = 32


class Estimate(NamedTuple):
    """About how large something is."""

    text: int
    """Bytes in an archive."""
    weight: int
    """As `rows.weight` has it."""

    def times(self, number: int) -> Estimate:
        """Return how large so many of it are."""
        return Estimate(self.text * number, self.weight * number)


def estimate(graph: Graph) -> Estimate:
    """Return about how large the graph is, from a few entities of each kind."""
    sizes = zip(mean_sizes(graph), graph.counts(), strict=True)
    both = [size.times(number) for size, number in sizes]
    return Estimate(*map(sum, zip(*both, strict=True)))


def mean_sizes(graph: Graph) -> tuple[Estimate, Estimate]:
    """Return about how large a node is, and a relationship; nothing if there are none."""
    last_node, last_relationship = graph.highest_node_id(), graph.highest_relationship_id()
    return (
        _mean_size(graph.nodes_by_ids, node_rows, last_node),
        _mean_size(graph.relationships_by_ids, relationship_rows, last_relationship),
    )


def _mean_size(
    read: Callable[[Iterable[int]], Iterator[list[Any]]],
    encode: Callable[[list[Any]], list[Row]],
    last: int,
) -> Estimate:
    """Return the mean size of entities spread over all ids, read one by one: they may be large."""
    ids = {last * sample // _SAMPLES for sample in range(_SAMPLES + 1)} if last >= 0 else set()
    rows = (row for number in ids for records in read([number]) for row in encode(records))
    sizes = [(len(string_literal("\t".join(row.ids + row.cells))), weight([row])) for row in rows]
    if not sizes:
        return Estimate(0, 0)
    return Estimate(*(sum(each) // len(sizes) for each in zip(*sizes, strict=True)))
