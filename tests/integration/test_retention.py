"""What a run removes from a real bucket after its backup, and what it never removes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.r2_rules import R2Limits
from testbed.s3_server import S3Server
from tests.integration.old_backups import PREFIX, days_ago, put_archive, put_backup, stem
from tests.integration.outcome import assert_told, assert_whole
from tests.service import TIMEOUT_SECONDS, Backup, Run, Service, finish

LONG_AGO = days_ago(400)
FOREIGN_KEYS = (
    "neo4j_2020-01-01_00-00-00.cypher.gz",
    "neo4j-backup-other/neo4j_2020-01-01_00-00-00.cypher.gz",
    "neo4j-backup-other/neo4j_2020-01-01_00-00-00.manifest.json",
    "neo4j-backup/notes_2020-01-01_00-00-00.cypher.gz",
    "neo4j-backup/readme.txt",
    "neo4j-backup/neo4j_notes.cypher.gz",
    "neo4j-backup/neo4j_2020-02-30_00-00-00.cypher.gz",
    "neo4j-backup/neo4j_2020-01-01_24-00-00.cypher.gz",
    "neo4j-backup/neo4j_2020-01-01.cypher.gz",
    "neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.gz.bak",
    "neo4j-backup/neo4j_2020-01-01_00-00-00.CYPHER.GZ",
    "neo4j-backup/my-neo4j_2020-01-01_00-00-00.cypher.gz",
    "neo4j-backup/neo4j_2020-01-01_00-00-00.cypher.gz/part",
    "neo4j-backup/old/neo4j_2020-01-01_00-00-00.cypher.gz",
    "neo4j-backup/neo4j-backup/neo4j_2020-01-01_00-00-00.manifest.json",
)


@pytest.fixture(scope="module")
def graph(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """A server with a graph of three entities."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        driver.execute_query("CREATE (:Person {name: 'Ada'})-[:KNOWS]->(:Person {name: 'Bob'})")
    return source


@pytest.fixture(scope="module")
def example(graph: Neo4jServer, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """A backup of the same database."""
    s3.create_bucket("example-of-retention")
    directory = tmp_path_factory.mktemp("example")
    service = Service.configured(graph, s3, "example-of-retention", directory)
    return service.with_variables(BACKUP_EXPORT_METHOD="manual").backup()


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    configured = Service.configured(graph, s3, bucket, tmp_path).through(proxy)
    return configured.with_variables(BACKUP_EXPORT_METHOD="manual")


def deleted(proxy: FaultProxy) -> list[str]:
    """Return the keys that the service deleted, in order."""
    return [request.key for request in proxy.requests if request.operation == "DeleteObject"]


def put(service: Service, key: str, data: bytes) -> None:
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=data)


def test_only_this_databases_old_backups_are_removed(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    old = [
        *put_backup(service, example, LONG_AGO),
        *put_backup(service, example, days_ago(30), extension="cypher"),
        *put_backup(service, example, days_ago(7.1)),
        put_archive(service, f"{stem(days_ago(401))}.cypher.gz"),
        put_archive(service, f"{stem(days_ago(402))}.cypher"),
    ]
    manifest_alone, archive = put_backup(service, example, days_ago(403))
    service.s3.client().delete_object(Bucket=service.bucket, Key=archive)
    old.append(manifest_alone)
    kept = [
        *put_backup(service, example, days_ago(6.9)),
        *put_backup(service, example, days_ago(1), extension="cypher"),
        put_archive(service, f"{stem(days_ago(2))}.cypher.gz"),
        *put_backup(service, example, LONG_AGO, database="movies"),
        put_archive(service, f"{stem(LONG_AGO, database='neo4j2')}.cypher.gz"),
        *put_backup(service, example, LONG_AGO, prefix="neo4j-backup/sub"),
    ]
    for key in FOREIGN_KEYS:
        put(service, key, b"somebody else's")

    run = service.run()

    assert run.exit_code == 0, run.log
    assert sorted(deleted(proxy)) == sorted(old)
    assert set(kept) | set(FOREIGN_KEYS) <= set(service.keys())
    assert len(service.keys()) == len(kept) + len(FOREIGN_KEYS) + 2
    assert "Cleaning up backups older than 7 days" in run.log
    assert "Cleanup complete: 6 old backups removed" in run.log
    for key in old:
        assert f"Removed {key}: older than 7 days" in run.log


def test_a_manifest_is_removed_before_its_archive(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    first = put_backup(service, example, days_ago(20))
    second = put_backup(service, example, days_ago(10))

    service.backup()

    assert deleted(proxy) == first + second


def test_old_backups_are_found_after_a_thousand_other_objects(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    client = service.s3.client()
    for number in range(1_001):
        client.put_object(Bucket=service.bucket, Key=f"{PREFIX}/{number:05}.txt", Body=b"")
    old = put_backup(service, example, LONG_AGO)

    run = service.run()

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == old


def test_another_servers_backups_are_kept_and_warned_about(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    foreign = put_backup(service, example, LONG_AGO, database_id="another server's")

    run = service.run()

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == []
    assert f"[WARNING] Kept {foreign[0]}: " in run.log


UNREADABLE = {
    "empty": b"",
    "cut off": b'{"format_version": 1,',
    "a list": b"[]",
    "not text": b"\xff\xfe",
    "without fields": b'{"format_version": 1}',
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_a_backup_with_an_unreadable_manifest_does_not_affect_the_others(
    service: Service, proxy: FaultProxy, example: Backup, data: bytes
) -> None:
    put(service, f"{stem(days_ago(500))}.manifest.json", data)
    old = put_backup(service, example, LONG_AGO)

    run = service.run()

    assert run.exit_code == 0, run.log
    assert "Traceback" not in run.log
    assert set(old) <= set(deleted(proxy))


STRANGE: dict[str, dict[str, Any]] = {
    "of a newer format": {"format_version": 3, "database_id": "another server's"},
    "with counts that are none": {"export": {"nodes": "many"}},
    "with a size that is none": {"archive_size": None},
}


@pytest.mark.parametrize("changes", STRANGE.values(), ids=STRANGE)
def test_a_backup_whose_manifest_is_not_understood_is_kept_and_warned_about(
    service: Service, proxy: FaultProxy, example: Backup, changes: dict[str, Any]
) -> None:
    export = {**example.manifest["export"], **changes.get("export", {})}
    strange = put_backup(service, example, LONG_AGO, **{**changes, "export": export})

    run = service.run()

    assert run.exit_code == 0, run.log
    assert "Traceback" not in run.log
    assert deleted(proxy) == []
    assert "WARNING" in run.log
    assert strange[0] in run.log


def test_zero_days_keep_everything(service: Service, proxy: FaultProxy, example: Backup) -> None:
    old = put_backup(service, example, LONG_AGO)

    run = service.with_variables(BACKUP_RETENTION_DAYS="0").run()

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == []
    assert set(old) <= set(service.keys())


def test_a_scheduled_dry_run_says_what_it_would_remove(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    manifest, _ = put_backup(service, example, LONG_AGO)

    run = service.with_variables(BACKUP_PRUNE_DRY_RUN="true").run()

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == []
    assert f"[INFO] Would remove {manifest}: older than 7 days" in run.log
    assert "[INFO] Dry run: 1 old backup would be removed" in run.log


@pytest.mark.parametrize("days", ["-1", "0.5", "1.0", "seven", "1e3", "\u0667"])
def test_days_must_be_a_whole_number(service: Service, proxy: FaultProxy, days: str) -> None:
    run = service.with_variables(BACKUP_RETENTION_DAYS=days).run()

    assert run.exit_code == 2
    assert "BACKUP_RETENTION_DAYS" in run.log
    assert proxy.requests == []


@pytest.mark.parametrize("operation", ["CompleteMultipartUpload", "PutObject"])
def test_a_backup_that_failed_removes_nothing(
    service: Service, proxy: FaultProxy, example: Backup, operation: str
) -> None:
    put_backup(service, example, LONG_AGO)
    proxy.inject(Fault(operation, Status(403, "AccessDenied"), every=True))

    run = service.run()

    assert run.exit_code == 4
    assert deleted(proxy) == []


def test_an_empty_graph_after_one_with_entities_removes_nothing(
    service: Service, proxy: FaultProxy, example: Backup, target: Neo4jServer
) -> None:
    of_emptied = service.with_variables(NEO4J_URI=target.uri, NEO4J_PASSWORD=target.password)
    (empty_before,) = of_emptied_backups(of_emptied)
    full = {**example.manifest["export"], "nodes": 2}
    put_backup(
        service, example, LONG_AGO, database_id=empty_before.manifest["database_id"], export=full
    )
    put_archive(service, f"{stem(days_ago(401))}.cypher.gz")

    for _ in range(2):
        run = of_emptied.run()

        assert run.exit_code == 0, run.log
        assert "[WARNING] The newest backup of database neo4j is of an empty graph" in run.log
        assert deleted(proxy) == []


def test_a_shrunk_graph_pauses_pruning_in_every_new_container_until_it_is_back(
    service: Service, proxy: FaultProxy, example: Backup, graph: Neo4jServer, tmp_path: Path
) -> None:
    def run(container: str, *arguments: str) -> Run:
        state = str(tmp_path / container)
        again = service.with_variables(BACKUP_SHRINK_PERCENT="20", BACKUP_STATE_DIR=state)
        run = finish(again.start(*arguments))
        assert run.exit_code == 0, run.log
        return run

    with graph.driver() as driver:
        driver.execute_query("UNWIND range(1, 97) AS i CREATE (:Extra {i: i})")
        assert "shrunk" not in run("first").log
        driver.execute_query("MATCH (n:Extra) WHERE n.i > 60 DELETE n")
        old = put_backup(service, example, LONG_AGO)

        for container in ("second", "third"):
            log = run(container).log
            assert "[WARNING] Database neo4j has shrunk: the newest backup has 63 entities" in log
            assert "the last accepted one had 100" in log
            assert "Backup completed successfully!" in log
        assert deleted(proxy) == []

        driver.execute_query("UNWIND range(1, 17) AS i CREATE (:Extra {i: i})")
        assert "shrunk" not in run("fourth").log
        assert deleted(proxy) == old
        driver.execute_query("MATCH (n:Extra) DELETE n")
    references = [backup.manifest["last_accepted"] for backup in service.backups()]
    assert references == [0, 100, 100, 100]


def test_after_an_acceptance_the_next_backup_is_compared_with_the_accepted_one(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    watched = service.with_variables(BACKUP_SHRINK_PERCENT="20")
    database_id = example.manifest["database_id"]
    put_backup(service, example, days_ago(2), database_id=database_id, last_accepted=100)
    old = put_backup(service, example, LONG_AGO)
    assert "shrunk" in watched.run().log
    assert deleted(proxy) == []

    process = watched.start("prune", "--accept-shrink")
    process.communicate(timeout=TIMEOUT_SECONDS)

    assert process.returncode == 0
    assert deleted(proxy) == old
    run = watched.run()
    assert run.exit_code == 0, run.log
    assert "shrunk" not in run.log
    assert service.backups()[-1].manifest["last_accepted"] == 3


def of_emptied_backups(service: Service) -> list[Backup]:
    service.backup()
    return service.backups()


def test_empty_backups_of_a_graph_that_always_was_empty_are_removed(
    service: Service, proxy: FaultProxy, target: Neo4jServer
) -> None:
    of_empty = service.with_variables(NEO4J_URI=target.uri, NEO4J_PASSWORD=target.password)
    old = put_backup(service, of_empty.backup(), LONG_AGO)

    run = of_empty.run()

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == old


@pytest.mark.parametrize("extension", ["", ".cypher.gz"], ids=["all of it", "its archive"])
def test_a_backup_that_a_bucket_lock_holds_counts_as_kept(
    service: Service, proxy: FaultProxy, example: Backup, extension: str
) -> None:
    locked = put_backup(service, example, LONG_AGO)
    old = put_backup(service, example, days_ago(30))
    proxy.limits = R2Limits(locked_prefix=stem(LONG_AGO) + extension)

    run = service.run()

    assert run.exit_code == 0, run.log
    assert "a lock rule" in run.log
    assert "Cleanup complete: 1 old backups removed" in run.log
    assert locked[1] in set(service.keys())
    assert not set(old) & set(service.keys())


@pytest.mark.parametrize(
    "fault",
    [
        Fault("DeleteObject", Status(403, "AccessDenied"), every=True),
        Fault("DeleteObject", Status(503, "SlowDown"), nth=2, every=True),
        Fault("GetObject", Status(403, "AccessDenied"), every=True),
        Fault("ListObjectsV2", Status(520), nth=4, every=True),
    ],
    ids=["denied", "throttled", "unreadable", "unlisted"],
)
def test_a_clean_up_that_fails_says_that_the_backup_is_safe(
    service: Service, proxy: FaultProxy, example: Backup, fault: Fault
) -> None:
    put_backup(service, example, LONG_AGO)
    proxy.inject(fault)

    run = service.with_variables(BACKUP_RETRY_SECONDS="1").run()

    assert_told(service, run, 4, "The backup is safe, but")
    assert "Backup completed successfully!" not in run.log
    assert_whole(service.backups()[-1])


def test_what_a_failed_clean_up_left_is_removed_by_the_next_run(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    manifest, archive = put_backup(service, example, LONG_AGO)
    proxy.inject(Fault("DeleteObject", Status(403, "AccessDenied"), nth=2))
    assert service.run().exit_code == 4
    assert manifest not in set(service.keys())

    run = service.run()

    assert run.exit_code == 0, run.log
    assert archive not in set(service.keys())
    assert f"Removed {archive}: older than 7 days, and incomplete" in run.log


def test_a_manifest_records_the_facts_that_retention_uses(example: Backup) -> None:
    text = json.dumps(example.manifest)

    assert example.manifest["database"] == "neo4j"
    assert example.manifest["database_id"]
    assert example.manifest["export"]["nodes"] == 2
    assert example.manifest["export"]["relationships"] == 1
    assert text.isascii()
