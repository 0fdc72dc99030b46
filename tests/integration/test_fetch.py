"""A chain of real backups, fetched as one archive, and what changed between two of them."""

from __future__ import annotations

import gzip
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j import Driver

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from tests.integration import everything
from tests.integration.later import wait_for_next_second
from tests.integration.restoring import contents, differences, printed
from tests.keys import KeyPair
from tests.service import Service

PAIR = KeyPair.new()
CHANGES = (
    "MATCH (n) WITH n ORDER BY id(n) SKIP 3 LIMIT 5 SET n.changed = [1, 2]",
    "MATCH ()-[r]->() WITH r ORDER BY id(r) LIMIT 2 DELETE r",
    "CREATE (a:New {key: 'a'})-[:NEW {since: date('2025-10-08')}]->(:New:Newer {key: 'b'})",
    "CREATE INDEX new FOR (n:New) ON (n.key)",
    "MATCH (n:New {key: 'a'}) REMOVE n:New SET n:Old",
    "MATCH (n) WITH n ORDER BY id(n) SKIP 10 LIMIT 2 DETACH DELETE n",
)


@pytest.fixture
def source(fresh: Neo4jServer) -> Neo4jServer:
    """The server that is backed up, empty."""
    fresh.reset()
    return fresh


@pytest.fixture
def driver(source: Neo4jServer) -> Iterator[Driver]:
    """Connect to the server that is backed up; its graph has every kind of value and shape."""
    with source.driver() as driver:
        everything.fill_values(driver)
        everything.fill_shapes(driver)
        # Each increment has all names. It must not be large beside the full backup.
        driver.execute_query("UNWIND range(1, 5000) AS i CREATE (:Bulk {text: randomUUID()})")
        yield driver


def chain(service: Service, driver: Driver) -> Service:
    """Make a full backup, and an incremental one after each change and without one."""
    incremental = service.with_variables(BACKUP_EXPORT_METHOD="manual", BACKUP_FULL_EVERY_DAYS="7")
    incremental.backup()
    for change in CHANGES:
        driver.execute_query(change)
        wait_for_next_second(incremental.keys())
        assert incremental.backup().manifest["kind"] == "incremental"
    wait_for_next_second(incremental.keys())
    assert incremental.backup().manifest["kind"] == "incremental"
    return incremental


def fetch(service: Service, path: Path, *arguments: str) -> bytes:
    """Fetch a backup, which has to succeed, and return its text."""
    run = service.run("fetch", "--output", str(path), *arguments)
    assert run.exit_code == 0, run.log
    assert f"Complete: {path}, " in run.log
    return gzip.decompress(path.read_bytes())


@pytest.mark.usefixtures("driver")
def test_a_backup_is_fetched_by_redirection(service: Service, tmp_path: Path) -> None:
    text = service.backup().text
    path = tmp_path / "redirected.gz"
    with path.open("wb") as file:
        process = service.cold_start("fetch", "--output", "-", output=file)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 0, log
    assert gzip.decompress(path.read_bytes()) == text


def without_time(text: bytes) -> bytes:
    return re.sub(rb"(?m)^// Exported: .*$", b"", text, count=1)


def test_a_chain_is_fetched_as_the_full_backup_of_the_same_moment(
    service: Service, source: Neo4jServer, target: Neo4jServer, driver: Driver, tmp_path: Path
) -> None:
    service = chain(service, driver)
    text = fetch(service, tmp_path / "chain.gz")
    run = service.run("backup", "--full")
    assert run.exit_code == 0, run.log
    whole = service.backups()[-1]
    assert whole.manifest["kind"] == "full"
    assert without_time(text) == without_time(whole.text)
    assert fetch(service, tmp_path / "full.gz") == whole.text

    run_cypher_shell(target, text)

    assert differences(contents(source), target) == ""


def test_an_encrypted_chain_is_fetched_with_its_key(
    service: Service, driver: Driver, tmp_path: Path
) -> None:
    service = chain(service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS=PAIR.public), driver)
    key = str(PAIR.write(tmp_path))
    assert service.run("fetch").exit_code == 2
    encrypted = fetch(service, tmp_path / "chain.gz", "--identity", key)
    assert encrypted.splitlines()[-1].startswith(b"// End of export: ")
    document = printed(service, "diff", "latest", "latest", "--identity", key, "--json")
    assert json.loads(document)["nodes"] == []


def test_what_changed_is_told(service: Service, driver: Driver) -> None:
    service = chain(service, driver)
    keys = [backup.manifest["archive_key"] for backup in service.backups()]

    told = printed(service, "diff", keys[2], keys[3], "--entities")

    node, other, relationship, *rest = told.splitlines()
    assert re.fullmatch(r"added   node \d+ \(:New\)", node)
    assert re.fullmatch(r"added   node \d+ \(:New:Newer\)", other)
    assert re.fullmatch(r"added   relationship \d+ \(\d+\)-\[:NEW\]->\(\d+\)", relationship)
    assert [line.split() for line in rest[1:]] == [
        ["WHAT", "ADDED", "REMOVED", "CHANGED"],
        ["nodes", "(:New)", "1", "0", "0"],
        ["nodes", "(:New:Newer)", "1", "0", "0"],
        ["relationships", "[:NEW]", "1", "0", "0"],
    ]
    schema = json.loads(printed(service, "diff", keys[3], keys[4], "--json"))["schema"]
    assert schema["removed"] == []
    assert [text.partition("FOR")[0] for text in schema["added"]] == ["CREATE RANGE INDEX `new` "]
    relabelled = printed(service, "diff", keys[4], keys[5], "--entities").splitlines()[0]
    assert re.fullmatch(r"changed node \d+ \(:Old\) before \(:New\)", relabelled)
    assert printed(service, "diff", keys[-2], keys[-1]) == "No difference\n"


def test_a_reader_that_has_seen_enough_ends_a_comparison_without_a_traceback(
    service: Service, driver: Driver
) -> None:
    first = service.backup().manifest["archive_key"]
    driver.execute_query("MATCH (bulk:Bulk) SET bulk.text = 'changed'")  # more than a pipe holds
    wait_for_next_second(service.keys())
    second = service.backup().manifest["archive_key"]

    process = service.cold_start("diff", first, second, "--entities")

    assert process.stdout
    assert process.stderr
    assert process.stdout.readline().startswith("changed node ")
    process.stdout.close()
    log = process.stderr.read()
    assert process.wait(timeout=60) == -signal.SIGPIPE, log
    assert "Traceback" not in log
