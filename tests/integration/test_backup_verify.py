"""`BACKUP_VERIFY=after`: an upload that does not read back as it was made becomes no backup."""

from __future__ import annotations

import pytest

from testbed.fault_proxy import Cut, Fault, FaultProxy, FlipByte
from testbed.neo4j_server import Neo4jServer
from tests.integration.outcome import assert_told, assert_whole
from tests.service import Service

ARCHIVE = ".cypher"


@pytest.fixture
def verifying(service: Service, graph: Neo4jServer, proxy: FaultProxy) -> Service:
    """A service that reads its uploads back, through the proxy."""
    return service.with_variables(BACKUP_VERIFY="after", NEO4J_URI=graph.uri).through(proxy)


@pytest.mark.parametrize("method", ["manual", "apoc"])
def test_an_upload_is_read_back_before_it_becomes_a_backup(
    verifying: Service, source: Neo4jServer, proxy: FaultProxy, method: str
) -> None:
    with source.driver() as driver:
        driver.execute_query("CREATE (:Person {name: 'a'})-[:KNOWS]->(:Person {name: 'b'})")
    run = verifying.with_variables(BACKUP_EXPORT_METHOD=method).run()
    assert run.exit_code == 0, run.log
    (backup,) = verifying.backups()
    assert_whole(backup)
    assert f"[INFO] Verifying the upload: {backup.manifest['archive_key']}\n" in run.log
    operations = [request.operation for request in proxy.requests]
    read = operations.index("GetObject")
    assert operations.index("CompleteMultipartUpload") < read < operations.index("PutObject")


def test_a_lost_connection_does_not_fail_the_check(verifying: Service, proxy: FaultProxy) -> None:
    proxy.inject(Fault("GetObject", Cut(50)))
    run = verifying.run()
    assert run.exit_code == 0, run.log
    assert "R2: Get was cut off at byte 50 (" in run.log
    assert len(verifying.backups()) == 1


@pytest.mark.parametrize("compression", ["true", "false"])
def test_an_upload_that_comes_back_damaged_gets_no_manifest(
    verifying: Service, proxy: FaultProxy, compression: str
) -> None:
    proxy.inject(Fault("GetObject", FlipByte(100)))
    run = verifying.with_variables(BACKUP_COMPRESSION=compression).run()
    assert_told(verifying, run, 5, "the block of bytes 0 to ")
    (key,) = verifying.keys()
    assert ARCHIVE in key
    assert proxy.count("PutObject") == 0


def test_an_object_that_changed_after_its_upload_gets_no_manifest(
    verifying: Service, proxy: FaultProxy
) -> None:
    hold = proxy.hold("GetObject")
    with verifying.start() as process:
        assert hold.reached.wait(60)
        (key,) = verifying.keys()
        client, data = verifying.s3.client(), verifying.object(key)
        client.put_object(Bucket=verifying.bucket, Key=key, Body=data[:-20])
        hold.release.set()
        _, log = process.communicate(timeout=60)
    assert process.returncode == 5, log
    assert f"{key}: the archive was cut off at byte {len(data) - 20}\n" in log
    assert verifying.keys() == [key]


def test_no_command_takes_a_failed_upload_for_a_backup_and_the_next_run_makes_one(
    verifying: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("GetObject", FlipByte(100)))
    assert verifying.run().exit_code == 5
    (failed,) = verifying.keys()
    assert_told(verifying, verifying.run("verify"), 2, "There is no backup of database neo4j")
    assert_told(verifying, verifying.run("verify", failed), 5, "has no manifest")
    run = verifying.run()
    assert run.exit_code == 0, run.log
    assert verifying.run("verify").exit_code == 0
