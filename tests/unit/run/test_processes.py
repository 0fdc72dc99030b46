"""Finding processes: real ones, which the tests start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.run.processes import ProcessId, is_running, other_runs, starts_service, supervises
from testbed.waiting import wait_until
from tests.unit.process import TIMEOUT_SECONDS, start

SECONDS = 10
WAIT = "print('ready', flush=True); sys.stdin.read()"
IDENTIFY = "from neo4j_r2.run.processes import ProcessId as P; print(P.own().start_time)"
RENAME = "import sys; open('/proc/self/comm', 'w').write(sys.argv[1]);"

Starter = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def started() -> Iterator[Starter]:
    """Starts commands that wait for the end of their input; ends them after the test."""
    with ExitStack() as processes:

        def start(*command: str, directory: Path | None = None) -> subprocess.Popen[bytes]:
            process = processes.enter_context(
                subprocess.Popen(command, cwd=directory, stdin=subprocess.PIPE)
            )
            processes.callback(process.kill)
            return process

        yield start


@pytest.mark.parametrize(
    ("command_line", "expected"),
    [
        ("/bin/sh /app/entrypoint.sh", True),
        ("/sbin/docker-init -- /app/entrypoint.sh", True),
        ("python3 /app/backup.py supervise", True),
        ("/usr/bin/python3 /venv/bin/neo4j-r2-backup supervise", True),
        ("python3 /app/backup.py", False),
        ("/bin/sh /entrypoint.sh", False),
        ("/sbin/init", False),
        ("supervise", False),
        ("", False),
    ],
)
def test_the_service_s_container_is_known_by_its_first_process(
    command_line: str, expected: bool
) -> None:
    assert starts_service(command_line.replace(" ", "\0").encode() + b"\0") == expected


@pytest.mark.parametrize(
    ("command_line", "expected"),
    [
        ("python3 /app/backup.py supervise", True),
        ("env --block-signal=TERM python3 /app/backup.py supervise --failed 2", True),
        ("/sbin/docker-init -- /app/entrypoint.sh", False),
        ("python3 /app/backup.py wait", False),
        ("supervise", False),
    ],
)
def test_the_service_has_started_when_its_supervisor_runs(
    command_line: str, expected: bool
) -> None:
    assert supervises(command_line.replace(" ", "\0").encode() + b"\0") == expected


def test_a_process_keeps_the_time_of_its_start_when_it_becomes_another_program() -> None:
    before = datetime.now(UTC)
    code = "import os; os.execvp('sh', ['sh', '-c', 'echo ready; read line'])"
    with start(code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        after = datetime.now(UTC)
        fields = Path("/proc", str(process.pid), "stat").read_text().rpartition(")")[2].split()
        began = ProcessId(process.pid, int(fields[19])).started()
        process.communicate(timeout=TIMEOUT_SECONDS)
    tick = timedelta(seconds=1)
    assert before - tick < began < after + tick


def test_this_process_is_alive() -> None:
    own = ProcessId.own()
    assert own.pid == os.getpid()
    assert own.is_alive()
    assert own == ProcessId.own()


@pytest.mark.parametrize("ticks", [-1, 1])
def test_a_process_with_a_reused_id_is_another_process(ticks: int) -> None:
    own = ProcessId.own()
    assert not replace(own, start_time=own.start_time + ticks).is_alive()


@pytest.mark.parametrize("name", ["python", "x) S 1 (y", "two words"])
def test_a_process_of_any_name_is_alive_until_it_ends(name: str) -> None:
    with start(f"{IDENTIFY}; {RENAME} {WAIT}", name) as process:
        assert process.stdout is not None
        identity = ProcessId(process.pid, int(process.stdout.readline()))
        assert process.stdout.readline() == "ready\n"
        assert identity.is_alive()
        process.communicate(timeout=TIMEOUT_SECONDS)
        assert not identity.is_alive()


def test_a_process_is_found_by_its_exact_name_until_it_ends() -> None:
    name = f"d{os.getpid()}"
    with start(f"{RENAME} {WAIT}", name) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert is_running(name)
        assert not is_running(name[:-1])
        assert not is_running(f"{name}x")
        process.communicate(timeout=TIMEOUT_SECONDS)
    assert not is_running(name)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program with the service's name that waits for the end of its input."""
    path = tmp_path / "app" / "backup.py"
    path.parent.mkdir()
    path.write_text("#!/usr/bin/env python3\nimport sys\nsys.stdin.read()\n", encoding="ascii")
    path.chmod(0o755)
    return path


def test_a_run_is_found_however_it_was_started(program: Path, started: Starter) -> None:
    processes = [
        started(sys.executable, str(program)),
        started(sys.executable, "-u", str(program), "backup"),
        started(sys.executable, "backup.py", directory=program.parent),
        started("./backup.py", directory=program.parent),
        started(shutil.copy(program, program.with_name("neo4j-r2-backup"))),
    ]
    pids = {process.pid for process in processes}
    wait_until(lambda: pids <= set(other_runs()), seconds=SECONDS, what="all runs")
    for process in processes:
        process.communicate(timeout=TIMEOUT_SECONDS)
    assert not pids & set(other_runs())


@pytest.mark.parametrize(
    "command",
    [
        "read line; : backup.py",
        "read line; : python3 /app/backup.py health",
        "read line; : python3 /app/backup.py >/proc/1/fd/1 2>/proc/1/fd/2",
        "read line; : python3 /app/backup.py",
    ],
)
def test_a_shell_that_mentions_the_program_is_no_run(started: Starter, command: str) -> None:
    shell = started("sh", "-c", command)
    directory = Path("/proc", str(shell.pid))
    wait_until(
        lambda: b"backup.py" in (directory / "cmdline").read_bytes(), seconds=SECONDS, what="sh"
    )
    assert shell.pid not in other_runs()


def test_another_program_is_no_run(program: Path, started: Starter) -> None:
    other = shutil.copy(program, program.with_name("not-backup.py"))
    process = started(sys.executable, str(other))
    cmdline = Path("/proc", str(process.pid), "cmdline")
    wait_until(lambda: b"not-backup.py" in cmdline.read_bytes(), seconds=SECONDS, what="python")
    assert process.pid not in other_runs()


def test_a_run_does_not_count_itself_among_the_others(tmp_path: Path) -> None:
    path = tmp_path / "backup.py"
    path.write_text(
        "import os\nfrom neo4j_r2.run.processes import other_runs\n"
        "print(os.getpid() in other_runs())\n"
    )
    root = str(Path(__file__).parent.parent.parent.parent)
    output = subprocess.run(
        [sys.executable, str(path)],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    ).stdout
    assert output == "False\n"
