"""A backup that is made while others write restores, is whole, and says what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from neo4j import Driver

from neo4j_r2.graph.read_sizes import BATCH_IDS, QUERY_BATCHES
from neo4j_r2.graph.unfinished_mark import CREATION as MARKING
from testbed.cypher_shell import run_cypher_shell
from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.waiting import wait_until
from tests.integration import documents
from tests.integration.outcome import assert_told, assert_whole
from tests.integration.restoring import is_marked, restore_elsewhere
from tests.integration.writers import Writers
from tests.service import Service, finish

WRITES_WHILE_HELD = 300
HELD_SECONDS = 60
PEOPLE = 3_000


@pytest.fixture
def service(
    source: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with a graph so large that holding the first part stops the reading midway."""
    with source.driver() as driver:
        driver.execute_query("CREATE INDEX FOR (n:Person) ON (n.number)")
        documents.fill(driver, documents=500, characters=60_000)
        driver.execute_query(
            "UNWIND range(0, $people - 1) AS i CREATE (:Person {number: i})", people=PEOPLE
        )
        driver.execute_query(
            "UNWIND range(0, $people - 2) AS i "
            "MATCH (a:Person {number: i}), (b:Person {number: i + 1}) CREATE (a)-[:KNOWS]->(b)",
            people=PEOPLE,
        )
    return Service.configured(source, s3, bucket, tmp_path).through(proxy).in_small_parts()


def counts(server: Neo4jServer) -> dict[str, int]:
    """Return the numbers of a server's nodes and relationships."""
    with server.driver() as driver:
        (row,) = driver.execute_query(
            "CALL () { MATCH (n) RETURN count(n) AS nodes } "
            "CALL () { MATCH ()-[r]->() RETURN count(r) AS relationships } "
            "RETURN nodes, relationships"
        ).records
    return dict(row)


def test_an_archive_taken_while_others_write_restores_all_that_is_in_it(
    service: Service, source: Neo4jServer, target: Neo4jServer, proxy: FaultProxy
) -> None:
    hold = proxy.hold("UploadPart")
    writers = Writers(source, PEOPLE)
    with writers.writing():
        process = service.start()
        assert hold.reached.wait(HELD_SECONDS)
        before = writers.committed
        wait_until(
            lambda: writers.committed >= before + WRITES_WHILE_HELD,
            seconds=HELD_SECONDS,
            what="writes while the part is held",
        )
        hold.release.set()
        run = finish(process)

    assert run.exit_code == 0, run.log
    (backup,) = service.backups()
    assert_whole(backup)
    export = backup.manifest["export"]
    assert export["consistent"] is False
    run_cypher_shell(target, backup.archive)
    assert counts(target) == {"nodes": export["nodes"], "relationships": export["relationships"]}
    assert sum(export["nodes_by_labels"].values()) == export["nodes"]
    assert sum(export["relationships_by_type"].values()) == export["relationships"]
    with target.driver() as driver:
        documents_left = driver.execute_query("MATCH (:Document)-[:HAS]->(:Page) RETURN count(*)")
    assert documents_left.records[0][0] == 500, "what nobody changed is there"


def test_an_archive_taken_while_nobody_writes_is_proved_consistent(
    service: Service, source: Neo4jServer
) -> None:
    before = counts(source)

    export = service.backup().manifest["export"]

    assert export["consistent"] is True
    assert export["dangling_relationships"] == 0
    assert {name: export[name] for name in before} == before


def test_a_single_write_makes_consistency_unproved(
    service: Service, source: Neo4jServer, proxy: FaultProxy
) -> None:
    hold = proxy.hold("UploadPart")
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    with source.driver() as driver:
        driver.execute_query("MATCH (n:Person {number: 5}) SET n.changed = true")
    hold.release.set()

    run = finish(process)

    assert run.exit_code == 0, run.log
    (backup,) = service.backups()
    assert backup.manifest["export"]["consistent"] is False
    assert "[INFO] Somebody wrote to the graph during the export" in run.log


@pytest.mark.parametrize(("method", "held"), [("manual", "UploadPart"), ("apoc", "ListObjectsV2")])
def test_a_graph_into_which_a_restore_begins_meanwhile_is_not_backed_up(
    service: Service, source: Neo4jServer, proxy: FaultProxy, method: str, held: str
) -> None:
    hold = proxy.hold(held)
    with source.driver() as driver:
        process = service.with_variables(BACKUP_EXPORT_METHOD=method).start()
        assert hold.reached.wait(HELD_SECONDS)
        driver.execute_query(MARKING)  # as a restore from another host does first
        driver.execute_query("MATCH (n:Person) DETACH DELETE n")
        hold.release.set()

    run = finish(process)

    assert_told(service, run, 3, "A restore into database neo4j began during the export")
    assert service.keys() == []


def create_beyond_all_ids(driver: Driver) -> None:
    """Create nodes until one has a higher id than all others, and create a relationship to it.

    A new node can get the id of a deleted one, and the walk may not have read that id yet.
    """
    highest = "MATCH (n) RETURN n ORDER BY id(n) DESC LIMIT 1"
    driver.execute_query("CREATE (:Late)")
    while "Late" not in driver.execute_query(highest).records[0]["n"].labels:
        driver.execute_query("UNWIND range(1, 1000) AS i CREATE (:Late)")
    driver.execute_query(
        "MATCH (a:Person {number: 0}) MATCH (n) WITH a, n ORDER BY id(n) DESC LIMIT 1 "
        "CREATE (a)-[:MET]->(n)"
    )


def test_an_endpoint_that_appears_after_the_nodes_were_read_is_in_the_archive(
    service: Service, source: Neo4jServer, target: Neo4jServer, proxy: FaultProxy
) -> None:
    hold = proxy.hold("UploadPart")
    with service.start() as process, source.driver() as driver:
        assert hold.reached.wait(HELD_SECONDS)
        create_beyond_all_ids(driver)
        hold.release.set()
        assert finish(process).exit_code == 0
    (backup,) = service.backups()
    late = [block for block in backup.manifest["blocks"] if block["kind"] == "late nodes"]
    assert [block["entities"] for block in late] == [1]
    assert backup.manifest["export"]["relationships_by_type"]["MET"] == 1
    run_cypher_shell(target, backup.text, heap="1g")
    whole = {name: backup.manifest["export"][name] for name in ("nodes", "relationships")}
    assert counts(target) == whole
    target.reset()
    run = restore_elsewhere(service, target)
    assert run.exit_code == 0, run.log
    assert counts(target) == whole


def create_beyond_any_query(driver: Driver) -> None:
    """Create nodes until one has an id that no query of the walk reads together with a document.

    A server reads as much of a query's result ahead as fits in the sockets, documents too.
    """
    distance = (
        "MATCH (n:Document) WITH max(id(n)) AS last MATCH (n) "
        "WITH last, max(id(n)) AS highest RETURN highest - last AS distance"
    )
    while driver.execute_query(distance).records[0]["distance"] <= BATCH_IDS * QUERY_BATCHES:
        driver.execute_query("UNWIND range(1, 1000) AS i CREATE (:Beyond)")


def test_a_violated_constraint_is_named_after_the_data_is_loaded(
    service: Service, source: Neo4jServer, target: Neo4jServer, proxy: FaultProxy
) -> None:
    with source.driver() as driver:
        create_beyond_any_query(driver)
        # The first node to be read and the last one.
        for order, label in (("ASC", "First"), ("DESC", "Last")):
            driver.execute_query(
                f"MATCH (n) WITH n ORDER BY id(n) {order} LIMIT 1 SET n:Owner:{label}"
            )
        driver.execute_query("MATCH (n:Owner) SET n.owned = CASE WHEN n:First THEN 1 ELSE 2 END")
        driver.execute_query("CREATE CONSTRAINT owners FOR (n:Owner) REQUIRE n.owned IS UNIQUE")
        hold = proxy.hold("UploadPart")
        with service.start() as process:
            assert hold.reached.wait(HELD_SECONDS)
            driver.execute_query("MATCH (n:First) SET n.owned = 3")
            driver.execute_query("MATCH (n:Last) SET n.owned = 1")
            hold.release.set()
            assert finish(process).exit_code == 0
    (backup,) = service.backups()
    assert backup.manifest["export"]["consistent"] is False
    restored = run_cypher_shell(target, backup.text, heap="1g", check=False)
    assert restored.returncode != 0
    assert b"owned" in restored.stderr
    whole = {name: backup.manifest["export"][name] for name in ("nodes", "relationships")}
    assert counts(target) == whole

    target.reset()
    run = restore_elsewhere(service, target)

    assert_told(service, run, 5, "not all is as the archive says")
    assert "[WARNING] Not restored: CREATE CONSTRAINT `owners`" in run.log
    assert counts(target) == whole
    assert not is_marked(target)
