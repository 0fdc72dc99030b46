"""The restore points that the page shows, as real runs record them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from neo4j_r2.run.restore_points import DatabasePoints, RestorePointsFile
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.ports import free_port, is_listening
from testbed.s3_server import S3Server
from testbed.waiting import wait_until
from tests.integration.later import wait_for_next_second
from tests.integration.old_backups import days_ago, put_backup
from tests.integration.outcome import assert_secretless
from tests.integration.restoring import printed
from tests.scraping import SECONDS, request
from tests.service import Service


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with incremental backups, and with the proxy between it and the bucket."""
    configured = Service.configured(graph, s3, bucket, tmp_path).through(proxy)
    return configured.with_variables(BACKUP_FULL_EVERY_DAYS="7", METRICS_PORT=str(free_port()))


def known(service: Service) -> DatabasePoints:
    """Return what is recorded of the database."""
    points = RestorePointsFile(service.state_directory).read()
    assert points is not None
    assert (points.bucket, points.prefix) == (service.bucket, "neo4j-backup")
    return points.databases["neo4j"]


def test_each_run_records_all_restore_points_and_reads_no_manifest_for_that(
    service: Service, proxy: FaultProxy
) -> None:
    first = service.backup()
    assert [each.kind for each in known(service).points] == ["full"]
    wait_for_next_second(service.keys())
    before = proxy.count("GetObject")
    second = service.backup()
    # The base of an increment is found by the newest manifest, whether points are recorded or not.
    assert proxy.count("GetObject") - before <= 2
    points = known(service).points
    assert [each.kind for each in points] == ["full", "incremental"]
    assert [each.key for each in points] == [
        first.manifest["archive_key"],
        second.manifest["archive_key"],
    ]
    assert [each.taken for each in points] == [
        datetime.fromisoformat(backup.manifest["started"]) for backup in (first, second)
    ]
    assert known(service).size == sum(map(len, map(service.object, service.keys())))
    assert known(service).backups == 2
    path = service.state_directory / "restore-points.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert_secretless(service, path.read_text(encoding="ascii"))


def test_a_prune_by_hand_records_what_is_left(service: Service) -> None:
    backup = service.backup()
    put_backup(service, backup, days_ago(400))
    _, kept = put_backup(service, backup, days_ago(2))
    printed(service, "prune", "--dry-run")
    assert len(known(service).points) == 1
    printed(service, "prune")
    assert [each.key for each in known(service).points] == [kept, backup.manifest["archive_key"]]


def test_a_start_on_a_new_host_finds_the_restore_points_of_the_bucket(service: Service) -> None:
    backup = service.backup()
    path = service.state_directory / "restore-points.json"
    path.unlink()
    assert service.run("wait").exit_code == 0
    assert [each.key for each in known(service).points] == [backup.manifest["archive_key"]]
    text = path.read_bytes()
    assert service.run("wait").exit_code == 0
    assert path.read_bytes() == text


def test_a_bucket_that_cannot_be_listed_costs_only_the_record(
    service: Service, proxy: FaultProxy
) -> None:
    service.backup()
    before, lists = known(service), proxy.count("ListObjectsV2")
    wait_for_next_second(service.keys())
    service.backup()
    last = proxy.count("ListObjectsV2") - lists
    proxy.inject(Fault("ListObjectsV2", Status(403, "AccessDenied"), nth=last))
    wait_for_next_second(service.keys())
    backup = service.backup()
    assert len(known(service).points) == len(before.points) + 1
    proxy.clear()
    printed(service, "prune")
    assert known(service).points[-1].key == backup.manifest["archive_key"]


def test_the_page_shows_them_without_asking_the_bucket(service: Service, proxy: FaultProxy) -> None:
    backup = service.backup()
    asked = len(proxy.requests)
    port = int(service.variables["METRICS_PORT"])
    with service.start("metrics") as process:
        try:
            wait_until(lambda: is_listening(port), seconds=SECONDS, what="the page")
            answer = request(port, "/")
        finally:
            process.kill()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "All is well" in answer.body
    assert Path(backup.manifest["archive_key"]).name.partition(".")[0] in answer.body
    assert f"s3://{service.bucket}/neo4j-backup/" in answer.body
    assert_secretless(service, answer.body)
    assert len(proxy.requests) == asked
    state = json.loads((service.state_directory / "state.json").read_bytes())
    assert f"{state['databases']['neo4j']['last_backup']['nodes']} node" in answer.body
