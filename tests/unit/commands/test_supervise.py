"""Whether a backup begins with the service, and what its end does to runs."""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.commands.supervise import is_backup_wanted_now
from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.run.state import State
from tests.unit.process import ROOT, TIMEOUT_SECONDS

NOW = datetime.now(UTC)
LONG_AGO = NOW - timedelta(days=2)
"""Since then, the daily schedule has been due."""
MAKING_IT = ["INFO The backup that was due at … was missed: making it now"]
LEAVING_IT_OUT = ["WARNING The backup that was due at … was missed"]


@pytest.mark.parametrize(
    ("since", "started", "variables", "is_wanted", "said"),
    [
        (LONG_AGO, NOW, {}, True, MAKING_IT),
        (LONG_AGO, NOW, {"BACKUP_CATCH_UP": "false"}, False, LEAVING_IT_OUT),
        (LONG_AGO, NOW, {"RUN_IMMEDIATE_BACKUP": "true"}, True, []),
        (NOW, NOW, {}, False, []),
        (None, NOW, {}, False, []),
        (NOW, LONG_AGO, {}, True, MAKING_IT),
        (None, LONG_AGO, {}, True, MAKING_IT),
    ],
    ids=[
        "stopped",
        "no catch-up",
        "immediate",
        "nothing due",
        "new",
        "waited for Neo4j at the first start",
        "waited at the first start, in vain",
    ],
)
def test_a_backup_that_was_missed_begins_with_the_service_unless_told_otherwise(
    caplog: pytest.LogCaptureFixture,
    *,
    since: datetime | None,
    started: datetime,
    variables: dict[str, str],
    is_wanted: bool,
    said: list[str],
) -> None:
    caplog.set_level(logging.INFO)
    settings = read_service_settings(variables, {})
    state = State(since) if since else None
    assert is_backup_wanted_now(settings, state, started) == is_wanted
    logged = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    assert logged[0].startswith("INFO At the start: ")
    assert [re.sub(r"at \S+ was", "at … was", line) for line in logged[1:]] == said


@pytest.fixture
def lingering(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A service that does not start, and stays for a second; beside it, a run that reads a pipe.

    They are in a PID namespace of their own: the supervisor would end all runs of this machine.
    """
    namespace = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can make a PID namespace")
    os.mkfifo(tmp_path / "pipe")
    by_hand = tmp_path / "backup.py"
    by_hand.write_text("open('pipe').read()\nopen('whole', 'w').close()\n")
    supervise = f"{shlex.quote(str(ROOT / 'backup.py'))} supervise --failed 1 --stay 1"
    python = shlex.quote(sys.executable)
    script = f"{python} backup.py & exec env --block-signal=TERM {python} {supervise}"
    with subprocess.Popen(
        [*namespace, "sh", "-c", script],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BACKUP_CONTAINER": "true"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def read_up_to(process: subprocess.Popen[str], text: str) -> None:
    """Read the log up to a line with a text."""
    assert process.stderr is not None
    assert any(text in line for line in process.stderr), f"the log ended without {text!r}"


def test_a_service_that_does_not_start_ends_only_after_a_run_that_somebody_has_started(
    tmp_path: Path, lingering: subprocess.Popen[str]
) -> None:
    read_up_to(lingering, "Waiting for the end of 1 run that somebody has started")
    (tmp_path / "pipe").write_text("")
    assert lingering.wait(TIMEOUT_SECONDS) == 1
    assert (tmp_path / "whole").exists()


def test_a_stop_ends_a_run_that_a_service_that_does_not_start_waits_for(
    tmp_path: Path, lingering: subprocess.Popen[str]
) -> None:
    read_up_to(lingering, "Waiting for the end of 1 run")
    first = Path(f"/proc/{lingering.pid}/task/{lingering.pid}/children").read_text()
    os.kill(int(first), signal.SIGTERM)
    read_up_to(lingering, "which was told to end")
    assert lingering.wait(TIMEOUT_SECONDS) == 1
    assert not (tmp_path / "whole").exists()
