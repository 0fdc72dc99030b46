"""An encrypting run that is cut short: nothing is left, and the next one works."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from testbed.fault_proxy import Fault, FaultProxy, FlipByte, Status
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.outcome import assert_nothing_left, assert_told, assert_whole
from tests.integration.test_signals import (
    HELD_SECONDS,
    PROMPTLY,
    signalled_while_neo4j_hangs,
    stored_parts,
)
from tests.keys import KeyPair
from tests.service import Service, finish

PAIR = KeyPair.new()


@pytest.fixture
def service(
    long_graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service with a recipient, and with the proxy between it and the bucket."""
    configured = Service.configured(long_graph, s3, bucket, tmp_path).through(proxy)
    return configured.in_small_parts().with_variables(BACKUP_ENCRYPTION_RECIPIENTS=PAIR.public)


@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
def test_a_signal_aborts_the_upload_promptly(
    service: Service, proxy: FaultProxy, operation: str
) -> None:
    hold = proxy.hold(operation)
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)

    process.send_signal(signal.SIGTERM)
    run = finish(process, PROMPTLY)

    assert_told(service, run, 143, "Interrupted by signal")
    assert "Upload aborted" in run.log
    assert_nothing_left(service, proxy)


def test_a_signal_ends_it_promptly_even_if_neo4j_hangs(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy
) -> None:
    run = signalled_while_neo4j_hangs(
        service, long_graph, proxy.hold("UploadPart"), lambda: stored_parts(proxy) > 0
    )

    assert_told(service, run, 143, "Interrupted by signal")
    assert_nothing_left(service, proxy)


def test_a_part_that_is_refused_ends_the_run_in_one_line(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("UploadPart", Status(403, "AccessDenied"), nth=2))
    run = service.run()
    assert_told(service, run, 4, "Access denied")
    assert_nothing_left(service, proxy)


def test_the_run_after_a_killed_one_backs_up(service: Service, proxy: FaultProxy) -> None:
    hold = proxy.hold("UploadPart")
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    process.kill()
    process.communicate()

    run = service.run()

    assert run.exit_code == 0, run.log
    assert "Aborting the upload that an interrupted run left: " in run.log
    assert_whole(service.backups()[-1])


def test_an_upload_that_comes_back_damaged_gets_no_manifest(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("GetObject", FlipByte(100_000)))
    run = service.with_variables(BACKUP_VERIFY="after").run()
    assert_told(service, run, 5, "the archive's SHA-256 is not the manifest's")
    (key,) = service.keys()
    assert key.endswith(".cypher.age")


def test_a_signal_in_the_middle_of_reading_ends_a_check_promptly(
    service: Service, proxy: FaultProxy, tmp_path: Path
) -> None:
    key = service.backup().manifest["archive_key"]
    hold = proxy.hold("GetObject", 2)
    process = service.start("verify", "--identity", str(PAIR.write(tmp_path)))
    assert hold.reached.wait(HELD_SECONDS)
    process.send_signal(signal.SIGTERM)
    run = finish(process, PROMPTLY)
    assert_told(service, run, 143, "Interrupted by signal")
    assert service.keys()[0] == key
