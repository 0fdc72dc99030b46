"""Every type, name and schema object is backed up, restored in both ways, and compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from neo4j import Driver

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from tests.integration import everything
from tests.integration.restoring import Original, assert_restored, contents, differences
from tests.service import Service


@pytest.mark.parametrize(
    "fill",
    [
        everything.fill_values,
        everything.fill_names,
        everything.fill_shapes,
        everything.fill_schema,
    ],
    ids=["values", "names", "shapes", "schema"],
)
def test_everything_a_server_holds_comes_back_exactly(
    service: Service,
    source: Neo4jServer,
    target: Neo4jServer,
    fill: Callable[[Driver], None],
) -> None:
    with source.driver() as driver:
        fill(driver)
        service = service.with_variables(BACKUP_EXPORT_METHOD="manual")
        original = Original(service.backup(), contents(source))
        assert original.backup.text.isascii()

        run_cypher_shell(target, original.backup.text, environment={"LC_ALL": "POSIX"})

        assert differences(original.fingerprint, target) == ""
        driver.execute_query("MATCH (n) WITH n LIMIT 3 CREATE (n)-[:TO]->(:New {value: 1})")
        driver.execute_query("CREATE INDEX new FOR (n:New) ON (n.value)")

        run = service.run("restore", "--force", "--no-safety-backup")

        assert_restored(run, original, source)


def test_a_byte_array_is_marked_and_comes_back_as_the_integers_that_cypher_shows(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    with source.driver() as driver:
        driver.execute_query("CREATE ({data: $data, none: $none})", data=b"\x00\x7f\x80", none=b"")
    backup = service.backup()
    assert backup.text.count(b"/* byte array */") == 2
    run_cypher_shell(target, backup.text)
    with target.driver() as driver:
        (row,) = driver.execute_query("MATCH (n) RETURN n.data AS data, n.none AS none").records
    assert dict(row) == {"data": [0, 127, -128], "none": []}
