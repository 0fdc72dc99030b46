"""Lists of floats come back in their width of 32 or 64 bits, with all kinds of values."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from neo4j import Driver

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from tests.integration.restoring import (
    Original,
    assert_restored,
    contents,
    differences,
    restore_elsewhere,
)
from tests.integration.widths import (
    EMBEDDING,
    LISTS,
    ONLY_64_BIT,
    TYPE,
    WIDTHS,
    create,
    each_under_its_own_key,
    narrow,
)
from tests.service import Service


def all_under_one_key(driver: Driver) -> None:
    """Create both widths under one key, as far as the text tells them apart."""
    unclear = {"the same text in both widths", "zeros"}
    for name in LISTS.keys() - unclear:
        for width in WIDTHS:
            create(driver, name, LISTS[name], key="p", width=width)
    for name in unclear:
        create(driver, name, LISTS[name], key="p", width="DoubleArray")
    for name, numbers in ONLY_64_BIT.items():
        create(driver, name, numbers, key="p", width="DoubleArray")


def several_in_one_entity(driver: Driver) -> None:
    """Create entities with several lists, some missing in some, under names that need quotes."""
    keys = ('"', "back\\slash", "`", "é\n", "a")
    for number in range(40):
        create(driver, f"{number}", narrow(number / 7), key="z", width="FloatArray")
        for key in keys[: number % 6]:
            driver.execute_query(
                "MATCH (n:N {name: $name})-[e]->() "
                "CALL db.create.setNodeVectorProperty(n, $key, $numbers) "
                "CALL db.create.setRelationshipVectorProperty(e, $key, $numbers) "
                "SET n.y = 1, e.y = date()",
                name=f"{number}",
                key=key,
                numbers=[number / 3, 1.0],
            )
    driver.execute_query("MATCH (n:N) WHERE toInteger(n.name) % 3 = 0 REMOVE n.y, n.z")


def indexed(driver: Driver) -> None:
    """Create vectors with an index of them, on nodes and on relationships."""
    options = "OPTIONS {indexConfig: {`vector.dimensions`: 1024}}"
    driver.execute_query(f"CREATE VECTOR INDEX nodes FOR (n:N) ON (n.p) {options}")
    driver.execute_query(f"CREATE VECTOR INDEX facts FOR ()-[e:{TYPE}]-() ON (e.p) {options}")
    create(driver, "an embedding", EMBEDDING, key="p", width="FloatArray")
    driver.execute_query("CALL db.awaitIndexes(300)")


@pytest.mark.parametrize(
    "fill", [each_under_its_own_key, all_under_one_key, several_in_one_entity, indexed]
)
def test_lists_of_floats_come_back_in_their_values_and_their_width(
    service: Service, source: Neo4jServer, target: Neo4jServer, fill: Callable[[Driver], None]
) -> None:
    with source.driver() as driver:
        fill(driver)
    original = Original(
        service.with_variables(BACKUP_EXPORT_METHOD="manual").backup(), contents(source)
    )
    assert any(text.endswith(" FloatArray") for text in original.fingerprint.storage)

    drill = service.with_variables(RESTORE_NEO4J_PASSWORD=target.password)
    run = drill.run("verify", "--drill", target.uri)
    assert run.exit_code == 0, run.log

    run_cypher_shell(target, original.backup.text, environment={"LC_ALL": "POSIX"})
    assert differences(original.fingerprint, target) == ""

    target.reset()
    assert_restored(restore_elsewhere(service, target), original, target)
