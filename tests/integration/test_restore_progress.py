"""What a restore tells while the server deletes, and while it builds indexes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target, Write
from neo4j_r2.restore.build_progress import BuildProgress
from neo4j_r2.restore.build_schema import SchemaBuilder
from neo4j_r2.restore.delete_all import delete_all
from testbed.neo4j_server import Neo4jServer

NODES = 100_000
FILL = "UNWIND range(1, $nodes) AS i CREATE (:A {a: i, b: toString(i), c: [i]})"


@pytest.fixture
def connected(target: Neo4jServer) -> Iterator[tuple[Graph, Target]]:
    """Connections of a restore to a server with many nodes."""
    with target.driver() as driver:
        driver.execute_query(FILL, nodes=NODES)
    settings = Neo4jSettings(target.uri, target.user, Secret(target.password), target.database)
    with Graph(settings, 10) as graph, Target(settings) as writer:
        yield graph, writer


def test_a_restore_tells_how_far_the_indexes_are(
    connected: tuple[Graph, Target], caplog: pytest.LogCaptureFixture
) -> None:
    graph, target = connected
    alive: list[None] = []
    progress = BuildProgress(graph, lambda: alive.append(None), interval_seconds=0)
    builder = SchemaBuilder(graph, target, progress)
    names = ("a", "b", "c")
    with caplog.at_level(logging.INFO):
        failures = builder.create(f"CREATE INDEX {each} FOR (n:A) ON (n.{each})" for each in names)
        failures += builder.await_indexes()
    assert failures == []
    assert alive
    told = [line for line in caplog.messages if line.startswith("Building indexes: ")]
    assert told
    assert all("%" in line for line in told)


def test_a_deletion_is_told_as_one_and_counts_what_it_deletes(
    connected: tuple[Graph, Target], caplog: pytest.LogCaptureFixture
) -> None:
    graph, target = connected
    (written,) = target.write([Write("MATCH (n:A) WHERE n.a <= 7 DELETE n", [], None)])
    assert written.deleted == 7
    with caplog.at_level(logging.INFO):
        delete_all(graph, target, lambda: None, interval_seconds=0)
    begin, *steps = caplog.messages
    assert begin == f"Deleting {NODES - 7:,} nodes, 0 relationships"
    line = rf"Deleted ([\d,]+) of {NODES - 7:,} entities \([\d,]+/s\), about .+ left"
    deleted = [int(each[1].replace(",", "")) for each in map(re.compile(line).match, steps) if each]
    assert len(deleted) > 1
    assert deleted == sorted(deleted)
    assert deleted[-1] == NODES - 7
    assert graph.catalogue.counts() == (0, 0)
