"""A server with little memory for transactions: everything is still deleted and written.

By default, all transactions of a server together may take 70 % of its heap. The limit and the graph
here are a fifteenth of a real case: a heap of 512 MB and 12,000 nodes with embeddings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j import Driver

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.restoring import (
    Original,
    assert_restored,
    contents,
    count_nodes,
    differences,
)
from tests.service import Service

LIMIT = "24m"
LARGE = 800
"""Nodes, each with an embedding and a text."""
HUGE_CHARACTERS = 30_000_000
"""Of all huge nodes together, which are among many small ones."""


@pytest.fixture(scope="module")
def small_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A server with little memory for transactions."""
    settings = {"dbms.memory.transaction.total.max": LIMIT}
    directory = tmp_path_factory.mktemp("little-memory")
    with Neo4jServer(directory, apoc=False, extra_settings=settings) as server:
        yield server


@pytest.fixture
def full_server(small_server: Neo4jServer) -> Neo4jServer:
    """The same server with more nodes than it can delete at once."""
    small_server.reset()
    with small_server.driver() as driver:
        fill(driver)
    return small_server


def fill(driver: Driver) -> None:
    for first in range(0, LARGE, 50):
        driver.execute_query(
            "UNWIND range($first, $first + 49) AS i "
            "CREATE (:Chunk {number: i, text: $text, embedding: $embedding})",
            first=first,
            text="x" * 1024,
            embedding=[math.sin(first + place) for place in range(1536)],
        )


def fill_unevenly(driver: Driver, characters: int) -> None:
    """Create huge nodes, each with a text of so many characters, between small nodes."""
    _fill_with_small_nodes(driver)
    for _ in range(HUGE_CHARACTERS // characters):
        driver.execute_query("CREATE (:Huge {text: $text})", text="x" * characters)
    for _ in range(4):
        _fill_with_small_nodes(driver)


def _fill_with_small_nodes(driver: Driver) -> None:
    driver.execute_query("UNWIND range(1, 2000) AS i CREATE (:Small {number: i})")


@pytest.fixture(scope="module")
def original(
    servers: tuple[Neo4jServer, Neo4jServer],
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Original:
    """A backup of the large graph."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        fill(driver)
        driver.execute_query(
            "MATCH (a:Chunk) MATCH (b:Chunk {number: a.number + 1}) "
            "CREATE (a)-[:NEXT {embedding: a.embedding}]->(b)"
        )
    return Original.of(
        source, s3, tmp_path_factory.mktemp("large-nodes"), BACKUP_EXPORT_METHOD="manual"
    )


@pytest.fixture
def file(original: Original, tmp_path: Path) -> Path:
    """The backup as a file."""
    path = tmp_path / "original.cypher.gz"
    path.write_bytes(original.backup.archive)
    return path


@pytest.fixture
def service(small_server: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service, configured for the server with little memory."""
    return Service.configured(small_server, s3, bucket, tmp_path)


def test_a_forced_restore_replaces_more_than_the_server_can_delete_at_once(
    service: Service, full_server: Neo4jServer, original: Original, file: Path
) -> None:
    run = service.run("restore", "--force", "--from-file", str(file))
    assert_restored(run, original, full_server)
    [safety] = service.backups()
    assert safety.manifest["export"]["nodes"] == LARGE


def test_a_deletion_goes_on_in_smaller_steps_where_the_server_refused_one(
    service: Service, small_server: Neo4jServer, original: Original, file: Path
) -> None:
    small_server.reset()
    with small_server.driver() as driver:
        fill_unevenly(driver, 500_000)
    run = service.run("restore", "--force", "--no-safety-backup", "--from-file", str(file))
    assert "[WARNING] Neo4j refused a deletion for its size, deleting in smaller steps" in run.log
    assert_restored(run, original, small_server)


def test_a_drill_empties_the_server_again(
    service: Service, source: Neo4jServer, small_server: Neo4jServer
) -> None:
    small_server.reset()
    with source.driver() as driver:
        fill(driver)
    drilled = service.with_variables(
        NEO4J_URI=source.uri,
        NEO4J_PASSWORD=source.password,
        RESTORE_NEO4J_PASSWORD=small_server.password,
        BACKUP_EXPORT_METHOD="manual",
    )
    drilled.backup()
    run = drilled.run("verify", "--drill", small_server.uri)
    assert run.exit_code == 0, run.log
    assert count_nodes(small_server) == 0


def test_cypher_shell_restores_and_removes_the_restore_key(
    small_server: Neo4jServer, original: Original
) -> None:
    small_server.reset()
    run_cypher_shell(small_server, original.backup.text, heap="1g")
    assert differences(original.fingerprint, small_server) == ""


def test_cypher_shell_does_so_too_where_only_some_nodes_are_large(
    service: Service, source: Neo4jServer, small_server: Neo4jServer
) -> None:
    small_server.reset()
    with source.driver() as driver:
        fill_unevenly(driver, 100_000)
    variables = {"NEO4J_URI": source.uri, "NEO4J_PASSWORD": source.password}
    backup = service.with_variables(**variables).backup()
    run_cypher_shell(small_server, backup.text, heap="1g")
    assert differences(contents(source), small_server) == ""
