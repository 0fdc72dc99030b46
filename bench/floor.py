"""The least that a backup or a restore can cost: the same records by the same driver, and no more.

    python -m bench.floor read
    python -m bench.floor write STEPS

`read` drops what it reads. `write` sends what `steps.write_steps` has written, each batch in one
transaction.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from neo4j import Query, Session

from bench.connections import open_driver, settings
from bench.steps import Nodes, Relationships, read_steps
from neo4j_r2.archive.text.rows import encode_rows, weight
from neo4j_r2.core.alike_entities import AlikeEntities
from neo4j_r2.graph.reader import Graph
from testbed.rows import Rows

_AWAIT: Final = "CALL db.awaitIndexes(86400)"


def read() -> None:
    """Read the whole graph by the service's queries; an error says if it was not the whole."""
    with Graph(settings(), retry_seconds=0) as graph:
        found = _drop(graph, graph.nodes.read_all()), _drop(graph, graph.relationships.read_all())
        counts = graph.catalogue.counts()
        if found != counts:
            raise RuntimeError(f"read {found} of {counts} nodes and relationships")


def _drop(graph: Graph, read: Iterator[list[AlikeEntities]]) -> int:
    """Read entities, and return how many there are."""
    total = 0
    for entities in read:
        number = sum(map(len, entities))
        total += number
        # The walk chooses the records' size by all of them; for the same sizes one is enough.
        firsts = (each.piece(slice(1)) for each in entities[:1])
        size = weight(encode_rows(filter(None, firsts)))
        graph.read_sizes.expect(size * number, max(1, number))
    return total


def write(path: Path) -> None:
    """Restore a graph and its schema into an empty database."""
    numbers: dict[Any, int] = {}
    with open_driver() as driver, driver.session() as session:
        for step in read_steps(path):
            match step:
                case Nodes():
                    _write_nodes(session, step, numbers)
                case Relationships():
                    _write_relationships(session, step, numbers)
                case _:
                    session.run(Query(step)).consume()
        session.run(_AWAIT).consume()


def _write_nodes(session: Session, nodes: Nodes, numbers: dict[Any, int]) -> None:
    record = session.run(Query(nodes.query), rows=Rows(nodes.rows)).single(strict=True)
    for row, number in record["ids"]:
        numbers[nodes.identities[row]] = number


def _write_relationships(
    session: Session, relationships: Relationships, numbers: dict[Any, int]
) -> None:
    rows = [
        [numbers[start], numbers[end], *row]
        for start, end, row in zip(
            relationships.starts, relationships.ends, relationships.rows, strict=True
        )
    ]
    session.run(Query(relationships.query), rows=Rows(rows)).consume()


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read()
    else:
        write(Path(sys.argv[2]))
