"""Which versions of Neo4j are supported, and how a run waits for a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from neo4j_r2.graph.login import is_supported
from testbed.ports import LOOPBACK, free_port
from tests.unit.process import run_program


@pytest.mark.parametrize(
    "version", ["5.26.0", "5.26.19", "5.27-aura", "5.27.0", "2025.01.0", "2026.02.1"]
)
def test_neo4j_5_26_and_later_versions_are_supported(version: str) -> None:
    assert is_supported(version)


@pytest.mark.parametrize("version", ["3.5.35", "4.4.40", "5.9.0", "5.25.1", "", "dev"])
def test_older_and_unknown_versions_are_not_supported(version: str) -> None:
    assert not is_supported(version)


@pytest.mark.parametrize("database", ["neo4j", "*"])
def test_a_wait_for_neo4j_that_is_longer_than_the_stall_limit_is_no_stall(
    tmp_path: Path, database: str
) -> None:
    run = run_program(
        tmp_path,
        "backup",
        NEO4J_URI=f"bolt://{LOOPBACK}:{free_port()}",
        NEO4J_PASSWORD="pass-word",
        NEO4J_DATABASE=database,
        R2_ENDPOINT_URL=f"http://{LOOPBACK}:{free_port()}",
        R2_ACCESS_KEY_ID="key",
        R2_SECRET_ACCESS_KEY="secret",
        R2_BUCKET_NAME="bucket",
        BACKUP_STATE_DIR=str(tmp_path / "state"),
        BACKUP_RETRY_SECONDS="5",
        BACKUP_STALL_SECONDS="2",
    )
    assert run.returncode == 3
    assert "No progress" not in run.stderr
    assert "[ERROR] Neo4j was not ready within 5 s: Neo4j connection failed" in run.stderr
