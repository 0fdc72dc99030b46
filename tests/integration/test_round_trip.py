"""Every type, name and schema object: backed up, restored by cypher-shell, and compared."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from neo4j import Driver

from testbed.cypher_shell import run_cypher_shell
from testbed.fingerprint import difference, fingerprint
from testbed.neo4j_server import Neo4jServer
from tests.integration import everything
from tests.service import Backup, Service


def differences_after_restore(source: Neo4jServer, target: Neo4jServer, backup: Backup) -> str:
    """Restore under a POSIX locale and return what differs between the two databases."""
    run_cypher_shell(target, backup.text, environment={"LC_ALL": "POSIX"})
    with source.driver() as one, target.driver() as other:
        return difference(fingerprint(one), fingerprint(other))


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
    backup = service.with_variables(BACKUP_EXPORT_METHOD="manual").backup()
    assert backup.text.isascii()
    assert differences_after_restore(source, target, backup) == ""


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
