"""What the end of a service that does not start does to runs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.process import ROOT, TIMEOUT_SECONDS


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
