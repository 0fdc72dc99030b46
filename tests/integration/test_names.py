"""Labels, types and keys: their order, and many of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from testbed.cypher_shell import run_cypher_shell
from testbed.neo4j_server import Neo4jServer
from tests.integration.everything import LISTS, SCALARS
from tests.integration.restoring import Original, contents, differences, restore_elsewhere
from tests.service import Backup, Service

VALUES = [*SCALARS.values(), *LISTS.values()]


def put_back(how: str, service: Service, backup: Backup, target: Neo4jServer) -> str:
    """Restore a backup by the service or by cypher-shell, and return the service's log."""
    if how == "cypher-shell":
        run_cypher_shell(target, backup.text)
        return ""
    run = restore_elsewhere(service, target)
    assert run.exit_code == 0, run.log
    return run.log


def create_labels(server: Neo4jServer, order: Sequence[str]) -> None:
    """Have a server meet labels in an order, and create nodes that do not show it at once."""
    zebra, person, customer, admin = order
    with server.driver() as driver:
        driver.execute_query(
            "UNWIND $order AS label CREATE (n:$(label)) DELETE n", order=list(order)
        )
        driver.execute_query(
            "CREATE (:$($admin) {last: 1, first: 2}) CREATE (:$([$customer, $admin, $person])) "
            "CREATE (:$([$admin, $zebra]))",
            zebra=zebra, person=person, customer=customer, admin=admin,
        )  # fmt: skip


def lists(server: Neo4jServer) -> list[list[str]]:
    """Return the labels of each node, as the server lists them."""
    with server.driver() as driver:
        records = driver.execute_query("MATCH (n) RETURN labels(n) AS labels").records
    return sorted(record["labels"] for record in records)


def names(server: Neo4jServer, procedure: str, among: Sequence[str]) -> list[str]:
    """Return which of some names a server knows, in its order."""
    with server.driver() as driver:
        records = driver.execute_query(f"CALL {procedure}()").records
    return [record[0] for record in records if record[0] in among]


@pytest.mark.parametrize("how", ["restore", "cypher-shell"])
@pytest.mark.parametrize("method", ["manual", "apoc"])
def test_labels_are_listed_in_the_order_of_the_source(
    service: Service, source: Neo4jServer, target: Neo4jServer, how: str, method: str
) -> None:
    # A server never forgets a label. So the labels of each test are new.
    order = [
        f"{name}_{method}_{how}".replace("-", "_")
        for name in ("Zebra", "Person", "Customer", "Admin")
    ]
    types, keys = ([f"{each}_{what}" for each in order] for what in ("type", "key"))
    create_labels(source, order)
    with source.driver() as driver:
        for kind, key in zip(types, keys, strict=True):
            driver.execute_query(f"CREATE (n)-[e:`{kind}`]->(n) DELETE n, e")
            driver.execute_query(f"CREATE (n {{`{key}`: 1}}) DELETE n")
        # The data uses them the other way round.
        driver.execute_query(
            "MATCH (n:$($label)) WITH n LIMIT 1 UNWIND $pairs AS pair "
            "CREATE (n)-[e:$(pair[0])]->(n) SET e[pair[1]] = 1",
            label=order[-1],
            pairs=[*zip(types, keys, strict=True)][::-1],
        )
    service = service.with_variables(BACKUP_EXPORT_METHOD=method)
    log = put_back(how, service, service.backup(), target)
    assert lists(target) == lists(source)
    assert names(target, "db.relationshipTypes", types) == types
    assert names(target, "db.propertyKeys", keys) == keys
    assert sorted(map(len, lists(target))) == [1, 2, 3]
    assert "another order" not in log


def test_a_restore_says_if_the_target_knows_the_labels_in_another_order(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    order = ["Zebra known", "Person known", "Customer known", "Admin known"]
    create_labels(source, order)
    create_labels(target, order[::-1])
    target.reset()
    service.backup()
    log = put_back("restore", service, service.backups()[-1], target)
    assert "labels(n) lists labels in another order than in the source" in log
    assert lists(target) != lists(source)


def test_a_drill_says_if_the_scratch_server_knows_the_labels_in_another_order(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    order = ["Zebra drill", "Person drill", "Customer drill", "Admin drill"]
    create_labels(source, order)
    create_labels(target, order[::-1])
    target.reset()
    service = service.with_variables(RESTORE_NEO4J_PASSWORD=target.password)
    service.backup()
    run = service.run("verify", "--drill", target.uri)
    assert run.exit_code == 0, run.log
    assert "labels(n) lists labels in another order than in the source" in run.log
    assert "comes back exactly, but for the order of labels" in run.log


@pytest.mark.parametrize("how", ["restore", "cypher-shell"])
def test_values_of_every_type_come_back_from_entities_with_a_label_a_type_and_a_key_each(
    service: Service, source: Neo4jServer, target: Neo4jServer, how: str
) -> None:
    with source.driver() as driver:
        for number, value in enumerate(VALUES):
            driver.execute_query(
                f"WITH {value} AS value CREATE (n:$($label)) SET n[$key] = value "
                "CREATE (n)-[e:$($type)]->(n) SET e[$key] = value",
                label=f"Label {number}", type=f"TYPE {number}", key=f"key {number}",
            )  # fmt: skip
        driver.execute_query(
            "UNWIND range(1, 40) AS i CREATE (n:$(['Vector', 'a,~' + i]))-[e:$('`' + i)]->(n) "
            "SET n = {text: 't\t\n' + i, i: i} WITH n, e, [toFloat(n.i), 0.5] AS floats "
            "CALL db.create.setNodeVectorProperty(n, 'v', floats) "
            "CALL db.create.setRelationshipVectorProperty(e, 'v', floats)"
        )
        driver.execute_query("CREATE ({alone: 1})")
    service = service.with_variables(BACKUP_EXPORT_METHOD="manual")
    original = Original(service.backup(), contents(source))
    assert original.backup.text.count(b"UNWIND split(") < len(VALUES) / 2
    put_back(how, service, original.backup, target)
    assert differences(original.fingerprint, target) == ""


def test_cypher_shell_refuses_a_database_with_data_and_changes_nothing(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    for server in (source, target):
        with server.driver() as driver:
            driver.execute_query("CREATE (:Thing {number: 1})")
    backup = service.backup()
    before = contents(target)
    finished = run_cypher_shell(target, backup.text, check=False)
    assert finished.returncode != 0
    assert b"This database is not empty. Restore into an empty one." in finished.stderr
    assert differences(before, target) == ""
    guard = next(line for line in backup.text.splitlines() if line.startswith(b"MATCH (n)"))
    run_cypher_shell(target, backup.text.replace(guard, b""))
    assert len(lists(target)) == 2
