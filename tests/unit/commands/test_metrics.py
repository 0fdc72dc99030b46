"""`backup.py metrics` as users start it, with a state that the test writes."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.run.state import Attempt, DatabaseState, State, StateFile
from testbed.ports import LOOPBACK, free_port, is_listening
from testbed.waiting import wait_until
from tests.scraping import SECONDS, of, request, request_bytes, samples
from tests.unit.process import ROOT, run_program

NOW = datetime.now(UTC).replace(microsecond=0)
ATTEMPT = Attempt(NOW - timedelta(minutes=2), NOW - timedelta(minutes=1), exit_code=4)
STATE = State(
    NOW - timedelta(minutes=5),
    "0 2 * * * UTC",
    expected=("neo4j",),
    failures={"r2": 1},
    databases={"neo4j": DatabaseState(NOW, attempts=(ATTEMPT,), failures={"r2": 1})},
)


@contextmanager
def served(directory: Path, port: int, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Serve the metrics of a state directory while the context is open."""
    with subprocess.Popen(
        [sys.executable, *arguments, str(ROOT / "backup.py"), "metrics"],
        cwd=directory,
        env={"BACKUP_STATE_DIR": str(directory / "state"), "METRICS_PORT": str(port)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            wait_until(lambda: is_listening(port), seconds=SECONDS, what="the metrics")
            yield process
        finally:
            process.kill()


def write(directory: Path, state: State) -> None:
    StateFile(directory / "state").write(state)


def test_each_scrape_reads_what_the_last_run_wrote(tmp_path: Path) -> None:
    write(tmp_path, STATE)
    port = free_port()
    with served(tmp_path, port):
        before = samples(request(port, "/metrics").body)
        write(tmp_path, STATE.with_database("neo4j", DatabaseState(NOW, failures={"r2": 9})))
        after = samples(request(port, "/metrics").body)
    assert of(before, "neo4j")["last_attempt_success"] == 0
    assert "last_attempt_success" not in of(after, "neo4j")
    name = 'failures_total{database="neo4j",kind="r2"}'
    assert (before[name], after[name]) == (1, 9)


def test_two_processes_serve_the_same_metrics(tmp_path: Path) -> None:
    write(tmp_path, STATE)
    bodies = []
    for port in (free_port(), free_port()):
        with served(tmp_path, port):
            bodies.append(request(port, "/metrics").body)
    assert bodies[0] == bodies[1]
    assert 'neo4j_backup_failures_total{database="neo4j",kind="r2"} 1.0' in bodies[0]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 99}', '{"format_version": 2}'])
def test_the_server_answers_although_the_state_cannot_be_read(tmp_path: Path, text: str) -> None:
    write(tmp_path, STATE)
    (tmp_path / "state" / "state.json").write_text(text, encoding="ascii")
    port = free_port()
    with served(tmp_path, port):
        metrics, health = request(port, "/metrics"), request(port, "/health")
    assert metrics.status == 200
    assert samples(metrics.body)["healthy"] == 0
    assert health.status == 503
    assert "nothing is known of any run" in health.body


def test_a_state_with_values_of_the_wrong_type_counts_as_none(
    tmp_path: Path,
) -> None:
    write(tmp_path, STATE)
    path = tmp_path / "state" / "state.json"
    content = json.loads(path.read_bytes())
    path.write_text(json.dumps({**content, "failures": {"r2": "many"}}), encoding="ascii")
    port = free_port()
    with served(tmp_path, port):
        answer = request(port, "/metrics")
    assert answer.status == 200
    assert "neo4j_backup_healthy 0.0" in answer.body
    assert "database=" not in answer.body


def test_the_health_page_says_what_the_probe_says(tmp_path: Path) -> None:
    write(tmp_path, STATE)
    port = free_port()
    probe = run_program(tmp_path, "health", BACKUP_STATE_DIR=str(tmp_path / "state"))
    with served(tmp_path, port):
        answer = request(port, "/health")
    assert probe.stderr.partition("] ")[2] == answer.body
    assert probe.returncode == (0 if answer.status == 200 else 1)
    assert answer.status in (200, 503)


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/html, */*", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text; version=x.1", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
        ),
    ],
)
def test_the_client_chooses_the_format(tmp_path: Path, accept: str, content_type: str) -> None:
    write(tmp_path, STATE)
    port = free_port()
    with served(tmp_path, port):
        answer = request(port, "/metrics", headers={"Accept": accept})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.body.endswith("# EOF\n") == content_type.startswith("application/openmetrics")


def test_a_client_that_takes_gzip_gets_the_metrics_in_it(tmp_path: Path) -> None:
    write(tmp_path, STATE)
    port = free_port()
    with served(tmp_path, port):
        plain, head = request(port, "/metrics"), request(port, "/metrics", "HEAD")
        packed = request_bytes(port, "/metrics", headers={"Accept-Encoding": "deflate, gzip;q=1"})
        short = request(port, "/health", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in short.headers
    assert head.headers["Content-Length"] == str(len(plain.body))
    assert gzip.decompress(packed).decode() == plain.body


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_is_no_failure(tmp_path: Path, number: signal.Signals) -> None:
    port = free_port()
    with served(tmp_path, port) as process:
        assert request(port, "/health").status == 503
        process.send_signal(number)
        _, log = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert log == f"[INFO] Serving /, /metrics and /health at http://{LOOPBACK}:{port}\n"


def test_a_taken_port_is_reported_in_one_line(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path, port):
        second = run_program(tmp_path, "metrics", METRICS_PORT=str(port))
    assert second.returncode == 2
    assert second.stderr == (
        f"[ERROR] METRICS_ADDRESS='{LOOPBACK}', METRICS_PORT={port}: cannot listen there: "
        "Address already in use\n"
    )


@pytest.mark.parametrize(
    ("variables", "line"),
    [
        ({}, "METRICS_PORT is required: the port that metrics are served at"),
        ({"METRICS_PORT": "0"}, "METRICS_PORT='0': accepted is a whole number from 1 to 65535"),
        ({"METRICS_PORT": "99999"}, "accepted is a whole number from 1 to 65535"),
        ({"METRICS_PORT": "9412", "METRICS_ADDRESS": "db"}, "accepted is an IP address"),
    ],
)
def test_wrong_variables_are_reported_in_one_message(
    tmp_path: Path, variables: dict[str, str], line: str
) -> None:
    run = run_program(tmp_path, "metrics", **variables)
    assert run.returncode == 2
    assert line in run.stderr
    assert "Traceback" not in run.stderr


def test_the_server_loads_neither_the_driver_nor_the_s3_client(tmp_path: Path) -> None:
    write(tmp_path, STATE)
    port = free_port()
    with served(tmp_path, port, "-X", "importtime") as process:
        assert {request(port, path).status for path in ("/", "/metrics")} == {200}
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=SECONDS)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in log.splitlines()}
    assert {"prometheus_client", "waitress"} <= loaded
    assert not loaded & {"boto3", "botocore", "isal", "neo4j", "orjson", "rich"}
