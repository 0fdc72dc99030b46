"""Python code in a process of its own, for what a test cannot do to the process it runs in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TIMEOUT_SECONDS = 60
_PREFIXES = (
    "NEO4J_",
    "RESTORE_",
    "R2_",
    "BACKUP_",
    "RUN_",
    "LOG_",
    "AWS_",
    "METRICS_",
    "DRILL_",
    "TZ",
)


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process that runs `code`, with pipes to all its streams."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `code` to its end, whatever its exit code."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        input="",
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def run_program(
    directory: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `backup.py` in a directory, configured by `variables` alone."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(_PREFIXES)}
    return subprocess.run(
        [sys.executable, str(ROOT / "backup.py"), *arguments],
        cwd=directory,
        env={**inherited, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
