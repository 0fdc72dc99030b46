"""Compares a restored database with its archive: fingerprints, and the schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.fingerprint import Fingerprint
from neo4j_r2.archive.items import NodeBatch, RelationshipBatch, SchemaStatement
from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.archive.schema_description import DescribedSchema
from neo4j_r2.archive.text.quoting import CYPHER_25
from neo4j_r2.archive.text.rows import encode_rows, number_of
from neo4j_r2.core.threads import prefetch
from neo4j_r2.graph.database_contents import database_contents
from neo4j_r2.graph.reader import Graph
from neo4j_r2.restore.source import Source

_READ_AHEAD: Final = 2
_IS_OWN: Final = re.compile(rf"(?:{CYPHER_25})?CREATE (?!LOOKUP )")


@dataclass(frozen=True)
class Comparison:
    """How a restored database compares with its archive."""

    differences: list[str]
    """A sentence for each difference; nothing if it is the same."""
    fingerprint: str
    """Of the restored graph, as 64 hex digits."""


def compare_restored(
    source: Source,
    graph: Graph,
    node_ids: NodeIds,
    on_progress: Callable[[int], None],
    marks: Collection[str] = (),
) -> Comparison:
    """Compare a restored database with its archive; read both whole.

    :param node_ids: the ids that the server gave to the archive's nodes.
    :param on_progress: is given the number of entities just read, from the archive or the graph.
    :param marks: the names of indexes that this service has set to know the database by.
    """
    expected, schema = Fingerprint(), set[str]()
    for item in prefetch(source.items(), _READ_AHEAD):
        if isinstance(item, NodeBatch | RelationshipBatch):
            _add_batch(expected, item, node_ids)
            on_progress(len(item.rows))
        elif isinstance(item, SchemaStatement) and _IS_OWN.match(item.text):
            schema.add(item.text)
    found = []
    restored = graph_fingerprint(graph, on_progress)
    if expected != restored:
        found.append("The restored graph has another fingerprint than the archive's rows")
    present = database_contents(graph).without(*marks).statements
    found += [f"Missing: {text}" for text in _lacking(schema, present)]
    found += [f"Not in the archive: {text}" for text in _lacking(present, schema)]
    return Comparison(found, restored.hex)


def _lacking(statements: Iterable[str], others: Iterable[str]) -> list[str]:
    """Return the statements whose objects the others do not have."""
    described = DescribedSchema(others)
    return [statement for statement in sorted(statements) if statement not in described]


def _add_batch(
    fingerprint: Fingerprint, batch: NodeBatch | RelationshipBatch, node_ids: NodeIds
) -> None:
    if isinstance(batch, NodeBatch):
        for number, row in zip(node_ids.get(batch.names), batch.rows, strict=True):
            fingerprint.add_node(number, batch.labels, batch.columns, row)
    else:
        ends = zip(node_ids.get(batch.starts), node_ids.get(batch.ends), strict=True)
        for pair, row in zip(ends, batch.rows, strict=True):
            fingerprint.add_relationship(batch.type, pair, batch.columns, row)


def graph_fingerprint(graph: Graph, on_progress: Callable[[int], None]) -> Fingerprint:
    """Return the fingerprint of a database; reads its whole graph."""
    fingerprint = Fingerprint()
    for nodes in map(encode_rows, prefetch(graph.nodes.read_all(), _READ_AHEAD)):
        for rows in nodes:
            group, columns = rows.shape
            for number, values in zip(rows.ids, rows.values(), strict=True):
                fingerprint.add_node(number, group, columns, values)
        on_progress(number_of(nodes))
    for relationships in map(encode_rows, prefetch(graph.relationships.read_all(), _READ_AHEAD)):
        for rows in relationships:
            (kind,), columns = rows.shape
            for ends, values in zip(zip(*rows.names, strict=True), rows.values(), strict=True):
                fingerprint.add_relationship(kind, ends, columns, values)
        on_progress(number_of(relationships))
    return fingerprint
