"""The newest calendar release, whose Cypher has more kinds of indexes than 5.26's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from neo4j import Query

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.reader import Graph
from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.restoring import Original, assert_restored, contents, differences
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


@pytest.fixture
def in_cypher_25(newest: Neo4jServer) -> Iterator[Neo4jServer]:
    """The same, empty, its database in Cypher 25, as an installation of today makes it."""
    newest.reset()
    set_language(newest, "CYPHER 25")
    yield newest
    set_language(newest, "CYPHER 5")


def set_language(server: Neo4jServer, language: str) -> None:
    """Set the default language of the database."""
    statement = Query(f"ALTER DATABASE {server.database} SET DEFAULT LANGUAGE {language}")
    with server.driver() as driver, driver.session(database="system") as session:
        session.run(statement).consume()


def create_floats(server: Neo4jServer) -> None:
    """Create lists of floats in both widths whose text does not tell their width."""
    with server.driver() as driver:
        driver.execute_query(
            "CREATE (n:Floats {wide: $floats})-[e:FLOATS {wide: $floats}]->(n) WITH n, e "
            "CALL db.create.setNodeVectorProperty(n, 'narrow', $floats) "
            "CALL db.create.setRelationshipVectorProperty(e, 'narrow', $floats)",
            floats=[0.0, 1.0, 2.0, -0.5],
        )


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


def test_lists_of_floats_keep_their_width_if_the_default_language_is_cypher_25(
    service: Service, in_cypher_25: Neo4jServer
) -> None:
    create_floats(in_cypher_25)
    original = Original(service.backup(), contents(in_cypher_25))
    assert any(text.endswith(" FloatArray") for text in original.fingerprint.storage)
    assert any(text.endswith(" DoubleArray") for text in original.fingerprint.storage)
    assert_restored(service.run("restore", "--force"), original, in_cypher_25)
    in_cypher_25.reset()
    run_cypher_shell(in_cypher_25, original.backup.text)
    assert differences(original.fingerprint, in_cypher_25) == ""


def test_an_archive_of_the_lts_passes_a_drill_if_the_default_language_is_cypher_25(
    source: Neo4jServer, in_cypher_25: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    create_floats(source)
    service = Service.configured(source, s3, bucket, tmp_path)
    service = service.with_variables(RESTORE_NEO4J_PASSWORD=in_cypher_25.password)
    service.backup()
    run = service.run("verify", "--drill", in_cypher_25.uri)
    assert run.exit_code == 0, run.log


def test_the_types_of_the_store_have_the_same_names_in_both_languages(
    in_cypher_25: Neo4jServer,
) -> None:
    create_floats(in_cypher_25)
    settings = Neo4jSettings(
        uri=in_cypher_25.uri,
        user=in_cypher_25.user,
        password=Secret(in_cypher_25.password),
        database=in_cypher_25.database,
    )
    with Graph(settings, 5) as graph:
        assert graph.catalogue.storage_types() == {"FloatArray", "DoubleArray"}
