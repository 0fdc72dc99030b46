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
from tests.integration.widths import FILLS
from tests.service import Service


@pytest.mark.parametrize("fill", FILLS)
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
