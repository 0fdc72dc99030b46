"""The crontab that the container's entrypoint writes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from neo4j_r2.commands.check import jobs
from neo4j_r2.config.service_settings import read_service_settings
from tests.schedules import ACCEPTED
from tests.unit.process import ROOT

PROGRAM = "setpriv --reuid=neo4j-backup --no-new-privs python3 /app/backup.py"
COMMAND = f"exec >/proc/1/fd/1 2>/proc/1/fd/2; . /run/environment; cd /app; exec {PROGRAM}"


def crontab(directory: Path, lines: list[str]) -> str:
    """Run the entrypoint's own lines with these jobs and a `crontab` that shows what it gets."""
    shows = directory / "crontab"
    shows.write_text("#!/bin/sh\nexec cat\n", encoding="utf-8")
    shows.chmod(0o755)
    entrypoint = (ROOT / "entrypoint.sh").read_text(encoding="utf-8")
    (writing,) = re.findall(r"^job=.*\nprintf .*$", entrypoint, re.MULTILINE)
    finished = subprocess.run(
        ["/bin/sh", "-euc", f"set -- {PROGRAM}\n{writing}"],
        env={
            "PATH": f"{directory}:{os.environ['PATH']}",
            "environment": "/run/environment",
            "jobs": "\n".join(lines),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout


@pytest.mark.parametrize("schedule", ACCEPTED)
def test_each_job_becomes_a_line_that_crontab_accepts(tmp_path: Path, schedule: str) -> None:
    settings = read_service_settings({"BACKUP_SCHEDULE": schedule, "DRILL_SCHEDULE": schedule}, {})
    accepted = " ".join(schedule.split())
    assert crontab(tmp_path, jobs(settings)) == (
        f"{accepted} {COMMAND} backup\n{accepted} {COMMAND} drill\n"
    )


def test_without_drills_the_crontab_has_one_line(tmp_path: Path) -> None:
    settings = read_service_settings({}, {})
    assert crontab(tmp_path, jobs(settings)) == f"0 2 * * * {COMMAND} backup\n"
