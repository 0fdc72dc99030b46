"""A server with the limits that a careful administrator sets: backups and restores go on.

What cannot go on names the setting at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j import Query

from testbed.database import UNTIMED
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.old_backups import days_ago, put_backup
from tests.integration.outcome import assert_told
from tests.integration.restoring import Original, assert_restored, contents, restore_elsewhere
from tests.service import Service, finish

LIMITS = {
    "db.transaction.timeout": "500ms",
    "db.transaction.monitor.check.interval": "50ms",
    "db.lock.acquisition.timeout": "1s",
    "db.memory.transaction.max": "10m",
    "db.transaction.concurrent.maximum": "3",
    "server.bolt.thread_pool_min_size": "1",
    "server.bolt.thread_pool_max_size": "5",
}
READ_ONLY = {"server.databases.default_to_read_only": "true"}
NODES = 800
LARGE = 100_000
"""Characters of a value that is read by a query of its own."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the limited server, with each set of limits, has its data."""
    return tmp_path_factory.mktemp("limited")


@pytest.fixture(scope="module")
def limited(directory: Path) -> Iterator[Neo4jServer]:
    """A server with limits. It begins without them, because a new one would not come up."""
    with Neo4jServer(directory):
        pass
    with Neo4jServer(directory, heap="300m", extra_settings=LIMITS) as server:
        yield server


@pytest.fixture(scope="module")
def original(
    servers: tuple[Neo4jServer, Neo4jServer],
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Original:
    """A backup of more than one transaction of the limited server can hold."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query(
            "UNWIND range(1, $nodes) AS i CREATE (:Chunk {number: i, embedding: $embedding})",
            nodes=NODES,
            embedding=[math.sin(place) for place in range(512)],
        )
        driver.execute_query(
            "MATCH (a:Chunk) MATCH (b:Chunk {number: a.number % 7}) "
            "CREATE (a)-[:IN {weight: 1}]->(b)"
        )
        driver.execute_query("CREATE CONSTRAINT FOR (n:Chunk) REQUIRE n.number IS UNIQUE")
    return Original.of(source, s3, tmp_path_factory.mktemp("unlimited"))


@pytest.fixture
def file(original: Original, tmp_path: Path) -> str:
    """The backup as a file."""
    path = tmp_path / "original.cypher.gz"
    path.write_bytes(original.backup.archive)
    return str(path)


@pytest.fixture
def service(limited: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service, configured for the limited server."""
    return Service.configured(limited, s3, bucket, tmp_path)


def test_a_limited_server_is_restored_into_and_backed_up(
    service: Service, limited: Neo4jServer, target: Neo4jServer, original: Original, file: str
) -> None:
    limited.reset()
    first = service.run("restore", "--from-file", file)
    assert first.exit_code == 0, first.log
    second = service.run("restore", "--force", "--from-file", file)
    assert second.exit_code == 0, second.log
    assert "deleting in smaller steps" in second.log
    [safety] = service.backups()
    assert safety.manifest["export"]["consistent"]
    assert_restored(
        restore_elsewhere(service, target, safety.manifest["archive_key"]), original, target
    )


def test_a_restore_waits_for_a_lock_that_another_program_has(
    service: Service, limited: Neo4jServer, file: str
) -> None:
    limited.reset()
    with limited.driver() as driver, driver.session() as session:
        session.run(Query("CREATE (:Old {number: 1})", timeout=UNTIMED)).consume()
        transaction = session.begin_transaction(timeout=UNTIMED)
        transaction.run("MATCH (n:Old) SET n.number = 2").consume()
        process = service.start("restore", "--force", "--no-safety-backup", "--from-file", file)
        assert any("during a write, trying again" in line for line in process.stderr)
        transaction.rollback()
    run = finish(process)
    assert run.exit_code == 0, run.log


def test_a_drill_succeeds_in_a_limited_server(
    service: Service, limited: Neo4jServer, original: Original
) -> None:
    limited.reset()
    put_backup(service, original.backup, days_ago(1))
    drilled = service.with_variables(
        NEO4J_URI="bolt://localhost:1", RESTORE_NEO4J_PASSWORD=limited.password
    )
    run = drilled.run("verify", "--drill", limited.uri)
    assert run.exit_code == 0, run.log


def test_a_limited_server_exports_by_apoc(service: Service, limited: Neo4jServer) -> None:
    limited.reset()
    with limited.driver() as driver:
        create = "UNWIND range(1, 1000) AS i CREATE (:Person {number: i})"
        driver.execute_query(Query(create, timeout=UNTIMED))
    backup = service.with_variables(BACKUP_EXPORT_METHOD="apoc").backup()
    assert backup.manifest["export"]["nodes"] == 1000


@pytest.fixture
def single(limited: Neo4jServer, directory: Path) -> Iterator[Neo4jServer]:
    """The same server, with values that take a second query each; it allows one transaction."""
    limited.reset()
    with limited.driver() as driver, driver.session() as session:
        for value in ("'x'", "'x'", "[0.5, 1.0]"):
            create = f"CREATE (:Large {{value: {value}}})"
            session.run(Query(create, timeout=UNTIMED)).consume()
    limited.stop()
    settings = {"db.transaction.concurrent.maximum": "1"}
    with Neo4jServer(directory, heap="300m", extra_settings=settings) as server:
        with server.driver() as driver:
            driver.execute_query("MATCH (n:Large {value: 'x'}) SET n.value = $x", x="x" * LARGE)
        yield server


def test_a_server_that_allows_one_transaction_is_backed_up(
    service: Service, single: Neo4jServer, target: Neo4jServer
) -> None:
    service = service.with_variables(NEO4J_URI=single.uri, BACKUP_RETRY_SECONDS="10")
    backup = service.with_variables(BACKUP_EXPORT_METHOD="manual").backup()
    original = Original(backup, contents(single))
    assert_restored(restore_elsewhere(service, target), original, target)


@pytest.fixture(scope="module")
def read_only(limited: Neo4jServer, directory: Path) -> Iterator[Neo4jServer]:
    """The same server in the last tests: it is read-only."""
    limited.stop()
    with Neo4jServer(directory, heap="300m", extra_settings=READ_ONLY) as server:
        yield server


@pytest.mark.parametrize("options", [[], ["--force"], ["--force", "--dry-run"]], ids=" ".join)
def test_a_read_only_database_is_refused_before_anything_is_done(
    service: Service, read_only: Neo4jServer, file: str, options: list[str]
) -> None:
    refused = service.with_variables(NEO4J_URI=read_only.uri)
    run = refused.run("restore", "--from-file", file, *options)
    assert_told(service, run, 3, "server.databases.default_to_read_only")
    assert "nothing was changed" in run.log
    assert "Checking the archive" not in run.log
    assert service.keys() == []


def test_no_drill_begins_in_a_read_only_database(
    service: Service, read_only: Neo4jServer, original: Original
) -> None:
    put_backup(service, original.backup, days_ago(1))
    drilled = service.with_variables(
        NEO4J_URI="bolt://localhost:1", RESTORE_NEO4J_PASSWORD=read_only.password
    )
    run = drilled.run("verify", "--drill", read_only.uri)
    assert_told(drilled, run, 3, "server.databases.default_to_read_only")


def test_a_read_only_database_is_backed_up(service: Service, read_only: Neo4jServer) -> None:
    assert service.with_variables(NEO4J_URI=read_only.uri).backup().manifest["export"]["nodes"]
