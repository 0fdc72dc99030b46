"""One run at a time, however the one before it ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.outcome import assert_nothing_left, assert_told, assert_whole
from tests.service import Service, finish

AT_ONCE = 10
HELD_SECONDS = 60


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    configured = Service.configured(graph, s3, bucket, tmp_path).through(proxy)
    return configured.with_variables(BACKUP_EXPORT_METHOD="manual")


def test_a_second_run_reports_the_first_and_leaves_it_alone(
    service: Service, proxy: FaultProxy
) -> None:
    hold = proxy.hold("CreateMultipartUpload")
    first = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    calls = len(proxy.requests)

    second = finish(service.start(), AT_ONCE)

    assert second.exit_code == 6
    warning = f"[WARNING] Another run is under way (process {first.pid}); this one ends\n"
    assert second.log.endswith(warning)
    assert "[ERROR]" not in second.log
    assert len(proxy.requests) == calls
    hold.release.set()
    assert finish(first).exit_code == 0
    assert_whole(*service.backups())


def test_runs_with_different_state_directories_do_not_wait_for_each_other(
    service: Service, proxy: FaultProxy, tmp_path: Path
) -> None:
    hold = proxy.hold("CreateMultipartUpload")
    first = service.start()
    assert hold.reached.wait(HELD_SECONDS)

    second = service.with_variables(BACKUP_STATE_DIR=str(tmp_path / "other")).run()

    assert second.exit_code == 0, second.log
    hold.release.set()
    assert finish(first).exit_code == 0


def test_a_killed_run_does_not_lock_the_next_one_out(service: Service, proxy: FaultProxy) -> None:
    hold = proxy.hold("ListObjectsV2")
    first = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    first.kill()
    first.communicate()

    assert_whole(service.backup())


def test_a_run_that_failed_does_not_lock_the_next_one_out(service: Service) -> None:
    failed = service.with_variables(R2_BUCKET_NAME="no-such").run()

    assert failed.exit_code == 4
    assert_whole(service.backup())


def test_a_state_directory_that_is_missing_is_made_for_its_owner_only(
    service: Service, tmp_path: Path
) -> None:
    state = tmp_path / "not" / "yet"

    service.with_variables(BACKUP_STATE_DIR=str(state)).backup()

    assert state.stat().st_mode & 0o777 == 0o700
    assert state.stat().st_uid == os.getuid()


@pytest.mark.parametrize("obstacle", ["backup.lock", "upload.json"])
def test_an_unwritable_state_directory_is_a_configuration_error(
    service: Service, proxy: FaultProxy, tmp_path: Path, obstacle: str
) -> None:
    (tmp_path / "state" / obstacle).mkdir(parents=True)

    run = service.run()

    assert_told(service, run, 2, "BACKUP_STATE_DIR")
    assert_nothing_left(service, proxy)


def test_a_state_directory_below_a_file_is_a_configuration_error(
    service: Service, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    run = service.with_variables(BACKUP_STATE_DIR=str(tmp_path / "file" / "state")).run()

    assert_told(service, run, 2, "BACKUP_STATE_DIR")
    assert service.keys() == []


def test_two_hosts_that_start_in_the_same_second_make_two_backups(
    source: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> None:
    hosts = []
    for host in ("one", "other"):
        (tmp_path / host).mkdir()
        service = Service.configured(source, s3, bucket, tmp_path / host)
        hosts.append(service.through(proxy))
    with source.driver() as driver:
        driver.execute_query("CREATE ()")
    # Both are held after they have chosen their names; so they really run at the same time.
    held = [proxy.hold("CreateMultipartUpload", nth=number, after=True) for number in (1, 2)]
    with hosts[0].start() as one, hosts[1].start() as other:
        for hold in held:
            assert hold.reached.wait(60)
        for hold in held:
            hold.release.set()
        assert [finish(process).exit_code for process in (one, other)] == [0, 0]
    backups = hosts[0].backups()
    assert len({backup.manifest["archive_key"] for backup in backups}) == 2
    for backup in backups:
        assert_whole(backup)
