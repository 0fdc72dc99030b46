"""Very large values come back exactly, in little memory and without temporary files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench.measure import Program, measure
from neo4j_r2.graph.read_sizes import BATCH_IDS, VALUE_CHARACTERS
from testbed.neo4j_server import Neo4jServer
from tests.integration.restoring import contents, differences
from tests.service import BACKUP, Service

LIMIT = VALUE_CHARACTERS // BATCH_IDS
"""Characters of a value that travels with those of 127 other small entities."""
SMALL_NODES = 3_000
LIMITED = 'ulimit -f 16 && exec "$@"'
"""Runs its arguments; the kernel lets them write no file of over 16 blocks, of 512 or 1024 bytes,
and Python raises an error. The log is such a file too."""


def fill(server: Neo4jServer, *, large: int, characters: int) -> None:
    """Create small nodes, and behind them large ones with a relationship as large between them."""
    text = "Zürich\t\n\\".ljust(characters, "x")
    with server.driver() as driver:
        driver.execute_query("UNWIND range(1, $n) AS i CREATE (:Small {i: i})", n=SMALL_NODES)
        for _ in range(large):
            driver.execute_query("CREATE (:Large {text: $text})", text=text)
        driver.execute_query(
            "MATCH (a:Small {i: 1}) MATCH (b:Small {i: 2}) "
            "CREATE (a)-[:SMALL]->(b) CREATE (a)-[:LARGE {numbers: range(1, $n)}]->(b)",
            n=min(characters // 8, 50_000),
        )
        driver.execute_query(
            "MATCH (a:Small {i: 2}) MATCH (b:Small {i: 3}) "
            "CREATE (a)-[:TEXTS {texts: $texts}]->(b)",
            texts=[text[: min(characters // 2, 500_000)]] * 2,
        )


def peak_megabytes(service: Service, server: Neo4jServer, *arguments: str) -> float:
    """Run the service, which has to succeed, and return the most memory that it took.

    The kernel lets it write no file of more than a few KB: so it has no temporary file.
    """
    log = service.directory / "measured.log"
    program = Program(
        ["sh", "-c", LIMITED, "sh", sys.executable, str(BACKUP), *arguments],
        {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **service.variables},
        service.directory,
        log,
    )
    usage = measure(program, server.process.pid)
    assert usage.exit_code == 0, log.read_text(encoding="utf-8")
    return usage.peak_bytes / 1e6


@pytest.mark.parametrize("characters", [LIMIT - 1, LIMIT, LIMIT + 1, 8 * LIMIT])
def test_values_about_the_limit_of_a_record_come_back_exactly(
    service: Service, source: Neo4jServer, target: Neo4jServer, tmp_path: Path, characters: int
) -> None:
    fill(source, large=3, characters=characters)
    service = service.with_variables(BACKUP_EXPORT_METHOD="manual")
    assert service.backup().manifest["export"]["nodes"] == SMALL_NODES + 3
    original = contents(source)
    variables = {"RESTORE_NEO4J_PASSWORD": target.password, "BACKUP_STATE_DIR": str(tmp_path)}
    run = service.with_variables(**variables).run("restore", "--to-uri", target.uri)
    assert run.exit_code == 0, run.log
    assert differences(original, target) == ""


def test_large_entities_after_small_ones_need_no_more_memory_and_no_temporary_file(
    service: Service, source: Neo4jServer
) -> None:
    fill(source, large=120, characters=800_000)
    service = service.with_variables(BACKUP_EXPORT_METHOD="manual")
    assert peak_megabytes(service, source) < 200


def test_an_entity_of_50_megabytes_comes_back_within_a_few_times_its_size(
    service: Service, source: Neo4jServer
) -> None:
    fill(source, large=1, characters=50_000_000)
    service = service.with_variables(BACKUP_EXPORT_METHOD="manual")
    original = contents(source)
    assert peak_megabytes(service, source) < 100 + 8 * 50
    assert (
        peak_megabytes(service, source, "restore", "--force", "--no-safety-backup") < 100 + 8 * 50
    )
    assert differences(original, source) == ""
