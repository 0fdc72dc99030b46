"""Neo4j fails before and during an export: runs survive passing faults, and end on others."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK, free_port
from testbed.s3_server import S3Server
from testbed.servers import stopped
from tests.integration.outcome import assert_nothing_left, assert_told, assert_whole
from tests.service import Service, finish

LOGIN_SECONDS = 30
HELD_SECONDS = 60


@pytest.fixture
def service(
    long_graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    return Service.configured(long_graph, s3, bucket, tmp_path).through(proxy).in_small_parts()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never answers."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        yield listener.getsockname()[1]


def test_a_wrong_password_is_reported(service: Service, proxy: FaultProxy) -> None:
    run = service.with_variables(NEO4J_PASSWORD="this-is-not-the-password").run()

    assert_told(service, run, 3, "Neo4j connection failed")
    assert "NEO4J_PASSWORD" in run.log
    assert "this-is-not-the-password" not in run.log
    assert proxy.requests == []


def test_a_missing_database_is_reported(service: Service, proxy: FaultProxy) -> None:
    run = service.with_variables(NEO4J_DATABASE="missing").run()

    assert_told(service, run, 3, "Neo4j connection failed")
    assert "NEO4J_DATABASE" in run.log
    assert proxy.requests == []


def test_an_unreachable_neo4j_is_reported_within_half_a_minute(
    service: Service, silent_port: int
) -> None:
    service = service.with_variables(BACKUP_RETRY_SECONDS="2")
    ports = {"nobody": free_port(), "another server": service.s3.port, "nothing": silent_port}
    for port in ports.values():
        uri = f"bolt://{LOOPBACK}:{port}"
        started = time.monotonic()

        run = service.with_variables(NEO4J_URI=uri).run()

        assert time.monotonic() - started < LOGIN_SECONDS
        assert_told(service, run, 3, f"Neo4j connection failed: {uri}")


def test_a_server_without_tls_is_reported_if_tls_is_configured(
    service: Service, long_graph: Neo4jServer
) -> None:
    uri = long_graph.uri.replace("bolt:", "bolt+s:")

    run = service.with_variables(NEO4J_URI=uri, BACKUP_RETRY_SECONDS="2").run()

    assert_told(service, run, 3, f"Neo4j connection failed: {uri}")


def test_a_run_that_begins_while_neo4j_restarts_waits_for_it_and_says_so(
    service: Service, long_graph: Neo4jServer
) -> None:
    with stopped(long_graph):
        process = service.start()
        line = next(line for line in process.stderr if "not ready" in line)
        assert re.match(
            r"\[WARNING\] Neo4j is not ready, waiting for up to (30|29)\d s: "
            r"Neo4j connection failed: bolt://",
            line,
        )

    run = finish(process)

    assert run.exit_code == 0, run.log
    assert_whole(service.backups()[-1])


@pytest.mark.parametrize(
    "operation", ["ListObjectsV2", "UploadPart"], ids=["before the export", "during the export"]
)
def test_a_run_ends_at_the_time_limit_if_neo4j_stops_answering(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy, operation: str
) -> None:
    hold = proxy.hold(operation)
    process = service.with_variables(BACKUP_STALL_SECONDS="5").start()
    assert hold.reached.wait(HELD_SECONDS)
    with long_graph.process.suspended():
        hold.release.set()

        run = finish(process, HELD_SECONDS)

    assert_told(service, run, 3, "waiting for Neo4j")
    assert_nothing_left(service, proxy)


def test_an_export_survives_a_restart_of_neo4j(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy
) -> None:
    undisturbed = service.backup()
    hold = proxy.hold("UploadPart")
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    with stopped(long_graph):
        hold.release.set()

    run = finish(process)

    assert run.exit_code == 0, run.log
    assert "trying again" in run.log
    backup = service.backups()[-1]
    assert_whole(backup)
    hashes = [
        [block["sha256"] for block in each.manifest["blocks"][1:-1]]
        for each in (undisturbed, backup)
    ]
    assert hashes[0] == hashes[1]
    assert backup.manifest["export"]["nodes"] == 8_000


def test_a_neo4j_that_stays_down_during_the_export_ends_the_run(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy
) -> None:
    hold = proxy.hold("UploadPart")
    process = service.with_variables(BACKUP_RETRY_SECONDS="2").start()
    assert hold.reached.wait(HELD_SECONDS)
    with stopped(long_graph):
        hold.release.set()

        run = finish(process, HELD_SECONDS)

    assert_told(service, run, 3, "Neo4j connection failed")
    assert_nothing_left(service, proxy)
