"""Times in zones that the target's Java does not know, or knows with other rules."""

from __future__ import annotations

import pytest

from testbed.neo4j_server import Neo4jServer
from tests.archives import content_of, store
from tests.entities import nodes
from tests.integration.outcome import assert_told
from tests.integration.restoring import count_nodes, is_marked, restore_elsewhere, unchanged
from tests.service import Service

UNKNOWN = (
    "2025-06-01T12:00-03:00[America/Nowhere]",
    ["2025-06-01T12:00Z", "2025-06-01T12:00+01:00[Europe/Atlantis]"],
    "1850-01-01T00:00:00+00:09:21[Europe/Lyonesse]",
)
"""Such as America/Coyhaique for a Java from before 2025: nobody's Java knows these."""
OTHER_RULES = ("2024-07-01T12:00-05:00[Europe/Paris]",)
"""Such as the summer of 2024 in Mexico for a Java from before 2023: Paris never has this offset."""
NAMED = "The archive has times in America/Nowhere, Europe/Atlantis, Europe/Lyonesse, and "


def stored(
    service: Service, times: tuple[str | list[str], ...], *, has_manifest: bool = True
) -> str:
    """Put an archive of nodes with these times into the bucket, and return its key."""
    texts = ("2024-07-01T12:00+02:00[Europe/Paris]", *times)
    values = ({"type": "ZONED DATETIME NOT NULL", "text": text} for text in texts)
    rows = nodes((["Time"], {"at": value}) for value in values)
    archive = content_of(rows, []).sealed(compressed=True)
    return store(service, archive, has_manifest=has_manifest)


@pytest.fixture
def held(target: Neo4jServer) -> Neo4jServer:
    """The server that is restored into, with a node that a restore would replace."""
    with target.driver() as driver:
        driver.execute_query("CREATE (:Held)")
    return target


@pytest.mark.parametrize("has_manifest", [True, False], ids=["proved", "without manifest"])
def test_a_restore_names_the_zones_that_the_target_does_not_know_and_changes_nothing(
    service: Service, held: Neo4jServer, has_manifest: bool
) -> None:
    key = stored(service, UNKNOWN, has_manifest=has_manifest)
    before = service.keys()
    with unchanged(held):
        run = restore_elsewhere(service, held, key, "--force")
    assert_told(service, run, 3, f"{NAMED}{held.uri} does not know these time zones; run it on a ")
    assert service.keys() == before
    assert "--force" not in run.log


def test_a_drill_names_them_too(service: Service, target: Neo4jServer) -> None:
    key = stored(service, UNKNOWN)
    with unchanged(target):
        drill = service.with_variables(RESTORE_NEO4J_PASSWORD=target.password)
        run = drill.run("verify", key, "--drill", target.uri)
    assert_told(service, run, 3, NAMED)


def test_a_time_against_the_rules_of_the_targets_java_changes_nothing(
    service: Service, held: Neo4jServer
) -> None:
    key = stored(service, OTHER_RULES)
    with unchanged(held):
        run = restore_elsewhere(service, held, key, "--force")
    reason = f"{held.uri} has other rules for the time zone of '{OTHER_RULES[0]}' of 'at'; run it"
    assert_told(service, run, 3, reason)


def test_without_the_check_the_advice_leads_to_the_line_that_names_the_zones(
    service: Service, target: Neo4jServer
) -> None:
    key = stored(service, UNKNOWN)
    run = restore_elsewhere(service, target, key, "--skip-verify")
    assert_told(service, run, 3, "Invalid value for TimeZone")
    assert "run the same command again with --force and without --skip-verify, which" in run.log
    assert is_marked(target)

    run = restore_elsewhere(service, target, key, "--force")
    assert_told(service, run, 3, NAMED)


def test_times_in_zones_that_the_target_knows_come_back(
    service: Service, target: Neo4jServer
) -> None:
    run = restore_elsewhere(service, target, stored(service, ()))
    assert run.exit_code == 0, run.log
    assert count_nodes(target) == 1
