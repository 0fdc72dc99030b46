"""An estimate of an archive's size before it is made: an upload's part size cannot grow later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from neo4j_r2.cypher import string_literal
from neo4j_r2.graph import Graph
from neo4j_r2.rows import Row, node_rows, relationship_rows

_SAMPLES: Final = 32


def estimate_text(graph: Graph) -> int:
    """Return about how many bytes of text the graph makes, from a few entities of each kind."""
    nodes, relationships = graph.counts()
    last_node, last_relationship = graph.highest_node_id(), graph.highest_relationship_id()
    node_size = _mean_size(graph.nodes_by_ids, node_rows, last_node)
    relationship_size = _mean_size(graph.relationships_by_ids, relationship_rows, last_relationship)
    return nodes * node_size + relationships * relationship_size


def _mean_size(
    read: Callable[[Iterable[int]], Iterator[list[Any]]],
    encode: Callable[[list[Any]], list[Row]],
    last: int,
) -> int:
    """Return the mean size of entities spread over all ids, read one by one: they may be large."""
    ids = {last * sample // _SAMPLES for sample in range(_SAMPLES + 1)} if last >= 0 else set()
    rows = (row for number in ids for records in read([number]) for row in encode(records))
    sizes = [len(string_literal("\t".join(row.identity + row.cells))) for row in rows]
    return sum(sizes) // len(sizes) if sizes else 0
