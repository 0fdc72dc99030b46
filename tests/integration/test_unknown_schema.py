"""A constraint or an index of a kind that this version of the service does not know.

No server has one yet, so a later server is faked: a relay before a real one changes the kind's name
in each answer. All else is real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK
from testbed.web_receiver import WebReceiver
from tests.integration.outcome import assert_told, assert_whole
from tests.integration.relay import relay
from tests.integration.restoring import contents, restore_elsewhere, unchanged
from tests.service import Service

SCHEMA = {
    "keys": "CREATE CONSTRAINT keys FOR (n:Document) REQUIRE n.key IS UNIQUE",
    "texts": "CREATE FULLTEXT INDEX texts FOR (n:Document) ON EACH [n.text]",
    "times": "CREATE INDEX times FOR ()-[r:AFTER]-() ON (r.time)",
}
UNKNOWN = {
    "keys": (b"IS UNIQUE", b"IS EXOTIC"),
    "texts": (b"CREATE FULLTEXT INDEX", b"CREATE HOLOGRAM INDEX"),
}
"""What the relay makes of a kind, so that nobody knows it."""


@pytest.fixture(params=UNKNOWN)
def unknown(request: pytest.FixtureRequest) -> str:
    """Return the name of the constraint or the index whose kind is not known."""
    name: str = request.param
    return name


@pytest.fixture
def later(source: Neo4jServer, service: Service, unknown: str) -> Iterator[Service]:
    """The service, configured for a server that has such an object, with a small graph."""
    with source.driver() as driver:
        for statement in SCHEMA.values():
            driver.execute_query(statement)
        driver.execute_query(
            "CREATE (:Document {key: 1, text: 'a'})-[:AFTER {time: date()}]->(:Document {key: 2})"
        )
    with relay(source.port, replaces=UNKNOWN[unknown]) as (port, _):
        yield service.with_variables(NEO4J_URI=f"bolt://{LOOPBACK}:{port}")


def names(server: Neo4jServer) -> set[str]:
    """Return the names of all constraints and indexes but the lookup indexes."""
    query = "SHOW INDEXES YIELD name, type WHERE type <> 'LOOKUP' RETURN name"
    with server.driver() as driver:
        return {record["name"] for record in driver.execute_query(query).records}


def test_the_backup_is_kept_and_the_run_fails_and_tells_what_is_missing(
    later: Service, source: Neo4jServer, target: Neo4jServer, unknown: str
) -> None:
    with WebReceiver() as web:
        told = later.with_variables(BACKUP_NOTIFY_URLS=f"json://{web.address}/hook/good")
        run = told.run()
    assert_told(told, run, 3, f"does not say how to create {unknown}: keep the statements for ")
    assert "[ERROR] The backup is safe, but " in run.log
    (posted,) = (json.loads(each.body) for each in web.received)
    assert posted["title"] == "Backup failed: neo4j"
    assert f"does not say how to create {unknown}: keep " in posted["message"]

    (backup,) = later.backups()
    assert_whole(backup)
    assert backup.manifest["export"]["unstated_schema"] == [unknown]
    lacks = f"[WARNING] The backup lacks these constraints and indexes: {unknown}"
    for checked in (later.run("verify"), restore_elsewhere(later, target)):
        assert checked.exit_code == 0, checked.log
        assert lacks in checked.log
    assert names(target) == SCHEMA.keys() - {unknown}
    assert contents(target).tallies == contents(source).tallies


def test_a_restore_whose_safety_backup_would_lack_it_replaces_nothing(
    later: Service, source: Neo4jServer, unknown: str
) -> None:
    later.run()
    with source.driver() as driver:
        driver.execute_query("CREATE (:Document {key: 3})")
    with unchanged(source):
        run = later.run("restore", "--force")
    assert_told(later, run, 3, f"The backup lacks {unknown}, because Neo4j does not say how to ")
    assert "; nothing was changed" in run.log
    assert "--no-safety-backup replaces the database without a backup of it" in run.log
    _, safety = later.backups()
    assert safety.manifest["before_restore"] is True
    assert safety.manifest["export"]["nodes"] == 3

    run = later.run("restore", "--force", "--no-safety-backup")
    assert run.exit_code == 0, run.log
    assert names(source) == SCHEMA.keys() - {unknown}
