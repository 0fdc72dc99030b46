"""The newest calendar release, whose Cypher has more kinds of indexes than 5.26's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.service import Service

FILTERED = (
    "CYPHER 25 CREATE VECTOR INDEX filtered FOR (n:T) ON n.v WITH [n.a] "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)
MULTI_LABEL = (
    "CYPHER 25 CREATE VECTOR INDEX `several labels` FOR (n:T|U) ON n.v "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)
OF_RELATIONSHIPS = (
    "CYPHER 25 CREATE VECTOR INDEX facts FOR ()-[r:R|S]-() ON r.v WITH [r.a, r.b] "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)
CONSTRAINT = "CREATE CONSTRAINT keys FOR (n:T) REQUIRE n.a IS UNIQUE"


@pytest.fixture(scope="module")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """The newest calendar release, its database in Cypher 5, as an upgrade in place leaves it."""
    with Neo4jServer(tmp_path_factory.mktemp("newest"), calendar=True) as server:
        yield server


@pytest.fixture
def server(newest: Neo4jServer) -> Neo4jServer:
    """The same, with a graph and with indexes that Cypher 5 cannot state."""
    newest.reset()
    with newest.driver() as driver:
        for statement in (CONSTRAINT, FILTERED, MULTI_LABEL, OF_RELATIONSHIPS):
            driver.execute_query(statement)
        driver.execute_query(
            "UNWIND range(1, 20) AS i CREATE (:T {a: i, v: [1.0, 2.0, 3.0, toFloat(i)]})"
            "-[:R {a: i, b: -i, v: [1.0, 0.0, 0.0, toFloat(i)]}]->(:U)"
        )
    return newest


@pytest.fixture
def service(newest: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service, configured for the newest release."""
    return Service.configured(newest, s3, bucket, tmp_path)


def schema(server: Neo4jServer) -> Sequence[str]:
    """Return the statements of all constraints and indexes, but for the lookup indexes."""
    with server.driver() as driver:
        return [
            record["statement"]
            for show in ("SHOW CONSTRAINTS", "SHOW INDEXES")
            for record in driver.execute_query(
                f"CYPHER 25 {show} YIELD name, type, createStatement AS statement "
                "WHERE type <> 'LOOKUP' RETURN statement ORDER BY name"
            ).records
        ]


def entities(server: Neo4jServer) -> list[list[object]]:
    """Return all nodes and relationships by what they hold."""
    with server.driver() as driver:
        records = driver.execute_query(
            "MATCH (n:T)-[r]->(m) RETURN n.a, n.v, type(r), properties(r), labels(m) ORDER BY n.a"
        ).records
    return [record.values() for record in records]


def test_an_index_that_only_cypher_25_can_state_is_backed_up_and_restored(
    service: Service, server: Neo4jServer
) -> None:
    before, data = schema(server), entities(server)
    assert sum("VECTOR INDEX" in statement for statement in before) == 3
    backup = service.backup()
    assert b"CYPHER 25 CREATE VECTOR INDEX `filtered`" in backup.text
    assert backup.manifest["export"]["unstated_schema"] == []
    for arguments in (["verify"], ["restore", "--force"]):
        run = service.run(*arguments)
        assert run.exit_code == 0, run.log
    assert schema(server) == before
    assert entities(server) == data


def test_cypher_shell_restores_it_too(service: Service, server: Neo4jServer) -> None:
    before, data = schema(server), entities(server)
    backup = service.backup()
    server.reset()
    run_cypher_shell(server, backup.text)
    assert schema(server) == before
    assert entities(server) == data


def test_an_index_that_the_application_has_made_already_is_no_obstacle(
    service: Service, server: Neo4jServer
) -> None:
    service.backup()
    server.reset()
    with server.driver() as driver:
        driver.execute_query(FILTERED)
    run = service.run("restore")
    assert run.exit_code == 0, run.log
