"""A real scrape of `backup.py metrics`, after real backups."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.ports import free_port, is_listening
from testbed.s3_server import S3Server
from testbed.waiting import wait_until
from tests.integration.old_backups import days_ago, put_backup
from tests.integration.outcome import assert_secretless
from tests.scraping import SECONDS, of, request, samples
from tests.service import Service
from tests.warm_start import WarmProcess

FEW_SECONDS = 60


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket, and a port for its metrics."""
    configured = Service.configured(graph, s3, bucket, tmp_path).through(proxy)
    return configured.with_variables(METRICS_PORT=str(free_port()))


@contextmanager
def served(service: Service) -> Iterator[WarmProcess]:
    """Serve the metrics for the time of the context."""
    port = int(service.variables["METRICS_PORT"])
    with service.start("metrics") as process:
        try:
            wait_until(lambda: is_listening(port), seconds=SECONDS, what="the metrics")
            yield process
        finally:
            process.kill()


def scrape(service: Service) -> dict[str, float]:
    """Return the samples of a scrape, which has no secret."""
    answer = request(int(service.variables["METRICS_PORT"]), "/metrics")
    assert answer.status == 200
    assert_secretless(service, answer.body)
    return samples(answer.body)


def failures(told: dict[str, float]) -> dict[str, float]:
    """Return the counts of failures that are not 0."""
    return {name: value for name, value in told.items() if "failures_total" in name and value}


def test_metrics_match_the_manifest_before_and_after_a_restart(service: Service) -> None:
    service.run()
    backup = service.backup()
    with served(service):
        before = scrape(service)
    with served(service):
        after = scrape(service)

    told, keys = of(before, "neo4j"), service.keys()
    manifest = backup.manifest
    started, finished = (datetime.fromisoformat(manifest[key]) for key in ("started", "finished"))
    assert told["last_success_timestamp_seconds"] == finished.timestamp()
    assert told["last_success_duration_seconds"] == (finished - started).total_seconds()
    assert told["last_success_size_bytes"] == len(backup.archive)
    assert told["last_success_nodes"] == manifest["export"]["nodes"] == 1
    assert told["last_success_relationships"] == manifest["export"]["relationships"] == 0
    assert told["last_attempt_success"] == 1
    assert told["last_attempt_timestamp_seconds"] >= told["last_success_timestamp_seconds"]
    assert told["last_attempt_duration_seconds"] >= told["last_success_duration_seconds"]
    assert told["stored_backups"] == 2
    assert told["stored_bytes"] == sum(map(len, map(service.object, keys)))
    assert told["pruning_paused"] == 0
    assert finished.timestamp() < told["due_timestamp_seconds"]
    assert told["deadline_timestamp_seconds"] == told["due_timestamp_seconds"] + 3600
    assert (before["running"], before["last_run_success"]) == (0, 1)
    assert before["healthy"] == 1
    assert failures(before) == {}
    assert after == before


def test_failures_are_counted_by_their_kind(service: Service, proxy: FaultProxy) -> None:
    proxy.inject(Fault("CreateMultipartUpload", Status(403, "AccessDenied")))
    assert service.run().exit_code == 4
    both = service.with_variables(NEO4J_DATABASE="neo4j,missing")
    assert both.run("wait").exit_code == 0
    assert both.run("backup", "--database", "missing").exit_code == 3
    assert service.with_variables(BACKUP_RETENTION_DAYS="soon").run().exit_code == 2

    with served(service):
        failed = scrape(service)
        service.backup()
        recovered = scrape(service)

    assert failed["last_run_success"] == 0
    assert "last_attempt_success" in of(failed, "missing")
    assert recovered["last_run_success"] == of(recovered, "neo4j")["last_attempt_success"] == 1
    assert failures(recovered) == {
        'failures_total{database="missing",kind="neo4j"}': 1,
        'failures_total{database="neo4j",kind="r2"}': 1,
        'run_failures_total{kind="configuration"}': 1,
        'run_failures_total{kind="neo4j"}': 1,
        'run_failures_total{kind="r2"}': 1,
    }


def test_a_backup_whose_clean_up_failed_is_a_success_and_a_failed_attempt(
    service: Service, proxy: FaultProxy
) -> None:
    first = service.backup()
    put_backup(service, first, days_ago(400))
    proxy.inject(Fault("DeleteObject", Status(403, "AccessDenied"), every=True))
    assert service.run().exit_code == 4

    with served(service):
        told = of(scrape(service), "neo4j")

    assert told["last_attempt_success"] == 0
    newest = service.backups()[-1].manifest
    assert newest["archive_key"] != first.manifest["archive_key"]
    finished = datetime.fromisoformat(newest["finished"]).timestamp()
    assert told["last_success_timestamp_seconds"] == finished


def test_a_killed_run_counts_as_running_before_and_as_failed_after(
    service: Service, proxy: FaultProxy
) -> None:
    service.backup()
    hold = proxy.hold("CreateMultipartUpload")
    with served(service), service.start() as run:
        try:
            assert hold.reached.wait(FEW_SECONDS)
            running = scrape(service)
            run.kill()
            run.wait(SECONDS)
        finally:
            hold.release.set()
            run.kill()
        killed = scrape(service)
        port = int(service.variables["METRICS_PORT"])
        health = request(port, "/health")
        service.backup()
        recovered = scrape(service)

    assert running["running"] == 1
    assert "last_run_success" not in running
    assert failures(running) == {}
    assert (killed["running"], killed["last_run_success"]) == (0, 0)
    assert of(killed, "neo4j") == of(running, "neo4j")
    assert health.status == 503
    assert "was killed" in health.body
    assert (recovered["running"], recovered["last_run_success"]) == (0, 1)
    assert failures(killed) == failures(recovered) == {'run_failures_total{kind="killed"}': 1}


def test_the_metrics_show_that_an_emptied_graph_pauses_pruning(
    service: Service, graph: Neo4jServer
) -> None:
    service.backup()
    with graph.driver() as driver:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        service.backup()
        with served(service):
            emptied = of(scrape(service), "neo4j")
        driver.execute_query("CREATE (:Lonely)")
        service.backup()
        with served(service):
            refilled = of(scrape(service), "neo4j")
    assert (emptied["pruning_paused"], emptied["last_success_nodes"]) == (1, 0)
    assert (refilled["pruning_paused"], refilled["last_success_nodes"]) == (0, 1)


def test_the_metrics_cover_only_databases_that_are_still_backed_up(service: Service) -> None:
    several = service.with_variables(NEO4J_DATABASE="neo4j,missing")
    assert several.run("wait").exit_code == 0
    assert several.run().exit_code == 3
    with served(service):
        service.backup()
        both = scrape(service)
        assert service.run("wait").exit_code == 0
        one = scrape(service)
    assert of(both, "missing")["last_attempt_success"] == 0
    assert of(one, "missing") == {}
    assert of(one, "neo4j")["last_attempt_success"] == 1


def test_serving_metrics_does_not_block_a_run(service: Service) -> None:
    with served(service) as process:
        service.backup()
        state = service.state_directory / "state.json"
        assert json.loads(state.read_bytes())["last_run"]["process"]["pid"] != process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
