"""Runs that a signal ends, or that are killed: they leave nothing, and the next one works."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from testbed.fault_proxy import Fault, FaultProxy, Hold, Status
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.waiting import wait_until
from tests.integration.outcome import (
    assert_nothing_left,
    assert_told,
    assert_whole,
    unfinished_uploads,
)
from tests.service import Run, Service, finish

PROMPTLY = 5
HELD_SECONDS = 60
EXIT_CODES = {signal.SIGTERM: 143, signal.SIGINT: 130}
ends_by = pytest.mark.parametrize("number", EXIT_CODES, ids=lambda number: number.name)


@pytest.fixture
def service(
    long_graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    return Service.configured(long_graph, s3, bucket, tmp_path).through(proxy).in_small_parts()


@ends_by
@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
def test_a_signal_during_the_upload_aborts_it_promptly(
    service: Service, proxy: FaultProxy, number: signal.Signals, operation: str
) -> None:
    hold = proxy.hold(operation)
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)

    process.send_signal(number)
    run = finish(process, PROMPTLY)

    assert_told(service, run, EXIT_CODES[number], "Interrupted by signal")
    assert "Upload aborted" in run.log
    assert_nothing_left(service, proxy)


def signalled_while_neo4j_hangs(
    service: Service,
    server: Neo4jServer,
    hold: Hold,
    is_there: Callable[[], bool],
    number: signal.Signals = signal.SIGTERM,
) -> Run:
    """Freeze Neo4j while a run is held, let it go on, and send a signal when it waits for Neo4j."""
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    with server.process.suspended():
        hold.release.set()
        wait_until(is_there, seconds=HELD_SECONDS, what="the run at that place")

        process.send_signal(number)
        return finish(process, PROMPTLY)


@ends_by
def test_a_signal_during_the_export_ends_it_promptly_even_if_neo4j_hangs(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy, number: signal.Signals
) -> None:
    run = signalled_while_neo4j_hangs(
        service, long_graph, proxy.hold("UploadPart"), lambda: stored_parts(proxy) > 0, number
    )

    assert_told(service, run, EXIT_CODES[number], "Interrupted by signal")
    assert "Upload aborted" in run.log
    assert_nothing_left(service, proxy)


@ends_by
def test_a_signal_during_a_query_to_a_hanging_neo4j_ends_the_run_promptly(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy, number: signal.Signals
) -> None:
    run = signalled_while_neo4j_hangs(
        service, long_graph, proxy.hold("ListObjectsV2"), lambda: is_asked(long_graph), number
    )

    assert_told(service, run, EXIT_CODES[number], "Interrupted by signal")
    assert_nothing_left(service, proxy)


@pytest.mark.parametrize("method", ["manual", "apoc"])
def test_a_signal_ends_a_run_promptly_even_if_neo4j_and_r2_hang(
    service: Service, long_graph: Neo4jServer, proxy: FaultProxy, method: str
) -> None:
    hold = proxy.hold("UploadPart")
    process = service.with_variables(BACKUP_EXPORT_METHOD=method).start()
    assert hold.reached.wait(HELD_SECONDS)
    with long_graph.process.suspended():
        process.send_signal(signal.SIGTERM)
        run = finish(process, PROMPTLY)

    assert_told(service, run, 143, "Interrupted by signal")
    assert "Upload aborted" in run.log
    assert_nothing_left(service, proxy)


def is_asked(server: Neo4jServer) -> bool:
    """Whether a suspended server has received bytes that it has not read; see proc_net_tcp(5)."""
    for table in Path("/proc/net").glob("tcp*"):
        for line in table.read_text().splitlines()[1:]:
            _, local, _, _, queues, *_ = line.split()
            if int(local.split(":")[1], 16) == server.port and int(queues.split(":")[1], 16):
                return True
    return False


def stored_parts(proxy: FaultProxy) -> int:
    """Return the number of parts that the server has acknowledged."""
    return sum(
        request.operation == "UploadPart" and request.status == 200 for request in proxy.requests
    )


@pytest.mark.parametrize("operation", ["ListObjectsV2", "CreateMultipartUpload", "PutObject"])
def test_a_signal_around_the_upload_ends_the_run_without_a_backup(
    service: Service, proxy: FaultProxy, operation: str
) -> None:
    hold = proxy.hold(operation)
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)

    process.send_signal(signal.SIGTERM)
    run = finish(process, PROMPTLY)

    assert_told(service, run, 143, "Interrupted by signal")
    assert service.backups() == []


def test_a_second_signal_does_not_interrupt_the_clean_up(
    service: Service, proxy: FaultProxy
) -> None:
    part = proxy.hold("UploadPart")
    abort = proxy.hold("AbortMultipartUpload")
    process = service.start()
    assert part.reached.wait(HELD_SECONDS)
    process.send_signal(signal.SIGTERM)
    assert abort.reached.wait(PROMPTLY)

    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    abort.release.set()
    run = finish(process, PROMPTLY)

    assert_told(service, run, 143, "Interrupted by signal")
    assert_nothing_left(service, proxy)


def test_a_run_does_not_wait_long_for_an_abort_that_r2_never_answers(
    service: Service, proxy: FaultProxy
) -> None:
    hold = proxy.hold("UploadPart")
    proxy.inject(Fault("AbortMultipartUpload", Hold()))
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    started = time.monotonic()

    process.send_signal(signal.SIGTERM)
    run = finish(process, HELD_SECONDS)

    assert time.monotonic() - started < 15
    assert_told(service, run, 143, "Interrupted by signal")
    assert "the next run" in run.log


def test_a_signal_after_the_backup_is_stored_does_not_hide_it(
    service: Service, proxy: FaultProxy
) -> None:
    # The sixth listing is the first call after the manifest is stored.
    hold = proxy.hold("ListObjectsV2", 6)
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)

    process.send_signal(signal.SIGTERM)
    run = finish(process, PROMPTLY)

    assert run.exit_code == 143
    assert len(service.backups()) == 1
    assert "nothing was backed up" not in run.log


@pytest.fixture
def killed(service: Service, proxy: FaultProxy) -> str:
    """The key of an upload whose run was killed while it sent a part."""
    hold = proxy.hold("UploadPart")
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    process.kill()
    process.communicate()
    (key,) = unfinished_uploads(service, proxy)
    assert service.keys() == []
    return key


def test_the_run_after_a_killed_one_aborts_its_upload_and_backs_up(
    service: Service, proxy: FaultProxy, killed: str
) -> None:
    run = service.run()

    assert run.exit_code == 0, run.log
    assert f"Aborting the upload that an interrupted run left: {killed}" in run.log
    assert_whole(service.backups()[-1])
    assert unfinished_uploads(service, proxy) == []


@pytest.mark.usefixtures("killed")
def test_an_abort_that_fails_once_does_not_stop_the_run_after_a_killed_one(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("AbortMultipartUpload", Status(503, "SlowDown")))

    assert_whole(service.backup())


def test_a_killed_runs_upload_in_another_bucket_is_left_alone(
    service: Service, proxy: FaultProxy, s3: S3Server, killed: str
) -> None:
    other = f"other-{service.bucket}"
    s3.create_bucket(other)

    elsewhere = replace(service, bucket=other).with_variables(R2_BUCKET_NAME=other)
    assert_whole(elsewhere.backup())

    assert unfinished_uploads(service, proxy) == [killed]
