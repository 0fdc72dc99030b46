"""Restore drills: what comes back is compared with the archive, and no other server is touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from neo4j import Driver

from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.secret import Secret
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.compare_restored import compare_restored
from neo4j_r2.restore.fill import Announcements, Restore
from neo4j_r2.restore.source import Source, file_source
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.run.progress import Countdown
from testbed.fingerprint import difference, fingerprint
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.archives import some_content, store
from tests.integration import everything
from tests.integration.outcome import assert_told
from tests.service import Service

GOOD = "[INFO] The drill succeeded: "


def with_login(service: Service, server: Neo4jServer) -> Service:
    return service.with_variables(RESTORE_NEO4J_PASSWORD=server.password)


def contents(server: Neo4jServer) -> tuple[int, list[str]]:
    """Return how many nodes there are, and the statements of the whole schema."""
    with server.driver() as driver:
        nodes = driver.execute_query("MATCH (n) RETURN count(n)").records[0][0]
        indexes = driver.execute_query("SHOW INDEXES YIELD createStatement AS text").records
        constraints = driver.execute_query("SHOW CONSTRAINTS YIELD createStatement AS text").records
    return nodes, sorted(record["text"] for record in (*indexes, *constraints))


@pytest.mark.parametrize(
    "fill",
    [everything.fill_values, everything.fill_names, everything.fill_schema],
    ids=["values", "names", "schema"],
)
def test_everything_a_server_holds_passes_a_drill(
    service: Service, source: Neo4jServer, target: Neo4jServer, fill: Callable[[Driver], None]
) -> None:
    with source.driver() as driver:
        fill(driver)
        driver.execute_query("CREATE ({data: $data})", data=b"\x00\x7f\x80")
        before = fingerprint(driver)
    service.with_variables(BACKUP_EXPORT_METHOD="manual").backup()
    empty = contents(target)

    run = with_login(service, target).run("verify", "--drill", target.uri)

    assert run.exit_code == 0, run.log
    assert f"{GOOD}{service.backups()[0].manifest['archive_key']} comes back exactly" in run.log
    assert target.password not in run.log
    assert contents(target) == empty
    with source.driver() as driver:
        assert difference(before, fingerprint(driver)) == ""


def test_an_archive_by_apoc_passes_a_drill(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    with source.driver() as driver:
        everything.fill_faithful(driver)
    service.with_variables(BACKUP_EXPORT_METHOD="apoc").backup()
    empty = contents(target)

    run = with_login(service, target).run("verify", "--drill", target.uri)

    assert run.exit_code == 0, run.log
    assert GOOD in run.log
    assert contents(target) == empty


def test_an_empty_graph_passes_a_drill(service: Service, target: Neo4jServer) -> None:
    service.backup()
    run = with_login(service, target).run("verify", "--drill", target.uri)
    assert run.exit_code == 0, run.log
    assert GOOD in run.log


def test_a_drill_never_touches_the_source(service: Service, source: Neo4jServer) -> None:
    service.backup()
    for uri in (source.uri, source.uri.replace("127.0.0.1", "localhost")):
        run = with_login(service, source).run("verify", "--drill", uri)
        assert_told(service, run, 2, "--drill: this is the ")


def test_a_drill_never_touches_a_server_that_holds_something(
    service: Service, target: Neo4jServer
) -> None:
    service.backup()
    for statement in ("CREATE INDEX held FOR (n:A) ON (n.a)", "CREATE (:A)"):
        with target.driver() as driver:
            driver.execute_query(statement)
        before = contents(target)
        run = with_login(service, target).run("verify", "--drill", target.uri)
        assert_told(service, run, 3, "The drill needs an empty database, but ")
        assert contents(target) == before


def test_a_drill_says_at_once_that_the_scratch_server_has_the_archive_s_own_schema(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    statement = "CREATE INDEX held FOR (n:A) ON (n.a)"
    with source.driver() as driver:
        driver.execute_query(statement)
    backup = service.backup()
    damaged = backup.archive[:100] + b"x" + backup.archive[101:]
    key = backup.manifest["archive_key"]
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=damaged)
    with target.driver() as driver:
        driver.execute_query(statement)
    before = contents(target)

    run = with_login(service, target).run("verify", "--drill", target.uri)

    # The damage of the archive would be told first if the archive had been read.
    assert_told(
        service,
        run,
        3,
        "The drill needs an empty database, but it has constraints or indexes: held. ",
    )
    assert contents(target) == before


def test_a_drill_with_a_bad_archive_does_not_begin(service: Service, target: Neo4jServer) -> None:
    backup = service.backup()
    key = backup.manifest["archive_key"]
    damaged = backup.archive[:100] + b"x" + backup.archive[101:]
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=damaged)
    before = contents(target)
    run = with_login(service, target).run("verify", "--drill", target.uri)
    assert_told(service, run, 5, f"{key}: the block of bytes ")
    assert contents(target) == before


def test_a_login_that_the_scratch_server_refuses_ends_a_drill(
    service: Service, target: Neo4jServer
) -> None:
    service.backup()
    missing = service.run("verify", "--drill", target.uri)
    assert missing.exit_code == 2
    assert "RESTORE_NEO4J_PASSWORD" in missing.log
    assert "[INFO] Good: " not in missing.log
    wrong = service.with_variables(RESTORE_NEO4J_PASSWORD="not-the-password")
    assert_told(wrong, wrong.run("verify", "--drill", target.uri), 3, "")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # A date that the server reads and writes otherwise.
        (b"2024-02-29", b"20240229", "The restored graph has another fingerprint"),
        # What an export can hold that was made while others wrote.
        (b"(n.`key`) IS UNIQUE", b"(n.`b`) IS UNIQUE", "Not restored: CREATE CONSTRAINT `key`"),
    ],
)
def test_a_drill_fails_on_a_difference_and_leaves_the_scratch_database_for_inspection(
    service: Service, target: Neo4jServer, old: bytes, new: bytes, problem: str
) -> None:
    content = some_content()
    key = store(service, content.replaced(old, new).sealed(compressed=True))
    service = with_login(service, target)

    run = service.run("verify", "--drill", target.uri)

    assert_told(service, run, 5, f"The drill failed; {target.uri} holds what came back of {key}")
    assert f"[WARNING] {problem}" in run.log
    assert contents(target)[0] == content.summary.nodes


CHANGES = {
    "another value": "MATCH (n:Person) SET n.age = n.age + 1",
    "another type of value": "MATCH (n:Person) SET n.age = toFloat(n.age)",
    "a property less": "MATCH (n:Person) REMOVE n.age",
    "a label more": "MATCH (n:Place) SET n:More",
    "a label less": "MATCH (n:Place) REMOVE n:Place",
    "a node more": "CREATE ()",
    "a relationship less": "MATCH ()-[r:AT]->() DELETE r",
    "another direction": "MATCH (a)-[r:AT]->(b) CREATE (b)-[:AT {since: r.since}]->(a) DELETE r",
    "a value of a relationship": "MATCH ()-[r:AT]->() SET r.since = date('2024-02-28')",
    "ends of what is alike exchanged": (
        "MATCH (a:Alike)-[r:TO]->(b {i: 1}), (c:Alike)-[s:TO]->(d {i: 2}) "
        "CREATE (a)-[:TO]->(d) CREATE (c)-[:TO]->(b) DELETE r, s"
    ),
}


@dataclass(frozen=True)
class Drill:
    """An archive, and the server that it is restored into."""

    source: Source
    server: Neo4jServer

    def differences(self, change: str | None) -> list[str]:
        """Restore, change something, and return what the comparison says."""
        server = self.server
        settings = Neo4jSettings(server.uri, server.user, Secret(server.password), server.database)
        with Graph(settings, 10) as graph, Target(settings) as target:
            restore = Restore(
                graph, target, lambda: None, Announcements("replacing", "left incomplete")
            )
            restored = Countdown("Restored", 0, lambda: None)
            outcome = restore.run(self.source.items(), None, restored, replaces=True)
            assert outcome.problems == []
            if change is not None:
                target.run(change)
            return compare_restored(
                self.source, graph, outcome.node_ids, lambda _: None
            ).differences


@pytest.fixture(scope="module")
def exercise(
    servers: tuple[Neo4jServer, Neo4jServer], s3: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Drill:
    """Return a drill; each comparison restores anew."""
    source, target = servers
    source.reset()
    target.reset()
    directory = tmp_path_factory.mktemp("drill")
    s3.create_bucket("drill")
    with source.driver() as driver:
        driver.execute_query("CREATE INDEX kept FOR (n:Person) ON (n.age)")
        driver.execute_query(
            "CREATE (:Person {age: 42})-[:AT {since: date('2024-02-29')}]->(:Place)"
        )
        driver.execute_query("UNWIND [1, 2] AS i CREATE (:Alike)-[:TO]->(:End {i: i})")
    service = Service.configured(source, s3, "drill", directory)
    backup = service.with_variables(BACKUP_EXPORT_METHOD="manual").backup()
    path = directory / Path(backup.manifest["archive_key"]).name
    path.write_bytes(backup.archive)
    beside = path.with_name(path.name.replace(".cypher.gz", ".manifest.json"))
    beside.write_text(json.dumps(backup.manifest))
    return Drill(unlock(file_source(path), None), target)


def test_an_unchanged_graph_does_not_differ(exercise: Drill) -> None:
    assert exercise.differences(None) == []


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_after_the_restore_is_found(exercise: Drill, name: str) -> None:
    (found,) = exercise.differences(CHANGES[name])
    assert found == "The restored graph has another fingerprint than the archive's rows"


def test_a_change_of_the_schema_is_named(exercise: Drill) -> None:
    (found,) = exercise.differences("DROP INDEX kept")
    assert found.startswith("Missing: CREATE RANGE INDEX `kept`")
    (found,) = exercise.differences("CREATE TEXT INDEX added FOR (n:Person) ON (n.name)")
    assert found.startswith("Not in the archive: CREATE TEXT INDEX `added`")
