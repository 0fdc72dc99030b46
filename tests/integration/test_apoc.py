"""APOC's export: used where it is exact, refused for other graphs, and replaced if it fails."""

from __future__ import annotations

import pytest

from testbed import jars
from testbed.cypher_shell import run_cypher_shell
from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK
from tests.integration import everything
from tests.integration.outcome import assert_told
from tests.integration.relay import relay
from tests.integration.restoring import contents, differences, restore_elsewhere
from tests.service import Service


@pytest.mark.parametrize(("method", "reader"), [("apoc", "cypher-shell"), ("auto", "restore")])
def test_a_graph_that_apoc_may_export_comes_back_exactly(
    service: Service, source: Neo4jServer, target: Neo4jServer, method: str, reader: str
) -> None:
    with source.driver() as driver:
        everything.fill_faithful(driver)
    service = service.with_variables(BACKUP_EXPORT_METHOD=method)
    run = service.run()
    assert run.exit_code == 0, run.log
    assert "[INFO] APOC detected (version: 5.26" in run.log
    assert "), using APOC export\n" in run.log
    backup = service.backups()[-1]
    assert backup.manifest["export"]["method"] == "apoc"
    assert backup.manifest["export"]["consistent"] is True
    assert backup.text.isascii()
    assert backup.text.splitlines()[-1].startswith(b"// End of export: ")
    if reader == "restore":
        assert restore_elsewhere(service, target).exit_code == 0
    else:
        run_cypher_shell(target, backup.text, environment={"LC_ALL": "POSIX"})
    assert differences(contents(source), target) == ""


UNFIT = {
    "NaN": "CREATE ({v: 0.0 / 0.0})",
    "ByteArray": "CREATE ({v: $bytes})",
    "FloatArray": "CREATE (n) WITH n CALL db.create.setNodeVectorProperty(n, 'v', [0.1]) RETURN n",
    "a property of that name": "CREATE CONSTRAINT FOR (n:A) REQUIRE n.properties IS UNIQUE",
    "zoned datetime of parts": "CREATE ({v: datetime('1850-01-01T00:00[Europe/Paris]')})",
    "zoned time of parts": "CREATE ({v: time({hour: 1, timezone: '+00:09:21'})})",
    "list of 1,024 items": "CREATE ()-[:R {v: [i IN range(1, 1024) | 1.0 / i]}]->()",
    "over several properties": "CREATE CONSTRAINT FOR (n:A) REQUIRE (n.a, n.b) IS UNIQUE",
    "UNIQUE_IMPORT_NAME": "CREATE INDEX UNIQUE_IMPORT_NAME FOR (n:A) ON (n.a)",
    "UNIQUE IMPORT LABEL": "CREATE (:`UNIQUE IMPORT LABEL`)",
    repr("back`tick"): "CREATE (:A)-[:`back``tick`]->()",
}


@pytest.mark.parametrize("reason", UNFIT)
def test_a_graph_that_apoc_would_damage_is_refused_or_exported_by_the_walk(
    service: Service, source: Neo4jServer, reason: str
) -> None:
    with source.driver() as driver:
        parameters = {"bytes": b"\x00\xff"} if "$bytes" in UNFIT[reason] else {}
        driver.execute_query(UNFIT[reason], parameters)
    refused = service.with_variables(BACKUP_EXPORT_METHOD="apoc").run()
    assert refused.exit_code == 3
    assert reason in refused.log
    assert "its export cannot be used" in refused.log
    assert service.keys() == []
    walked = service.run()
    assert walked.exit_code == 0
    assert "), using manual export: " in walked.log
    assert service.backups()[0].manifest["export"]["method"] == "manual"


def test_apoc_is_not_used_on_a_release_on_which_its_export_was_not_tested(
    service: Service, source: Neo4jServer
) -> None:
    # There is no APOC for a calendar release here, so a relay fakes one: it changes the version.
    versions = (jars.version("neo4j").encode(), b"2026.08")
    reason = "APOC's export is not tested on Neo4j 2026.08"
    with relay(source.port, replaces=versions) as (port, _):
        calendar = service.with_variables(NEO4J_URI=f"bolt://{LOOPBACK}:{port}")
        demanding = calendar.with_variables(BACKUP_EXPORT_METHOD="apoc")
        refused = demanding.run()
        assert service.keys() == []
        walked = calendar.run()
    assert walked.exit_code == 0, walked.log
    assert_told(demanding, refused, 3, f"), but its export cannot be used: {reason}; set BACKUP_")
    assert f"), using manual export: {reason}\n" in walked.log


DOUBTFUL = {
    "two unique labels on one node": (
        "CREATE CONSTRAINT c1 FOR (n:Person) REQUIRE n.email IS UNIQUE",
        "CREATE CONSTRAINT c2 FOR (n:Customer) REQUIRE n.number IS UNIQUE",
        "CREATE (:Person:Customer {email: 'a@x', number: 1})-[:BOUGHT]->(:Thing)",
    ),
    "two unique keys of one label": (
        "CREATE CONSTRAINT c1 FOR (n:Person) REQUIRE n.email IS UNIQUE",
        "CREATE CONSTRAINT c2 FOR (n:Person) REQUIRE n.number IS UNIQUE",
        "CREATE (a:Person {email: 'a@x', number: 1})-[:KNOWS]->(:Person {email: 'b@x'}) "
        "CREATE (a)<-[:KNOWS]-(:Person {number: 2})-[:KNOWS]->(:Person)-[:KNOWS]->(a)",
    ),
    "a unique label that only some nodes of a label have": (
        "CREATE CONSTRAINT c1 FOR (n:A) REQUIRE n.k IS UNIQUE",
        "CREATE CONSTRAINT c2 FOR (n:B) REQUIRE n.k IS UNIQUE",
        "CREATE (:A:B:C {k: 1})-[:R]->(:B:C {k: 2})-[:R]->(:A:C {k: 2})-[:R]->(:C {k: 1})",
    ),
    "unique values that are equal in other types": (
        "CREATE CONSTRAINT c1 FOR (n:A) REQUIRE n.k IS UNIQUE",
        "CREATE (:A {k: 1})-[:R]->(:A {k: '1'})-[:R]->(:A {k: true})-[:R]->(:A {k: [1]})",
    ),
}


@pytest.mark.parametrize("graph", DOUBTFUL)
def test_a_default_backup_comes_back_whatever_is_unique_in_the_graph(
    service: Service, source: Neo4jServer, target: Neo4jServer, graph: str
) -> None:
    with source.driver() as driver:
        for statement in DOUBTFUL[graph]:
            driver.execute_query(statement)
    backup = service.backup()
    assert service.run("verify").exit_code == 0
    assert restore_elsewhere(service, target).exit_code == 0
    assert differences(contents(source), target) == ""
    target.reset()
    run_cypher_shell(target, backup.text)
    assert differences(contents(source), target) == ""


def test_the_log_says_why_a_graph_is_not_exported_by_apoc(
    service: Service, source: Neo4jServer
) -> None:
    with source.driver() as driver:
        for statement in DOUBTFUL["two unique labels on one node"]:
            driver.execute_query(statement)
    run = service.run()
    assert run.exit_code == 0
    assert "[WARNING] APOC export failed (its text does not give the graph back: " in run.log
    assert "), using manual export\n" in run.log
    assert [each.manifest["export"]["method"] for each in service.backups()] == ["manual"]
    demanded = service.with_variables(BACKUP_EXPORT_METHOD="apoc").run()
    assert demanded.exit_code == 3
    assert "its text does not give the graph back: " in demanded.log
    assert len(service.backups()) == 1


def test_a_large_graph_is_walked_because_apoc_s_text_restores_slowly(
    service: Service, source: Neo4jServer
) -> None:
    with source.driver() as driver:
        driver.execute_query("UNWIND range(1, 10001) AS i CREATE ({i: i})")
    run = service.run()
    assert run.exit_code == 0
    assert "using manual export: 10,001 entities" in run.log


def test_without_apoc_the_walk_is_used_with_a_warning(
    service: Service, target: Neo4jServer
) -> None:
    service = service.with_variables(NEO4J_URI=target.uri)
    run = service.run()
    assert run.exit_code == 0
    assert "[WARNING] APOC not available, using manual export\n" in run.log
    demanded = service.with_variables(BACKUP_EXPORT_METHOD="apoc").run()
    assert demanded.exit_code == 3
    assert "APOC not available" in demanded.log


@pytest.mark.parametrize("method", ["auto", "apoc"])
def test_a_write_during_apoc_s_export_makes_the_walk_replace_it(
    service: Service, source: Neo4jServer, proxy: FaultProxy, method: str
) -> None:
    with source.driver() as driver:
        driver.execute_query("CREATE (:Person {name: 'first'})")
        service = service.with_variables(
            BACKUP_EXPORT_METHOD=method, R2_ENDPOINT_URL=proxy.endpoint_url
        )
        hold = proxy.hold("CreateMultipartUpload")
        with service.start() as process:
            assert hold.reached.wait(60)
            driver.execute_query("CREATE (:Person {name: 'second'})")
            hold.release.set()
            _, log = process.communicate(timeout=60)
    assert "the graph was written to during APOC's export" in log
    if method == "apoc":
        assert process.returncode == 3
        assert service.keys() == []
    else:
        assert process.returncode == 0, log
        assert "[WARNING] APOC export failed (" in log
        manifest = service.backups()[0].manifest
        assert manifest["export"]["method"] == "manual"
        assert manifest["export"]["nodes"] == 2


def test_a_graph_of_large_values_is_walked_because_apoc_would_fill_the_server_s_heap(
    service: Service, source: Neo4jServer
) -> None:
    with source.driver() as driver:
        driver.execute_query(
            "UNWIND range(1, 80) AS i CREATE ({text: reduce(t = '', j IN range(1, 16) | "
            "t + $text)})",
            text="x" * 32_000,
        )
    run = service.run()
    assert run.exit_code == 0
    assert "using manual export: 40.96 MB of values" in run.log
