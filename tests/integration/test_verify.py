"""What `verify` finds in a real bucket while there is no Neo4j."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testbed.fault_proxy import Action, Cut, Fault, FaultProxy, FlipByte, Reset
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.archives import STEM, Archive, some_content, store
from tests.integration.outcome import assert_told
from tests.service import TIMEOUT_SECONDS, Run, Service

CONTENT = some_content()
ARCHIVE = CONTENT.sealed(compressed=True)
PLAIN = CONTENT.sealed(compressed=False)
SIZE = f"{CONTENT.summary.nodes} nodes, {CONTENT.summary.relationships} relationships"
EARLIER = "neo4j-backup/neo4j_2025-10-07_02-00-00"


@pytest.fixture
def service(s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path) -> Service:
    """The service with a Neo4j that is not running, and that it has no password of."""
    configured = Service.configured(Neo4jServer(tmp_path / "neo4j"), s3, bucket, tmp_path)
    return configured.with_variables(NEO4J_PASSWORD="").through(proxy)


def put(service: Service, key: str, data: bytes) -> None:
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=data)


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def assert_good(run: Run, *keys: str) -> None:
    assert run.exit_code == 0, run.log
    for key in keys:
        assert f"[INFO] Good: {key} ({SIZE})\n" in run.log


@pytest.mark.parametrize("archive", [ARCHIVE, PLAIN], ids=["gzip", "plain"])
def test_a_backup_is_good_by_its_key_or_as_the_latest_one(
    service: Service, archive: Archive
) -> None:
    key = store(service, archive)
    for name in ([], [key.rpartition("/")[2]], [f"{STEM}.manifest.json"]):
        assert_good(service.run("verify", *name), key)
    before_it = store(service, archive, stem=EARLIER)
    assert_good(service.run("verify"), key)
    assert_good(service.run("verify", before_it), before_it)


@pytest.mark.parametrize("archive", [ARCHIVE, PLAIN], ids=["gzip", "plain"])
def test_damage_in_the_bucket_is_reported_with_its_position(
    service: Service, archive: Archive
) -> None:
    block = archive.manifest.blocks[2]
    key = store(service, archive.altered(flipped(archive.data, block.end - 100)))
    where = f"{key}: the block of bytes {block.offset} to {block.end}"
    assert_told(service, service.run("verify"), 5, where)


def test_verify_all_fails_if_there_is_no_backup(service: Service) -> None:
    put(service, "neo4j-backup/readme.txt", b"foreign")
    assert_told(service, service.run("verify", "--all"), 2, "There is no backup under s3://")


def test_all_backups_are_verified_and_each_problem_is_reported(service: Service) -> None:
    good = store(service, ARCHIVE)
    old = store(service, PLAIN, stem=EARLIER)
    assert_good(service.run("verify", "--all"), good, old)

    stems = [f"neo4j-backup/movies_2025-10-0{day}_02-00-00" for day in range(1, 6)]
    store(service, ARCHIVE.altered(flipped(ARCHIVE.data, 2000)), stem=stems[0])
    store(service, ARCHIVE, stem=stems[1], has_manifest=False)
    put(service, f"{stems[2]}.manifest.json", ARCHIVE.manifest.to_json())
    put(service, f"{stems[3]}.manifest.json", b"{}")
    store(service, ARCHIVE.altered(ARCHIVE.data[:-1]), stem=stems[4])
    put(service, "neo4j-backup/readme.txt", b"foreign")
    run = service.run("verify", "--all")

    assert_told(service, run, 5, "5 of 7 backups under neo4j-backup/ are not good")
    assert f"[INFO] Good: {good} ({SIZE})\n" in run.log
    assert f"[INFO] Good: {old} ({SIZE})\n" in run.log
    for line in (
        f"{stems[0]}.cypher.gz: the block of bytes ",
        f"{stems[1]}.cypher.gz has no manifest",
        f"{stems[2]}.manifest.json: its archive ",
        f"{stems[3]}.manifest.json: the manifest is not one of this service",
        f"{stems[4]}.manifest.json: its archive {stems[4]}.cypher.gz of ",
    ):
        assert f"[WARNING] {line}" in run.log, run.log


def test_the_json_document_says_what_the_log_says_of_each_backup(service: Service) -> None:
    good = store(service, ARCHIVE)
    stems = [f"neo4j-backup/movies_2025-10-0{day}_02-00-00" for day in (2, 1)]
    damaged = store(service, ARCHIVE.altered(flipped(ARCHIVE.data, 2000)), stem=stems[0])
    put(service, f"{stems[1]}.manifest.json", b"{}")

    output, log = service.start("verify", "--all", "--json").communicate(timeout=TIMEOUT_SECONDS)

    content = json.loads(output)
    assert (content["exit_code"], content["drill"]) == (5, None)
    assert log.endswith(f"[ERROR] {content['error']}\n")
    by_key = {each["key"]: each for each in content["backups"]}
    assert by_key.keys() == {good, damaged, f"{stems[1]}.manifest.json"}
    for key, each in by_key.items():
        summary = CONTENT.summary
        known = key in (good, damaged)
        assert each["nodes"] == (summary.nodes if known else None)
        assert each["relationships"] == (summary.relationships if known else None)
        assert each["finding"] == ("good" if key == good else "bad")
        expected = f"[INFO] Good: {key} ({SIZE})" if key == good else f"[WARNING] {each['problem']}"
        assert f"{expected}\n" in log
    assert by_key[good]["problem"] is None
    assert by_key[good]["database"] == "neo4j"

    alone, log = service.start("verify", good, "--json").communicate(timeout=TIMEOUT_SECONDS)
    assert_good(Run(0, log), good)
    assert json.loads(alone)["error"] is None
    assert json.loads(alone)["backups"] == [by_key[good]]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x1f\x8b\x08\x00", b"CREATE (n", b"\n"])
def test_a_foreign_object_with_a_backups_name_is_reported(service: Service, data: bytes) -> None:
    key = store(service, ARCHIVE.altered(data), has_manifest=False)
    assert_told(service, service.run("verify", key), 5, f"{key}: ")


def test_an_archive_without_a_manifest_is_read_as_far_as_it_goes(service: Service) -> None:
    key = store(service, ARCHIVE, has_manifest=False)
    whole = service.run("verify", key)
    assert_told(service, whole, 5, f"{key} has no manifest, so it is no complete backup")
    assert f"every statement of it can be read: {SIZE}; `restore` takes it" in whole.log

    store(service, ARCHIVE.altered(ARCHIVE.data[:-30]), has_manifest=False)
    assert_told(service, service.run("verify", key), 5, f"{key}: gzip: cut off at byte ")
    lines = PLAIN.data.splitlines(keepends=True)
    key = store(service, PLAIN.altered(b"".join(lines[:-1])), stem=EARLIER, has_manifest=False)
    assert_told(service, service.run("verify", key), 5, f"{key}: the end is missing")


def test_a_newer_format_is_refused_by_its_version(service: Service) -> None:
    key = store(service, ARCHIVE)
    manifest = {**json.loads(ARCHIVE.manifest.to_json()), "format_version": 7}
    put(service, f"{STEM}.manifest.json", json.dumps(manifest).encode())
    for name in ([], [key]):
        run = service.run("verify", *name)
        assert_told(service, run, 5, f"{STEM}.manifest.json: the manifest has format version 7")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        ("no archive", f"{STEM}.manifest.json: its archive {STEM}.cypher.gz of "),
        ("cut archive", f"{STEM}.manifest.json: its archive {STEM}.cypher.gz of "),
        ("no manifest", f"{STEM}.cypher.gz: it has no manifest"),
        ("damaged manifest", f"{STEM}.manifest.json: the manifest is not one of this service"),
    ],
)
def test_a_newer_backup_that_is_not_complete_is_passed_over_with_a_warning(
    service: Service, damage: str, reason: str
) -> None:
    earlier = store(service, ARCHIVE, stem=EARLIER)
    key = store(service, ARCHIVE, has_manifest=damage != "no manifest")
    if damage == "no archive":
        service.s3.client().delete_object(Bucket=service.bucket, Key=key)
    elif damage == "cut archive":
        put(service, key, ARCHIVE.data[:-1])
    elif damage == "damaged manifest":
        put(service, f"{STEM}.manifest.json", b"{}")

    run = service.run("verify")

    assert_good(run, earlier)
    assert f"[WARNING] Passed over {reason}" in run.log
    assert f"; {earlier} is used instead\n" in run.log
    assert run.log.count("WARNING") == 1


def test_a_damaged_backup_without_another_one_is_reported(service: Service) -> None:
    store(service, ARCHIVE.altered(ARCHIVE.data[:-1]))
    run = service.run("verify")
    assert_told(service, run, 5, "No backup of database neo4j under s3://")
    assert "; no other backup is complete\n" in run.log


def test_a_manifest_without_its_archive_is_reported(service: Service) -> None:
    put(service, f"{STEM}.manifest.json", ARCHIVE.manifest.to_json())
    run = service.run("verify", f"{STEM}.manifest.json")
    assert_told(service, run, 5, f"its archive {STEM}.cypher.gz of {len(ARCHIVE.data):,} bytes")


def test_an_archive_that_was_replaced_with_its_manifest_cannot_smuggle_a_statement(
    service: Service,
) -> None:
    number = CONTENT.text.splitlines().index(b":commit") + 1
    hostile = CONTENT.with_line(number, "LOAD CSV FROM 'http://x/' AS r CREATE ();")
    store(service, hostile.sealed(compressed=True))
    assert_told(service, service.run("verify"), 5, f"line {number}: not a statement")


def test_an_unknown_key_suggests_the_nearest(service: Service) -> None:
    run = service.run("verify", "neo4j_2025-10-08_02-00-01.cypher.gz")
    assert_told(service, run, 2, "There is no backup neo4j_2025-10-08_02-00-01.cypher.gz")
    key = store(service, ARCHIVE)
    run = service.run("verify", "neo4j_2025-10-08_02-00-01.cypher.gz")
    assert_told(service, run, 2, f"nearest are {key}")


def test_reading_resumes_at_the_byte_where_the_connection_was_lost(
    service: Service, proxy: FaultProxy
) -> None:
    key = store(service, ARCHIVE)
    faults: list[Action] = [Reset(), Cut(1000), Cut(500)]
    for nth, action in enumerate(faults, 1):
        proxy.inject(Fault("GetObject", action, nth=nth, key_contains=key))
    run = service.run("verify")
    assert_good(run, key)
    assert "R2: Get was cut off at byte 1000 (" in run.log
    assert "R2: Get was cut off at byte 1500 (" in run.log
    assert sum(each.operation == "GetObject" and each.key == key for each in proxy.requests) == 4


def test_a_body_that_was_damaged_in_transit_is_found(service: Service, proxy: FaultProxy) -> None:
    key = store(service, ARCHIVE)
    proxy.inject(Fault("GetObject", FlipByte(1500), key_contains=key))
    assert_told(service, service.run("verify"), 5, f"{key}: the block of bytes ")
    assert_good(service.run("verify"), key)


def test_an_archive_that_is_replaced_during_the_reading_is_refused(
    service: Service, proxy: FaultProxy
) -> None:
    key = store(service, ARCHIVE)
    hold = proxy.hold("GetObject", nth=3)
    proxy.inject(Fault("GetObject", Cut(1000), key_contains=key))
    with service.start("verify") as process:
        assert hold.reached.wait(60)
        put(service, key, flipped(ARCHIVE.data, 2000))
        hold.release.set()
        _, log = process.communicate(timeout=60)
    assert process.returncode == 4, log
    assert "Traceback" not in log
