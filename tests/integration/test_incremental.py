"""Incremental backups on real servers: what they hold, when they are full ones, what is kept."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, LiteralString

import pytest
from hypothesis import HealthCheck, given, settings
from neo4j import Driver

from neo4j_r2.backup.row_state import RowState
from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.r2_rules import R2Limits
from testbed.s3_server import S3Server
from testbed.servers import stopped
from tests.integration import documents
from tests.integration.later import wait_for_next_second
from tests.integration.outcome import assert_told
from tests.integration.restoring import (
    assert_passes_drill,
    contents,
    differences,
    printed,
    restore_elsewhere,
)
from tests.integration.test_generated_graphs import GRAPHS, create
from tests.integration.widths import narrow
from tests.keys import KeyPair
from tests.service import TIMEOUT_SECONDS, Run, Service, finish

NODES: Final = 300
FULL: Final = "[INFO] Making a full backup: "
NO_RECORD: Final = (
    f"{FULL}this host has no record of the last backup's rows (yet, or since a restore or damage)\n"
)
IDLE: Final = "[INFO] Nothing was committed since the last backup: no export is needed"
HELD_SECONDS: Final = 60
ID_MAINTENANCE_SECONDS: Final = 1.5
"""About once a second the server looks for ids that are free again."""
PAIR: Final = KeyPair.new()


@pytest.fixture
def source(fresh: Neo4jServer) -> Neo4jServer:
    """The server that is backed up, empty."""
    fresh.reset()
    return fresh


@pytest.fixture
def driver(source: Neo4jServer) -> Any:
    """Return a driver of the server that is backed up. Its graph has some texts in it."""
    chance = random.Random(7)
    texts = [chance.randbytes(60).hex() for _ in range(NODES)]
    with source.driver() as driver:
        driver.execute_query(
            "UNWIND range(0, size($texts) - 1) AS i CREATE (n:Node {number: i, text: $texts[i]}) "
            "WITH collect(n) AS nodes UNWIND range(0, size(nodes) - 2) AS i "
            "WITH nodes[i] AS a, nodes[i + 1] AS b CREATE (a)-[:NEXT {number: a.number}]->(b)",
            texts=texts,
        )
        yield driver


@pytest.fixture
def service(service: Service, driver: Driver) -> Service:
    """The service, which makes a full backup once a week."""
    del driver
    return service.with_variables(BACKUP_FULL_EVERY_DAYS="7")


def run_later(service: Service, *arguments: str) -> Run:
    """Make a backup, which has to succeed, in a later second than those before."""
    wait_for_next_second(service.keys())
    run = service.run("backup", *arguments)
    assert run.exit_code == 0, run.log
    return run


def newest(service: Service) -> dict[str, Any]:
    """Return the manifest of the newest backup."""
    return service.backups()[-1].manifest


def made(service: Service, *arguments: str) -> dict[str, Any]:
    """Make a backup, and return its manifest."""
    run_later(service, *arguments)
    return newest(service)


def needs(manifest: dict[str, Any]) -> list[str]:
    """Return the keys of the archives that a backup needs besides its own."""
    return [need["key"] for need in manifest["needs"]]


def damage(service: Service, key: str) -> None:
    """Change a byte of an object."""
    data = bytearray(service.object(key))
    data[len(data) // 2] ^= 1
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=bytes(data))


def assert_comes_back(
    service: Service, source: Neo4jServer, target: Neo4jServer, *arguments: str
) -> None:
    """Check that the latest backup restores to what the source holds."""
    target.reset()
    run = restore_elsewhere(service, target, *arguments)
    assert run.exit_code == 0, run.log
    assert differences(contents(source), target) == ""


def findings(service: Service, *arguments: str, exit_code: int = 0) -> dict[str, str]:
    """Return what `verify --all` finds of each backup."""
    text = printed(service, "verify", "--all", "--json", *arguments, exit_code=exit_code)
    return {each["key"]: each["finding"] for each in json.loads(text)["backups"]}


def listed(service: Service) -> list[dict[str, Any]]:
    """Return what `list` says of each backup, newest first."""
    backups: list[dict[str, Any]] = json.loads(printed(service, "list", "--json"))["backups"]
    return backups


def row_state(service: Service) -> Path:
    """Return the file with the rows of the last backup."""
    return service.state_directory / "neo4j.rows"


def test_an_increment_holds_only_what_changed(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer
) -> None:
    full = made(service)
    assert (full["kind"], full["needs"], full["format_version"]) == ("full", [], 5)
    driver.execute_query("MATCH (n:Node {number: 5}) SET n.text = 'changed'")
    driver.execute_query("MATCH (n:Node {number: 10}) DETACH DELETE n")
    driver.execute_query("CREATE (:New {text: 'created'})")

    increment = made(service)

    assert increment["kind"] == "incremental"
    assert needs(increment) == [full["archive_key"]]
    assert increment["export"]["nodes"] == NODES
    assert increment["export"]["relationships"] == NODES - 3
    text = service.backups()[-1].text.decode()
    assert "changed" in text
    assert "created" in text
    assert len(text) < len(service.backups()[0].text) / 10
    # The id of the deleted node is gone, or the new node has it.
    assert text.count("// gone relationships ") == 1
    assert sorted(findings(service).values()) == ["good", "good"]
    assert_comes_back(service, source, target)


def test_a_chain_of_increments_is_a_restore_point_at_each_of_them(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer
) -> None:
    made(service)
    held = {}
    for number in range(4):
        driver.execute_query(
            "MATCH (n:Node) WHERE n.number % 50 = $number SET n.changed = $number", number=number
        )
        driver.execute_query("MATCH (n:Node {number: $number}) DETACH DELETE n", number=number)
        manifest = made(service)
        assert len(needs(manifest)) == number + 1
        held[manifest["archive_key"]] = contents(source)
    for key in [*held][::3]:
        target.reset()
        assert restore_elsewhere(service, target, key).exit_code == 0
        assert differences(held[key], target) == ""
    listing = listed(service)
    assert [each["kind"] for each in listing] == [*["incremental"] * 4, "full"]
    assert [len(each["needs"]) for each in listing] == [5, 4, 3, 2, 1]
    assert listing[0]["needs"][-1] == listing[0]["key"]


def test_full_backups_only_are_as_before(service: Service) -> None:
    service = service.with_variables(BACKUP_FULL_EVERY_DAYS="")
    manifest = made(service)
    assert manifest["format_version"] == 3
    assert "kind" not in manifest
    assert not row_state(service).exists()


def test_the_first_backup_of_a_host_is_a_full_one(service: Service, tmp_path: Path) -> None:
    assert NO_RECORD in run_later(service).log
    other = service.with_variables(BACKUP_STATE_DIR=str(tmp_path / "other-host"))
    assert NO_RECORD in run_later(other).log
    shutil.rmtree(service.state_directory)
    assert NO_RECORD in run_later(service).log


def test_a_backup_into_another_bucket_is_a_full_one(service: Service, s3: S3Server) -> None:
    made(service)
    s3.create_bucket(f"other-{service.bucket}")
    other = service.with_variables(R2_BUCKET_NAME=f"other-{service.bucket}")
    run = other.run()
    assert NO_RECORD in run.log


def test_a_damaged_record_of_the_rows_takes_a_full_one(service: Service) -> None:
    made(service)
    data = bytearray(row_state(service).read_bytes())
    data[len(data) // 2] ^= 1
    row_state(service).write_bytes(data)
    run = run_later(service)
    assert f"{FULL}the record of the last backup's rows is damaged\n" in run.log
    assert IDLE in run_later(service).log


def test_other_recipients_take_a_full_one(service: Service) -> None:
    made(service)
    run = run_later(service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS=PAIR.public))
    assert f"{FULL}the last backup had another set of recipients\n" in run.log


def test_a_needed_archive_that_is_gone_takes_a_full_one(service: Service) -> None:
    key = made(service)["archive_key"]
    service.s3.client().delete_object(Bucket=service.bucket, Key=key)
    run = run_later(service)
    assert f"{FULL}the archive {key} is not in the bucket any more\n" in run.log
    assert [each["complete"] for each in listed(service)] == [True, False]


@pytest.mark.parametrize(
    ("held", "verify"),
    [
        ("CreateMultipartUpload", "off"),
        ("CompleteMultipartUpload", "off"),
        ("CompleteMultipartUpload", "after"),
    ],
    ids=["during the export", "after the upload", "while it is read back"],
)
def test_a_needed_archive_that_goes_during_the_run_takes_a_full_one(
    service: Service, driver: Driver, proxy: FaultProxy, held: str, verify: str
) -> None:
    service = service.through(proxy).with_variables(BACKUP_VERIFY=verify)
    key = made(service)["archive_key"]
    driver.execute_query("CREATE (:New)")
    wait_for_next_second(service.keys())
    hold = proxy.hold(held)
    with service.start("backup") as process:
        assert hold.reached.wait(HELD_SECONDS)
        service.s3.client().delete_object(Bucket=service.bucket, Key=key)
        hold.release.set()
        _, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, log
    assert f"{FULL}the archive {key} is not in the bucket any more\n" in log
    complete = [each for each in listed(service) if each["complete"]]
    assert [each["kind"] for each in complete] == ["full"]


def test_a_chain_that_is_found_damaged_during_a_run_ends_with_its_backup(
    service: Service, driver: Driver, proxy: FaultProxy
) -> None:
    service = service.through(proxy)
    key = made(service)["archive_key"]
    driver.execute_query("CREATE (:New)")
    wait_for_next_second(service.keys())
    hold = proxy.hold("CompleteMultipartUpload")
    with service.start("backup") as process:
        assert hold.reached.wait(HELD_SECONDS)
        damage(service, key)
        assert findings(service, exit_code=5) == {key: "bad"}
        hold.release.set()
        assert finish(process).exit_code == 0
    assert newest(service)["kind"] == "incremental"
    driver.execute_query("CREATE (:Newer)")
    assert FULL in run_later(service).log


@pytest.mark.parametrize(("method", "kind"), [("auto", "incremental"), ("apoc", "full")])
def test_auto_walks_and_apoc_s_backups_are_full(
    service: Service, driver: Driver, method: str, kind: str
) -> None:
    service = service.with_variables(BACKUP_EXPORT_METHOD=method)
    made(service)
    driver.execute_query("CREATE (:New)")
    manifest = made(service)
    assert manifest.get("kind", "full") == kind
    assert manifest["export"]["method"] == ("apoc" if method == "apoc" else "manual")


def test_somebody_can_ask_for_a_full_one(service: Service) -> None:
    made(service)
    run = run_later(service, "--full")
    assert f"{FULL}--full asks for one\n" in run.log
    assert [each.manifest["kind"] for each in service.backups()] == ["full", "full"]
    assert IDLE in run_later(service).log
    assert needs(newest(service)) == [service.backups()[1].manifest["archive_key"]]


def test_a_backup_after_a_restore_is_a_full_one(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer
) -> None:
    first = made(service)
    driver.execute_query("MATCH (n:Node {number: 1}) SET n.text = 'changed'")
    assert made(service)["kind"] == "incremental"
    run = service.run("restore", first["archive_key"], "--force")
    assert run.exit_code == 0, run.log
    safety = newest(service)
    assert safety["before_restore"] is True
    assert safety.get("kind", "full") == "full"

    run = run_later(service)

    assert NO_RECORD in run.log
    assert_comes_back(service, source, target)


def test_an_idle_graph_needs_no_walk(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer
) -> None:
    full = made(service)
    assert IDLE in run_later(service).log
    driver.execute_query("MATCH (n) RETURN count(n), max(n.text)")
    with driver.session() as session:
        session.run("MATCH ()-[r]->() RETURN count(r)").consume()
    run = run_later(service)
    assert IDLE in run.log
    assert "Using manual export" not in run.log
    manifest = newest(service)
    assert (manifest["kind"], needs(manifest)) == ("incremental", [full["archive_key"]])
    assert manifest["export"] == full["export"]
    assert manifest["row_sums"] == full["row_sums"]
    assert_comes_back(service, source, target)


def test_a_write_that_changes_nothing_takes_a_walk_and_no_rows(
    service: Service, driver: Driver
) -> None:
    full = made(service)
    driver.execute_query("CREATE (n:Short) DELETE n")
    run = run_later(service)
    assert f"[INFO] Using manual export, compared with {full['archive_key']}\n" in run.log
    idle = newest(service)
    assert needs(idle) == [full["archive_key"]]
    assert idle["row_sums"] == full["row_sums"]
    driver.execute_query("CREATE (:Last)")
    assert needs(made(service)) == [full["archive_key"]], "what holds no rows is not needed"


def test_after_a_restart_of_the_server_an_idle_graph_is_walked(
    service: Service, source: Neo4jServer
) -> None:
    full = made(service)
    with stopped(source):
        pass
    run = run_later(service)
    assert IDLE not in run.log
    assert f"[INFO] Using manual export, compared with {full['archive_key']}\n" in run.log
    assert newest(service)["row_sums"] == full["row_sums"]
    assert IDLE in run_later(service).log


NUMBERS: Final = narrow(0.1, -0.25)
SET: LiteralString = "MATCH (n:Node {number: 7})-[r]->() SET n.value = $value, r.value = $value"
SET_NARROW: LiteralString = (
    "MATCH (n:Node {number: 7})-[r]->() "
    "CALL db.create.setNodeVectorProperty(n, 'value', $value) "
    "CALL db.create.setRelationshipVectorProperty(r, 'value', $value)"
)


@pytest.mark.parametrize(
    "change",
    [
        ((SET, NUMBERS), (SET_NARROW, NUMBERS)),
        ((SET_NARROW, NUMBERS), (SET, NUMBERS)),
        ((SET, 0.0), (SET, -0.0)),
        ((SET, [0.0, 1.0]), (SET, [-0.0, 1.0])),
        ((SET, 1), (SET, 1.0)),
        ((SET, [1]), (SET, [1.0])),
        ((SET, []), (SET, [""])),
        ((SET, ""), (SET, None)),
        ((SET, True), (SET, "true")),
    ],
    ids=str,
)
def test_a_value_that_only_looks_the_same_is_a_change(
    service: Service,
    driver: Driver,
    source: Neo4jServer,
    target: Neo4jServer,
    change: tuple[tuple[LiteralString, Any], tuple[LiteralString, Any]],
) -> None:
    (statement, value), after = change
    driver.execute_query(statement, value=value)
    full = made(service)
    # Neo4j takes -0.0 for the value 0.0 that is there already.
    driver.execute_query(SET, value=None)
    statement, value = after
    driver.execute_query(statement, value=value)
    manifest = made(service)
    assert needs(manifest) == [full["archive_key"]]
    assert sum(block["entities"] for block in manifest["blocks"]) == 2
    assert_comes_back(service, source, target)


def test_another_schema_needs_no_rows(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer
) -> None:
    made(service)
    driver.execute_query("CREATE CONSTRAINT FOR (n:Node) REQUIRE n.number IS UNIQUE")
    manifest = made(service)
    assert sum(block["entities"] for block in manifest["blocks"]) == 0
    assert manifest["export"]["constraints"] == 1
    assert_comes_back(service, source, target)


def test_ids_that_are_used_anew_are_other_entities(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer
) -> None:
    (row,) = driver.execute_query(
        "MATCH (n:Node) WHERE n.number < 20 RETURN collect(id(n)) AS ids"
    ).records
    made(service)
    driver.execute_query("MATCH (n:Node) WHERE n.number < 20 DETACH DELETE n")
    time.sleep(ID_MAINTENANCE_SECONDS)
    anew = 0
    for _ in range(100):  # ids that earlier tests have left free may come first
        (new,) = driver.execute_query(
            "UNWIND range(0, 999) AS i CREATE (n:New {number: i}) "
            "RETURN size([id IN collect(id(n)) WHERE id IN $old]) AS anew",
            old=row["ids"],
        ).records
        anew += new["anew"]
        if anew == len(row["ids"]):
            break
    assert anew > 0, "the server has used no id again"
    driver.execute_query("MATCH (n:New) WHERE NOT id(n) IN $old DETACH DELETE n", old=row["ids"])
    driver.execute_query("MATCH (n:New) CREATE (n)-[:NEXT {number: n.number}]->(n)")
    assert made(service)["kind"] == "incremental"
    assert set(findings(service).values()) == {"good"}
    assert_comes_back(service, source, target)


@pytest.fixture
def large(
    source: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with a graph so large that holding the first part stops the reading midway."""
    with source.driver() as driver:
        driver.execute_query("UNWIND range(0, 99) AS i CREATE (:Free {number: i})")
        documents.fill(driver, documents=500, characters=60_000)
        driver.execute_query(
            "MATCH (d:Document) WITH d LIMIT 50 CREATE (d)-[:NEXT]->(:Person {number: 1})"
        )
        driver.execute_query("MATCH (n:Free) DELETE n")
    time.sleep(ID_MAINTENANCE_SECONDS)
    service = Service.configured(source, s3, bucket, tmp_path).through(proxy).in_small_parts()
    return service.with_variables(BACKUP_FULL_EVERY_DAYS="7")


def held_midway(service: Service, proxy: FaultProxy, write: Callable[[], None]) -> dict[str, Any]:
    """Make a backup during whose walk somebody writes, and return its manifest."""
    time.sleep(1)
    hold = proxy.hold("UploadPart")
    with service.start("backup") as process:
        assert hold.reached.wait(HELD_SECONDS)
        write()
        hold.release.set()
        run = finish(process, TIMEOUT_SECONDS)
    assert run.exit_code == 0, run.log
    return newest(service)


def test_late_nodes_and_dangling_relationships_come_right_with_the_increment_after_them(
    large: Service, source: Neo4jServer, target: Neo4jServer, proxy: FaultProxy
) -> None:
    with source.driver() as driver:

        def write() -> None:
            # They get the free ids before all others, and then some behind all others.
            driver.execute_query(
                "UNWIND range(0, 299) AS i CREATE (:Late {number: i})-[:MET]->(:Late)"
            )
            driver.execute_query("MATCH (n:Person) WITH n LIMIT 20 DETACH DELETE n")

        first = held_midway(large, proxy, write)
        assert first["export"]["consistent"] is False
        late = RowState(row_state(large)).description["late"]
        assert late, "no node came late"
        (row,) = driver.execute_query("MATCH (n:Document) RETURN max(id(n)) AS highest").records
        assert min(late) < row["highest"], "no late node has a low id"
        assert [*findings(large).values()] == ["good"]

        # An increment that has late nodes itself, after those of the full one.
        driver.execute_query("MATCH (d:Document) WITH d LIMIT 200 SET d.changed = true")
        driver.execute_query("MATCH (n:Late) WHERE n.number % 3 = 0 DETACH DELETE n")
        time.sleep(ID_MAINTENANCE_SECONDS)
        second = held_midway(large, proxy, write)
        assert needs(second) == [first["archive_key"]]
        assert RowState(row_state(large)).description["late"]
        assert {*findings(large).values()} == {"good"}

        third = made(large)
        assert third["kind"] == "incremental"
        assert third["export"]["consistent"] is True
        assert {*findings(large).values()} == {"good"}
        assert_comes_back(large, source, target)

        driver.execute_query("MATCH (n:Late) WHERE n.number % 2 = 0 DETACH DELETE n")
        assert made(large)["kind"] == "incremental"
        assert {*findings(large).values()} == {"good"}
        assert_comes_back(large, source, target)


def test_after_a_kill_between_manifest_and_rows_the_backup_before_is_the_base(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer, tmp_path: Path
) -> None:
    full = made(service)
    shutil.copy(row_state(service), tmp_path / "old")
    driver.execute_query("MATCH (n:Node {number: 3}) SET n.text = 'second'")
    driver.execute_query("CREATE (:Second)")
    second = made(service)
    shutil.copy(tmp_path / "old", row_state(service))
    driver.execute_query("MATCH (n:Node {number: 4}) SET n.text = 'third'")
    third = made(service)
    assert needs(second) == needs(third) == [full["archive_key"]]
    assert [*findings(service).values()] == ["good"] * 3
    assert_comes_back(service, source, target)


def chain_and_full(service: Service, driver: Driver) -> list[dict[str, Any]]:
    """Make a full backup, two increments, and another full one with an increment."""
    manifests = [made(service)]
    for number, options in enumerate([[], [], ["--full"], []]):
        driver.execute_query("CREATE (:Step {number: $number})", number=number)
        manifests.append(made(service, *options))
    return manifests


def stem_of(manifest: dict[str, Any]) -> str:
    key: str = manifest["archive_key"]
    return key.rpartition("/")[2].partition(".")[0]


def test_a_prune_keeps_what_is_needed_and_says_by_whom(service: Service, driver: Driver) -> None:
    full, _, increment, second_full, newest_one = chain_and_full(service, driver)
    strict = service.with_variables(BACKUP_RETENTION_DAYS="none", BACKUP_KEEP_LAST="1")
    plan = [re.split(r" {2,}", line) for line in printed(strict, "prune").splitlines()]
    assert [each[0] for each in plan] == ["remove", "remove", "remove", "keep", "keep"]
    assert plan[3] == ["keep", second_full["archive_key"], f"needed by {stem_of(newest_one)}"]
    assert [each.manifest["archive_key"] for each in service.backups()] == [
        second_full["archive_key"],
        newest_one["archive_key"],
    ]
    assert {*findings(service).values()} == {"good"}
    assert full["archive_key"] not in set(service.keys())
    assert increment["archive_key"] not in set(service.keys())


def test_a_lock_on_an_increment_holds_what_it_needs(
    service: Service, driver: Driver, proxy: FaultProxy
) -> None:
    full, first, increment, *_ = chain_and_full(service, driver)
    proxy.limits = R2Limits(locked_prefix=f"neo4j-backup/{stem_of(increment)}")
    strict = service.through(proxy).with_variables(
        BACKUP_RETENTION_DAYS="none", BACKUP_KEEP_LAST="1"
    )
    process = strict.start("prune")
    _, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, log
    assert "a lock rule of the bucket holds it" in log
    for needed in (full, first):
        assert f"needed by {stem_of(increment)}" in log
        assert needed["archive_key"] in set(service.keys())
    assert {*findings(service).values()} == {"good"}
    proxy.limits = R2Limits()
    printed(strict, "prune")
    assert len(service.backups()) == 2


def test_latest_passes_over_a_backup_whose_needed_archive_is_gone(
    service: Service, driver: Driver, target: Neo4jServer
) -> None:
    manifests = chain_and_full(service, driver)
    gone, left = manifests[3]["archive_key"], manifests[2]["archive_key"]
    service.s3.client().delete_object(Bucket=service.bucket, Key=gone)
    run = restore_elsewhere(service, target)
    assert run.exit_code == 0, run.log
    assert re.search(
        rf"\[WARNING\] Passed over neo4j-backup/{stem_of(manifests[4])}\.manifest\.json: the "
        rf"archive that it needs, {re.escape(gone)} of .* is not there; "
        rf"{re.escape(left)} is used instead",
        run.log,
    )
    listing = listed(service)
    assert [each["complete"] for each in listing] == [False, False, True, True, True]
    assert f"the archive that it needs, {gone} of" in listing[0]["problem"]
    run = restore_elsewhere(service, target, manifests[4]["archive_key"], "--force")
    assert_told(service, run, 5, f"the archive that it needs, {gone} of")


def test_a_damaged_archive_makes_all_that_need_it_bad(service: Service, driver: Driver) -> None:
    manifests = chain_and_full(service, driver)
    key = manifests[1]["archive_key"]
    damage(service, key)
    found = findings(service, exit_code=5)
    assert [found[each["archive_key"]] for each in manifests] == [
        "good",
        "bad",
        "bad",
        "good",
        "good",
    ]


def test_an_increment_passes_a_drill(service: Service, driver: Driver, target: Neo4jServer) -> None:
    made(service)
    driver.execute_query("MATCH (n:Node {number: 5}) DETACH DELETE n")
    assert made(service)["kind"] == "incremental"
    assert_passes_drill(service, target)


def test_an_increment_is_read_back_with_all_that_it_needs(service: Service, driver: Driver) -> None:
    service = service.with_variables(BACKUP_VERIFY="after")
    full = made(service)
    driver.execute_query("CREATE (:New)")
    run = run_later(service)
    increment = newest(service)
    assert increment["kind"] == "incremental"
    assert f"[INFO] Verifying the upload: {increment['archive_key']}\n" in run.log

    key = full["archive_key"]
    damage(service, key)
    driver.execute_query("CREATE (:Newer)")
    run = run_later(service)
    assert newest(service)["kind"] == "full"
    (reason,) = [line for line in run.log.splitlines() if line.startswith(FULL)]
    assert f"{key}: " in reason
    driver.execute_query("CREATE (:Newest)")
    increment = made(service)
    assert increment["kind"] == "incremental"
    assert key not in needs(increment), "it needs nothing that is damaged"


def test_encrypted_increments_come_back(
    service: Service, driver: Driver, source: Neo4jServer, target: Neo4jServer, tmp_path: Path
) -> None:
    service = service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS=PAIR.public)
    identity = str(PAIR.write(tmp_path))
    full = made(service)
    driver.execute_query("MATCH (n:Node {number: 5}) SET n.text = 'changed'")
    increment = made(service)
    assert increment["format_version"] == full["format_version"] == 6
    assert (increment["kind"], needs(increment)) == ("incremental", [full["archive_key"]])
    assert "row_sums" not in increment
    assert {*findings(service, "--identity", identity).values()} == {"good"}
    assert {*findings(service).values()} == {"locked"}
    assert_comes_back(service, source, target, "--identity", identity)


@settings(
    max_examples=5,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
@given(first=GRAPHS, second=GRAPHS)
def test_any_change_of_any_graph_comes_back_exactly(
    service: Service,
    source: Neo4jServer,
    target: Neo4jServer,
    first: dict[str, Any],
    second: dict[str, Any],
) -> None:
    source.reset()
    with source.driver() as driver:
        create(driver, first)
        # Else the first increment may be so large that the second one is a full backup.
        driver.execute_query("UNWIND range(0, 999) AS i CREATE (:Ballast {text: randomUUID()})")
        made(service, "--full")
        driver.execute_query("MATCH (n) WHERE id(n) % 3 = 0 DETACH DELETE n")
        driver.execute_query("MATCH (n) WHERE id(n) % 3 = 1 SET n.changed = id(n)")
        create(driver, second)
        assert made(service)["kind"] == "incremental"
        driver.execute_query("MATCH ()-[r]->() WHERE id(r) % 2 = 0 SET r.changed = id(r)")
        assert len(needs(made(service))) <= 2
    assert_comes_back(service, source, target)
