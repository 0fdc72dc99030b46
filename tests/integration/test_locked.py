"""Encrypted backups in a real bucket, read with the right private key, another, and none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.archive.manifest import LockedManifest, read_manifest
from neo4j_r2.archive.storage.encryption import Recipients
from testbed.fault_proxy import Cut, Fault, FaultProxy, FlipByte
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.archives import STEM, Archive, some_content, store
from tests.integration.outcome import assert_told
from tests.integration.restoring import printed
from tests.integration.test_verify import assert_good, flipped, put
from tests.keys import KeyPair
from tests.service import Service

PAIR, OTHER = KeyPair.new(), KeyPair.new()
RECIPIENTS = Recipients([PAIR.public])
CONTENT = some_content()
OPEN = CONTENT.sealed(compressed=True)
ARCHIVE = OPEN.encrypted(RECIPIENTS)
PLAIN = CONTENT.sealed(compressed=False).encrypted(RECIPIENTS)
SIZE = f"{CONTENT.summary.nodes} nodes, {CONTENT.summary.relationships} relationships"
EARLIER = "neo4j-backup/neo4j_2025-10-07_02-00-00"
UNREAD = (
    "is encrypted: a private key of it is needed (--identity). Its size, SHA-256 and header are "
    "right; its statements, counts and blocks were not checked\n"
)


@pytest.fixture
def service(s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path) -> Service:
    """The service with a Neo4j that is not running, and that it has no password of."""
    configured = Service.configured(Neo4jServer(tmp_path / "neo4j"), s3, bucket, tmp_path)
    return configured.with_variables(NEO4J_PASSWORD="").through(proxy)


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    """The file of the private key that opens the archives."""
    return str(PAIR.write(tmp_path))


@pytest.fixture
def other_file(tmp_path: Path) -> str:
    """The file of a private key that opens none."""
    return str(OTHER.write(tmp_path))


@pytest.mark.parametrize("archive", [ARCHIVE, PLAIN], ids=["gzip", "plain"])
def test_a_private_key_proves_a_backup_from_a_file_and_from_standard_input(
    service: Service, archive: Archive, key_file: str
) -> None:
    key = store(service, archive)
    assert_good(service.run("verify", "--identity", key_file), key)
    run = service.run("verify", key, "--identity", "-", stdin=Path(key_file))
    assert_good(run, key)
    assert PAIR.private not in run.log


def test_verify_without_a_private_key_proves_the_object_and_names_what_it_cannot_prove(
    service: Service,
) -> None:
    key = store(service, ARCHIVE)
    run = service.run("verify")
    assert run.exit_code == 0, run.log
    assert run.log == f"[WARNING] {key} {UNREAD}"


def test_a_private_key_in_the_wrong_place_is_refused_and_not_shown(
    service: Service, key_file: str
) -> None:
    run = service.run("verify", PAIR.private, "--identity", key_file)
    assert run.exit_code == 2
    assert "an argument holds a private key" in run.log
    assert PAIR.private not in run.log


def test_a_wrong_key_is_one_clear_line(service: Service, other_file: str) -> None:
    key = store(service, ARCHIVE)
    run = service.run("verify", "--identity", other_file)
    assert run.exit_code == 2
    assert (
        run.log
        == f"[ERROR] {key} is encrypted: none of the given private keys opens it; it takes that of "
        "one of BACKUP_ENCRYPTION_RECIPIENTS as it was then (`age-keygen -y FILE` prints the "
        "public keys of an identity)\n"
    )


@pytest.mark.parametrize(
    "place", [10, 40, 100, 5000, pytest.param(len(ARCHIVE.data) - 20, id="end")]
)
def test_damage_is_reported_with_a_private_key_and_without(
    service: Service, key_file: str, place: int
) -> None:
    key = store(service, ARCHIVE.altered(flipped(ARCHIVE.data, place)))
    run = service.run("verify", "--identity", key_file)
    assert_told(service, run, 5, f"{key}: it")
    assert "damaged" in run.log
    run = service.run("verify")
    assert_told(service, run, 5, f"{key}: the archive's SHA-256 is not the manifest's")


def test_an_archive_that_was_cut_off_is_reported(service: Service, key_file: str) -> None:
    store(service, ARCHIVE.altered(ARCHIVE.data[:-1]))
    for options in ([], ["--identity", key_file]):
        run = service.run("verify", *options)
        assert_told(
            service, run, 5, f"of {len(ARCHIVE.data):,} bytes has {len(ARCHIVE.data) - 1:,}"
        )


def test_an_archive_and_a_manifest_for_different_keys_are_corrupt(
    service: Service, key_file: str
) -> None:
    other = OPEN.encrypted(Recipients([OTHER.public]))
    mixed = replace(other, recipients=RECIPIENTS)
    key = store(service, mixed)
    run = service.run("verify", "--identity", key_file)
    assert_told(service, run, 5, f"{key}: its header is not of the manifest's keys, or damaged")


def test_an_object_that_is_not_an_age_file_is_reported_even_if_its_hash_is_right(
    service: Service,
) -> None:
    manifest = replace(ARCHIVE.manifest, archive_size=len(OPEN.data))
    manifest = replace(manifest, archive_sha256=OPEN.manifest.archive_sha256)
    key = store(service, Archive(OPEN.data, manifest, RECIPIENTS))
    run = service.run("verify")
    assert_told(service, run, 5, f"{key}: the archive does not begin like an age file")


def test_a_manifest_whose_clear_part_was_changed_is_corrupt(
    service: Service, key_file: str
) -> None:
    key = store(service, ARCHIVE)
    content = json.loads(service.object(f"{STEM}.manifest.json"))
    content["export"]["nodes"] += 1
    put(service, f"{STEM}.manifest.json", json.dumps(content).encode())
    run = service.run("verify", "--identity", key_file)
    assert_told(
        service, run, 5, f"{key}: the manifest's encrypted part belongs to another manifest"
    )


@pytest.mark.parametrize("damage", ["", "-----BEGIN AGE ENCRYPTED FILE-----\n", "nothing"])
def test_a_manifest_whose_encrypted_part_is_damaged_is_corrupt(
    service: Service, key_file: str, damage: str
) -> None:
    key = store(service, ARCHIVE)
    content = json.loads(service.object(f"{STEM}.manifest.json"))
    put(
        service,
        f"{STEM}.manifest.json",
        json.dumps({**content, "encrypted": damage}).encode(),
    )
    assert_told(
        service,
        service.run("verify", "--identity", key_file),
        5,
        f"{key}: it is damaged or cut off (age: ",
    )


def test_a_hostile_encrypted_archive_cannot_smuggle_a_statement(
    service: Service, key_file: str
) -> None:
    number = CONTENT.text.splitlines().index(b":commit") + 1
    hostile = CONTENT.with_line(number, "LOAD CSV FROM 'http://x/' AS r CREATE ();")
    store(service, hostile.sealed(compressed=True).encrypted(RECIPIENTS))
    run = service.run("verify", "--identity", key_file)
    assert_told(service, run, 5, f"line {number}: not a statement")


def test_all_backups_are_verified_and_those_not_read_are_counted(
    service: Service, key_file: str, other_file: str
) -> None:
    locked, opened = store(service, ARCHIVE), store(service, OPEN, stem=EARLIER)

    run = service.run("verify", "--all")
    assert_good(run, opened)
    assert f"[WARNING] {locked} {UNREAD}" in run.log
    assert "[WARNING] All 2 backups under neo4j-backup/ are good as far as they could " in run.log
    assert run.log.endswith(
        "of 1 of 2 backups under neo4j-backup/ were not checked: that takes a private key "
        "(--identity)\n"
    )

    assert_good(service.run("verify", "--all", "--identity", key_file), locked, opened)

    run = service.run("verify", "--all", "--identity", other_file)
    what = "None of the given private keys opens 1 of 2 backups under neo4j-backup/"
    assert_told(service, run, 2, what)
    assert f"[INFO] Good: {opened} ({SIZE})\n" in run.log


def test_an_archive_without_a_manifest_is_no_complete_backup(
    service: Service, key_file: str
) -> None:
    key = store(service, ARCHIVE, has_manifest=False)
    run = service.run("verify", key, "--identity", key_file)
    assert_told(service, run, 5, f"{key} has no manifest, so it is no complete backup")
    assert f"every statement of it can be read: {SIZE}" in run.log
    run = service.run("verify", key)
    assert_told(service, run, 5, f"{key} is encrypted: a private key of it is needed (--identity)")
    assert "without a manifest it is no complete backup" in run.log


def test_reading_resumes_after_a_lost_connection_and_damage_in_transit_is_found(
    service: Service, proxy: FaultProxy, key_file: str
) -> None:
    key = store(service, ARCHIVE)
    proxy.inject(Fault("GetObject", Cut(1000), key_contains=key))
    run = service.run("verify", "--identity", key_file)
    assert_good(run, key)
    assert "R2: Get was cut off at byte 1000 (" in run.log
    proxy.inject(Fault("GetObject", FlipByte(1500), key_contains=key))
    assert_told(
        service,
        service.run("verify", "--identity", key_file),
        5,
        f"{key}: it is damaged or cut off (age: ",
    )


def test_list_shows_totals_without_a_private_key(service: Service) -> None:
    key = store(service, ARCHIVE)
    lines = printed(service, "list").splitlines()
    cells = [cell.strip() for cell in lines[1].split("  ") if cell.strip()]
    summary = CONTENT.summary
    assert cells[0] == key
    counts = [f"{summary.nodes:,}", f"{summary.relationships:,}"]
    assert cells[-4:] == [*counts, "full", "encrypted"]
    (entry,) = json.loads(printed(service, "list", "--json"))["backups"]
    assert entry["encrypted"] is entry["complete"] is True
    assert entry["nodes"] == summary.nodes
    assert entry["method"] is entry["consistent"] is None


def test_prune_and_the_shrink_alarm_need_no_private_key(service: Service) -> None:
    now = datetime.now(UTC)
    keys = []
    for age, last_accepted in ((90, 0), (30, 0), (1, 10_000)):
        stem = f"neo4j-backup/neo4j_{now - timedelta(days=age):%Y-%m-%d_%H-%M-%S}"
        manifest = replace(ARCHIVE.manifest, last_accepted=last_accepted)
        keys.append(store(service, replace(ARCHIVE, manifest=manifest), stem=stem))

    alarmed = service.with_variables(BACKUP_SHRINK_PERCENT="20")
    with alarmed.start("prune") as process:
        output, log = process.communicate(timeout=60)
    assert "Database neo4j has shrunk: the newest backup has" in log
    assert "remove" not in output

    output = printed(service, "prune")
    assert [line.split()[0] for line in output.splitlines()] == ["remove", "remove", "keep"]
    assert service.keys() == [keys[2], keys[2].replace(".cypher.gz.age", ".manifest.json")]
    assert isinstance(read_manifest(service.object(service.keys()[1])), LockedManifest)
