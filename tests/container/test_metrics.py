"""The metrics beside crond, scraped from another container before and after a restart."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

import pytest

from testbed.engine import docker
from testbed.stack import Stack
from tests.container.backup_stack import (
    BACKUP,
    BUCKET,
    SERVICE,
    Surroundings,
    back_up,
    start,
    wait_for_health,
    wait_for_line,
)
from tests.scraping import of, samples

PORT = "9412"
SERVING = "[INFO] Serving /, /metrics and /health at http://[::]:9412"
NOT_SERVED = "[ERROR] Metrics are not served"
TAKEN = (
    f"[ERROR] METRICS_ADDRESS='::', METRICS_PORT={PORT}: cannot listen there: "
    "Address already in use\n"
)
LISTEN = f"""
import socket, time
listener = socket.create_server(("", {PORT}))
time.sleep(600)
"""
READ = """
import sys, urllib.error, urllib.request
try:
    answer = urllib.request.urlopen(sys.argv[1], timeout=10)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status)
print(answer.read().decode(), end="")
"""


@dataclass(frozen=True)
class Neighbour:
    """Another container on the network, which asks the service for its pages."""

    image: str
    network: str

    def read(self, stack: Stack, path: str) -> tuple[int, str]:
        """Return the status and the body of an answer."""
        # The service's name is that of two containers here, the id of one.
        url = f"http://{stack.container(SERVICE)[:12]}:{PORT}{path}"
        network = f"--network={self.network}"
        output = docker(
            "run", "--rm", network, "--entrypoint=python3", self.image, "-c", READ, url
        )  # fmt: skip
        status, _, body = output.partition("\n")
        return int(status), body

    def scrape(self, stack: Stack) -> dict[str, float]:
        """Return the samples of a scrape, which has to succeed."""
        status, body = self.read(stack, "/metrics")
        assert status == 200
        return samples(body)


@pytest.fixture
def neighbour(surroundings: Surroundings, image: str) -> Neighbour:
    """A container beside the service."""
    return Neighbour(image, f"{surroundings.stack.project}_neo4j")


def pid_of_metrics(stack: Stack) -> str:
    found = stack.execute(SERVICE, "pgrep", "-f", "backup.py metrics")
    return found.output.strip()


def test_the_metrics_have_the_backup_before_and_after_a_restart_of_the_container(
    surroundings: Surroundings, neighbour: Neighbour
) -> None:
    with surroundings.beside(METRICS_PORT=PORT, BACKUP_PREFIX="scraped") as stack:
        start(stack)
        wait_for_line(stack, SERVING)
        assert back_up(stack, R2_SECRET_ACCESS_KEY="wrong-secret-access-key").exit_code == 4
        assert neighbour.read(stack, "/health")[0] == 503
        assert back_up(stack).exit_code == 0
        before = neighbour.scrape(stack)
        pid = pid_of_metrics(stack)
        seconds = stack.stop(SERVICE)
        log = stack.logs(SERVICE)
        stack.start(SERVICE)
        wait_for_line(stack, SERVING, count=2)
        after = neighbour.scrape(stack)
        health = neighbour.read(stack, "/health")
        page = neighbour.read(stack, "/")

    (manifest,) = surroundings.manifests("scraped")
    told = of(before, "neo4j")
    finished = datetime.fromisoformat(manifest["finished"]).timestamp()
    assert told["last_success_timestamp_seconds"] == finished
    assert told["last_success_size_bytes"] == manifest["archive_size"]
    assert told["last_success_nodes"] == manifest["export"]["nodes"] > 0
    assert told["stored_backups"] == 1
    assert before["healthy"] == before["last_run_success"] == 1
    assert before['failures_total{database="neo4j",kind="r2"}'] == 1
    assert after == before
    assert health[0] == 200
    assert health[1].startswith(f"Healthy: last backup {manifest['archive_key']}, due next at ")
    stem = manifest["archive_key"].rpartition("/")[2].partition(".")[0]
    assert page[0] == 200
    assert "All is well" in page[1]
    assert f"docker-compose exec neo4j-backup python3 /app/backup.py restore {stem}" in page[1]
    assert f"s3://{BUCKET}/scraped/" in page[1]
    assert seconds < 2
    assert f"Waiting for process {pid}," not in log
    assert "ERROR" not in log


def test_the_metrics_are_served_by_the_jobs_user_and_take_little_memory(
    surroundings: Surroundings, neighbour: Neighbour
) -> None:
    with surroundings.beside(METRICS_PORT=PORT, BACKUP_PREFIX="small") as stack:
        start(stack)
        wait_for_line(stack, SERVING)
        assert neighbour.scrape(stack)["healthy"] == 1
        status = stack.execute(SERVICE, "cat", f"/proc/{pid_of_metrics(stack)}/status").output
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        assert set(fields["Uid"].split()) == {"1000"}
        assert int(fields["CapEff"], 16) == 0
        assert int(fields["VmRSS"].split()[0]) < 40_000


def test_a_metrics_server_that_ends_is_restarted_and_backups_go_on(
    surroundings: Surroundings, neighbour: Neighbour
) -> None:
    with surroundings.beside(METRICS_PORT=PORT, BACKUP_PREFIX="again") as stack:
        start(stack)
        wait_for_line(stack, SERVING)
        taken = stack.execute(SERVICE, *BACKUP, "metrics")
        assert (taken.exit_code, taken.output) == (2, TAKEN)
        # Another program takes the port as soon as it is free, and the next start fails.
        kill = f"kill -9 {pid_of_metrics(stack)}; python3 -c '{LISTEN}' & sleep 1"
        assert stack.execute(SERVICE, "sh", "-c", kill).exit_code == 0
        wait_for_line(stack, f"{NOT_SERVED} (exit -9); the schedule stands")
        wait_for_line(stack, f"{TAKEN}{NOT_SERVED} (exit 2); the schedule stands")
        assert back_up(stack).exit_code == 0
        wait_for_health(stack, "healthy", "last backup again/")
        assert stack.execute(SERVICE, "pkill", "-f", "listen").exit_code == 0
        wait_for_line(stack, SERVING, count=2)
        assert of(neighbour.scrape(stack), "neo4j")["last_attempt_success"] == 1
        assert stack.logs(SERVICE).count(NOT_SERVED) == 2
        assert stack.stop(SERVICE) < 2


def test_without_a_port_nothing_is_served(surroundings: Surroundings) -> None:
    with surroundings.beside(BACKUP_PREFIX="unserved") as stack:
        start(stack)
        assert pid_of_metrics(stack) == ""
        listening = stack.execute(SERVICE, "cat", "/proc/net/tcp", "/proc/net/tcp6").output
        # 0A is LISTEN; the engine's own name server listens on a loopback address.
        listeners = [line.split()[1] for line in listening.splitlines() if " 0A " in line]
        assert not [each for each in listeners if not each.startswith("0B00007F")]
        (inspected,) = json.loads(docker("inspect", stack.container(SERVICE)))
        assert inspected["HostConfig"]["PortBindings"] in ({}, None)


def test_a_wrong_port_ends_the_service_at_its_start(surroundings: Surroundings) -> None:
    with surroundings.beside(METRICS_PORT="9412x") as stack:
        stack.up()
        wait_for_line(stack, "METRICS_PORT='9412x': accepted is a whole number from 1 to 65535")
        assert "Waiting for Neo4j" not in stack.logs(SERVICE)
