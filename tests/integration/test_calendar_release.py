"""The newest calendar release, whose Cypher has more kinds of indexes than 5.26's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.reader import Graph
from testbed import jars
from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration import widths
from tests.integration.languages import FILTERED, MULTI_LABEL, OF_RELATIONSHIPS, in_language
from tests.integration.outcome import assert_told
from tests.integration.restoring import (
    assert_passes_drill,
    restore_elsewhere,
)
from tests.service import Backup, Service

VECTOR = (
    "CREATE VECTOR INDEX embeddings FOR (n:T) ON (n.v) OPTIONS {indexConfig: "
    "{`vector.dimensions`: 4, `vector.similarity_function`: 'euclidean'}}"
)
UNQUANTIZED = (
    "CREATE VECTOR INDEX exact FOR ()-[r:R]-() ON (r.v) OPTIONS {indexConfig: "
    "{`vector.dimensions`: 4, `vector.quantization.enabled`: false}}"
)
FULLTEXT = (
    "CREATE FULLTEXT INDEX words FOR (n:T|U) ON EACH [n.w] "
    "OPTIONS {indexConfig: {`fulltext.analyzer`: 'german'}}"
)
UNKNOWN = "vector.default_search_expansion_factor, vector.quantization.type"
"""The options that 2026.08 states of a vector index and 5.26 does not know."""
CONSTRAINT = "CREATE CONSTRAINT keys FOR (n:T) REQUIRE n.a IS UNIQUE"


@pytest.fixture
def server(release: Neo4jServer) -> Neo4jServer:
    """The same in both languages, with a graph and with indexes that Cypher 5 cannot state."""
    fill(release, CONSTRAINT, FILTERED, MULTI_LABEL, OF_RELATIONSHIPS)
    return release


@pytest.fixture
def service(newest: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service, configured for the newest release."""
    return Service.configured(newest, s3, bucket, tmp_path)


def fill(server: Neo4jServer, *statements: str) -> None:
    """Give a server this schema and a small graph, and nothing else."""
    server.reset()
    with server.driver() as driver:
        for statement in statements:
            driver.execute_query(statement)
        driver.execute_query(
            "UNWIND range(1, 20) AS i CREATE (:T {a: i, v: [1.0, 2.0, 3.0, toFloat(i)]})"
            "-[:R {a: i, b: -i, v: [1.0, 0.0, 0.0, toFloat(i)]}]->(:U)"
        )


@pytest.fixture
def in_cypher_25(newest: Neo4jServer) -> Iterator[Neo4jServer]:
    """The same, empty, its database in Cypher 25, as an installation of today makes it."""
    with in_language(newest, "CYPHER 25"):
        yield newest


def schema(server: Neo4jServer, language: str = "CYPHER 25") -> Sequence[str]:
    """Return the statements of all constraints and indexes, but for the lookup indexes."""
    with server.driver() as driver:
        return [
            record["statement"]
            for show in ("SHOW CONSTRAINTS", "SHOW INDEXES")
            for record in driver.execute_query(
                f"{language} {show} YIELD name, type, createStatement AS statement "
                "WHERE type <> 'LOOKUP' RETURN statement ORDER BY name"
            ).records
        ]


def names(server: Neo4jServer) -> Sequence[str]:
    """Return what of the schema a server has, by name."""
    return [statement.split("`")[1] for statement in schema(server, "CYPHER 5")]


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


@pytest.fixture
def from_newest(newest: Neo4jServer, service: Service) -> Backup:
    """A backup of the newest release, with one index that no older server can have."""
    fill(newest, CONSTRAINT, FULLTEXT, VECTOR, UNQUANTIZED, FILTERED.replace("n.v", "n.w", 1))
    return service.backup()


def test_an_older_server_gets_all_that_it_can_have_and_the_rest_is_named(
    service: Service, newest: Neo4jServer, target: Neo4jServer, from_newest: Backup
) -> None:
    run = restore_elsewhere(service, target, from_newest.manifest["archive_key"])
    assert_told(service, run, 5, "The data is restored (40 nodes, 20 relationships), but not all")
    left_out = [line for line in run.log.splitlines() if "[WARNING] The server does not" in line]
    assert [line.split("`")[1] for line in left_out] == ["embeddings", "exact"]
    assert all(f"does not know {UNKNOWN}: created without: CREATE" in line for line in left_out)
    assert run.log.count("Not restored: ") == 1
    assert re.search(
        "Not restored: CYPHER 25 CREATE VECTOR INDEX `filtered`.*: this Neo4j is too old for it$",
        run.log,
        re.MULTILINE,
    )
    assert names(target) == ["keys", "embeddings", "exact", "keys", "words"]
    restored = " ".join(schema(target, "CYPHER 5"))
    assert "quantization.enabled`: true,`vector.similarity_function`: 'EUCLIDEAN'" in restored
    assert "quantization.enabled`: false,`vector.similarity_function`: 'COSINE'" in restored
    assert "`fulltext.analyzer`: 'german'" in restored
    assert entities(target) == entities(newest)


def test_cypher_shell_makes_all_but_the_vector_indexes_before_an_older_server_stops_it(
    newest: Neo4jServer, target: Neo4jServer, from_newest: Backup
) -> None:
    finished = run_cypher_shell(target, from_newest.text, check=False)
    assert finished.returncode != 0
    assert b"vector.default_search_expansion_factor" in finished.stderr
    assert names(target) == ["keys", "keys", "words"]
    assert entities(target) == entities(newest)


def test_a_drill_on_another_release_takes_no_other_wording_for_a_difference(
    service: Service, newest: Neo4jServer, target: Neo4jServer
) -> None:
    fill(newest, CONSTRAINT, FULLTEXT, VECTOR, UNQUANTIZED)
    service.backup()
    assert_passes_drill(service, target)
    fill(target, CONSTRAINT, FULLTEXT, VECTOR, UNQUANTIZED)
    newest.reset()
    older = service.with_variables(NEO4J_URI=target.uri, BACKUP_EXPORT_METHOD="manual")
    older.backup()
    assert_passes_drill(older, newest)


def test_an_application_may_make_its_vector_index_before_an_older_archive_is_restored(
    service: Service, newest: Neo4jServer, target: Neo4jServer
) -> None:
    fill(target, CONSTRAINT, VECTOR, UNQUANTIZED)
    older = service.with_variables(NEO4J_URI=target.uri, BACKUP_EXPORT_METHOD="manual")
    older.backup()
    newest.reset()
    with newest.driver() as driver:
        driver.execute_query(VECTOR.replace("4", "8"))
        driver.execute_query(UNQUANTIZED)
    refused = restore_elsewhere(older, newest)
    assert_told(older, refused, 3, "that the archive does not have: embeddings. ")
    with newest.driver() as driver:
        driver.execute_query("DROP INDEX embeddings")
        driver.execute_query(VECTOR)
    run = restore_elsewhere(older, newest)
    assert run.exit_code == 0, run.log
    assert "[WARNING]" not in run.log
    assert names(newest) == ["keys", "embeddings", "exact", "keys"]
    assert entities(newest) == entities(target)


def test_the_types_of_the_store_have_the_same_names_in_both_languages(
    in_cypher_25: Neo4jServer,
) -> None:
    with in_cypher_25.driver() as driver:
        widths.each_under_its_own_key(driver)
    settings = Neo4jSettings(
        uri=in_cypher_25.uri,
        user=in_cypher_25.user,
        password=Secret(in_cypher_25.password),
        database=in_cypher_25.database,
    )
    with Graph(settings, 5) as graph:
        types = graph.catalogue.storage_types()
    # The names are strings, and the store has a list without items as one of strings.
    assert types == {"FloatArray", "DoubleArray", "String", "StringArray"}


def test_nobody_is_told_to_install_apoc_where_its_export_is_not_tested(
    service: Service, newest: Neo4jServer
) -> None:
    newest.reset()
    demanding = service.with_variables(BACKUP_EXPORT_METHOD="apoc")
    run = demanding.run()
    version = jars.version("neo4j-calendar")
    phrase = f"demands it; set auto, since APOC's export is not tested on Neo4j {version}"
    assert_told(demanding, run, 3, phrase)
    assert "install" not in run.log
    assert service.keys() == []
