"""The command line, before it reaches any server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.unit.process import ROOT, TIMEOUT_SECONDS

PREFIXES = ("NEO4J_", "R2_", "BACKUP_", "RUN_", "LOG_")


def backup(directory: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(PREFIXES)}
    return subprocess.run(
        [sys.executable, str(ROOT / "backup.py"), *arguments],
        cwd=directory,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def test_a_wrong_configuration_ends_with_2_and_names_all_that_is_wrong(tmp_path: Path) -> None:
    process = backup(tmp_path, BACKUP_RETENTION_DAYS="-1")
    assert process.returncode == 2
    for name in ("NEO4J_PASSWORD", "R2_ACCOUNT_ID", "R2_BUCKET_NAME", "BACKUP_RETENTION_DAYS"):
        assert name in process.stderr
    assert "Traceback" not in process.stderr


def test_an_unknown_command_ends_with_2(tmp_path: Path) -> None:
    process = backup(tmp_path, "destroy")
    assert process.returncode == 2
    assert "usage" in process.stderr
