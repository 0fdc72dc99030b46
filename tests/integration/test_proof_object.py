"""Proofs in a real bucket: stored beside a backup, listed, shown, and removed with it."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from neo4j_r2.archive.manifest import LockedManifest, Manifest, read_manifest, timestamp
from neo4j_r2.archive.proof import Proof, read_proof
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.proofs import store_proof
from neo4j_r2.config.settings import read_config
from neo4j_r2.core.errors import BackupGoneError
from neo4j_r2.run.drill_state import DrilledDatabase, DrillFile, DrillState, ProofState
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.r2_rules import R2Limits
from testbed.s3_server import S3Server
from tests.integration.later import taken, wait_for_next_second
from tests.integration.old_backups import PREFIX, days_ago, put_backup, stem
from tests.integration.outcome import assert_secretless, assert_told
from tests.integration.restoring import printed
from tests.keys import KeyPair
from tests.proofs import locked, proof_of
from tests.service import TIMEOUT_SECONDS, Backup, Run, Service

HELD_SECONDS = 60
PAIR, OTHER = KeyPair.new(), KeyPair.new()
CURRENT = (
    "The bucket has an archive of this size, and a manifest with its SHA-256; `verify KEY` reads "
    "the bytes."
)
DRILLS = {"DRILL_SCHEDULE": "0 3 * * *", "DRILL_NEO4J_URI": "bolt://scratch:7687"}


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    return Service.configured(graph, s3, bucket, tmp_path).through(proxy)


@pytest.fixture
def encrypting(service: Service) -> Service:
    """The service, which encrypts its backups."""
    return service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS=PAIR.public)


def bucket_of(service: Service) -> Bucket:
    """Return the bucket as the service sees it."""
    return Bucket(read_config(service.variables, {}).r2, 10, lambda: None)


def key_of(backup: Backup, extension: str) -> str:
    """Return the key of another object of a backup."""
    key: str = backup.manifest["archive_key"]
    return f"{key.partition('.cypher')[0]}.{extension}"


def whole_manifest(service: Service, backup: Backup) -> Manifest:
    """Return a backup's manifest, decrypted if necessary."""
    manifest = read_manifest(service.object(key_of(backup, "manifest.json")))
    if isinstance(manifest, LockedManifest):
        return manifest.unlocked(PAIR.keys.decrypt_text(manifest.encrypted))
    return manifest


def made_proof(service: Service, backup: Backup, **changes: Any) -> Proof:
    """Return the proof of a backup, of a drill that has just ended."""
    finished = datetime.now(UTC)
    times = {
        "started": timestamp(finished - timedelta(minutes=6)),
        "finished": timestamp(finished),
    }
    return proof_of(whole_manifest(service, backup), **{**times, **changes})


def prove(service: Service, backup: Backup, **changes: Any) -> Proof:
    """Store the proof of a backup, as a drill does, and return it."""
    proof = made_proof(service, backup, **changes)
    is_encrypted = "encrypted" in backup.manifest
    data = (locked(proof, PAIR.public) if is_encrypted else proof).to_json()
    manifest = read_manifest(service.object(key_of(backup, "manifest.json")))
    assert store_proof(bucket_of(service), manifest, PREFIX, data)
    return proof


def show_proof(service: Service, *arguments: str, stdin: Path | None = None) -> tuple[str, Run]:
    """Return what `proof` prints, and how it ended; it needs no password of Neo4j."""
    without_login = service.with_variables(NEO4J_PASSWORD="")
    process = without_login.start("proof", *arguments, **({"stdin": stdin} if stdin else {}))
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert_secretless(service, output)
    return output, Run(process.returncode, log)


def document(service: Service, *arguments: str) -> tuple[dict[str, Any], Run]:
    output, run = show_proof(service, "--json", *arguments)
    content: dict[str, Any] = json.loads(output)
    return content, run


def deleted(proxy: FaultProxy) -> list[str]:
    """Return the keys that the service deleted, in order."""
    return [request.key for request in proxy.requests if request.operation == "DeleteObject"]


def test_a_proof_is_an_object_beside_its_backup_that_list_shows(service: Service) -> None:
    backup = service.backup()
    proof = prove(service, backup)
    key = key_of(backup, "proof.json")

    listed = json.loads(printed(service, "list", "--json"))

    assert read_proof(service.object(key)) == proof
    assert [each["proved"] for each in listed["backups"]] == [True]
    assert listed["foreign"] == []
    assert printed(service, "list").splitlines()[1].endswith("  proved")
    stored = sum(len(service.object(each)) for each in service.keys())  # noqa: SIM118
    assert json.loads(printed(service, "status", "--json"))["storage"]["size"] == stored
    assert service.run("verify").exit_code == 0


def test_a_second_drill_leaves_the_proof_as_it_is(service: Service) -> None:
    backup = service.backup()
    prove(service, backup)
    key = key_of(backup, "proof.json")
    first = service.object(key)
    manifest = read_manifest(service.object(key_of(backup, "manifest.json")))
    again = made_proof(service, backup, restore_seconds=1.0).to_json()

    assert not store_proof(bucket_of(service), manifest, PREFIX, again)

    assert service.object(key) == first


def test_a_proof_is_shown_to_people_and_to_programs(service: Service) -> None:
    backup = service.backup()
    key = backup.manifest["archive_key"]
    proof = prove(service, backup)

    output, run = show_proof(service)
    content, json_run = document(service)

    assert (run.exit_code, run.log) == (json_run.exit_code, json_run.log) == (0, "")
    lines = output.splitlines()
    assert lines[0] == f"Proof of {key}"
    assert lines[-1] == CURRENT
    for text in (
        f"Archive          {len(backup.archive):,} bytes, SHA-256 {proof.archive_sha256}",
        f"Fingerprint      {proof.fingerprint}, the same of the archive's rows and of the restored "
        "graph",
        "there are entities       count > 0    9,988   0 s",
    ):
        assert text in lines
    assert content == {
        "key": key,
        "proof": json.loads(proof.to_json()),
        "is_current": True,
        "exit_code": 0,
        "error": None,
    }


@pytest.mark.parametrize(
    "form",
    [
        "{prefix}/{stem}.cypher.gz",
        "{stem}.cypher.gz",
        "{prefix}/{stem}",
        "{prefix}/{stem}.manifest.json",
        "{stem}.proof.json",
        "s3://{bucket}/{prefix}/{stem}.proof.json",
    ],
)
def test_a_proof_is_found_by_each_name_of_its_backup(service: Service, form: str) -> None:
    backup = service.backup()
    prove(service, backup)
    key = backup.manifest["archive_key"]
    stem = key.rpartition("/")[2].removesuffix(".cypher.gz")

    output, run = show_proof(service, form.format(bucket=service.bucket, prefix=PREFIX, stem=stem))

    assert run.exit_code == 0, run.log
    assert output.startswith(f"Proof of {key}\n")


def test_without_a_key_the_newest_proved_backup_of_the_database_is_meant(service: Service) -> None:
    original = service.backup()
    for age in (5, 3, 1):
        put_backup(service, original, days_ago(age))
    put_backup(service, original, days_ago(0.5), database="movies")
    movies, oldest, proved, *_ = service.backups()
    for each in (movies, oldest, proved):
        prove(service, each)

    own, _ = document(service)
    other, _ = document(service, "--database", "movies")
    _, run = show_proof(service.with_variables(NEO4J_DATABASE="neo4j,movies"))

    assert own["key"] == proved.manifest["archive_key"]
    assert other["key"] == movies.manifest["archive_key"]
    assert_told(service, run, 2, "say which one is meant (--database)")


def test_a_proof_that_is_not_there_is_told(service: Service) -> None:
    place = f"s3://{service.bucket}/{PREFIX}/"
    _, before = show_proof(service)
    assert_told(service, before, 2, f"There is no backup of database neo4j under {place}; ")

    backup = service.backup()
    key = backup.manifest["archive_key"]
    _, newest = show_proof(service)
    content, named = document(service, key)
    _, unknown = show_proof(service, "neo4j_2020-01-01_00-00-00")

    text = f"There is no proof of database neo4j under {place}; `backup.py drill` makes one"
    assert_told(service, newest, 2, text)
    text = f"There is no proof of {key}: no drill of it has succeeded"
    assert_told(service, named, 2, text)
    assert content == {
        "key": None, "proof": None, "is_current": None, "exit_code": 2, "error": text,
    }  # fmt: skip
    assert_told(service, unknown, 2, "There is no backup neo4j_2020-01-01_00-00-00; nearest are")


def test_only_a_private_key_shows_all_of_an_encrypted_proof(
    encrypting: Service, tmp_path: Path
) -> None:
    backup = encrypting.backup()
    proof = prove(encrypting, backup)
    stored = encrypting.object(key_of(backup, "proof.json"))

    output, run = show_proof(encrypting)
    content, _ = document(encrypting)

    assert (run.exit_code, run.log) == (0, "")
    for hidden in ("Entity", "entities", proof.fingerprint, proof.scratch.version):
        assert hidden.encode() not in stored
        assert hidden not in output
    assert "encrypted: 2 questions were asked; --identity shows them" in output.splitlines()
    assert output.splitlines()[-1] == CURRENT
    assert content["proof"] == json.loads(stored)

    identity = str(PAIR.write(tmp_path))
    output, run = show_proof(encrypting, "--identity", identity)
    content, _ = document(encrypting, "--identity", identity)
    assert (run.exit_code, run.log) == (0, "")
    assert "every entity has a name  no rows    no rows   0 s" in output.splitlines()
    assert content["proof"] == json.loads(proof.to_json())
    assert PAIR.private not in output
    output, run = show_proof(encrypting, "--identity", "-", stdin=Path(identity))
    assert f"Fingerprint      {proof.fingerprint}, " in output

    output, run = show_proof(encrypting, "--identity", str(OTHER.write(tmp_path)))
    key = key_of(backup, "proof.json")
    assert_told(encrypting, run, 2, f"{key} is encrypted: none of the given private keys opens it")
    assert output == ""


def test_a_proof_of_an_increment_is_of_all_archives_that_it_needs(service: Service) -> None:
    chained = service.with_variables(BACKUP_FULL_EVERY_DAYS="7")
    full = chained.backup()
    wait_for_next_second(chained.keys())
    backup = chained.backup()
    assert backup.manifest["kind"] == "incremental"
    prove(chained, backup)

    output, run = show_proof(chained)

    assert run.exit_code == 0, run.log
    assert "Needs            1 more archive" in output.splitlines()
    assert output.endswith(
        "\nThe bucket has archives of these sizes, and a manifest with their SHA-256; `verify KEY` "
        "reads the bytes.\n"
    )
    listed = json.loads(printed(chained, "list", "--json"))["backups"]
    assert [each["proved"] for each in listed] == [True, False]

    lost = full.manifest["archive_key"]
    chained.s3.client().delete_object(Bucket=chained.bucket, Key=lost)
    content, run = document(chained, backup.manifest["archive_key"])
    missing = f"The bucket has not what the proof is of any more: the archive that it needs, {lost}"
    assert_told(chained, run, 5, missing)
    assert (content["is_current"], content["exit_code"]) == (False, 5)
    assert content["proof"]["needs"][0]["key"] == lost
    assert content["error"].startswith(missing)


def test_a_proof_of_another_archive_than_the_manifest_names_is_printed_and_fails(
    service: Service,
) -> None:
    backup = service.backup()
    prove(service, backup, archive_sha256="ff" * 32)

    output, run = show_proof(service)

    assert output.startswith(f"Proof of {backup.manifest['archive_key']}\n")
    assert "are in the bucket" not in output
    text = "The proof is of another archive than the manifest names now: it is of "
    assert_told(service, run, 5, text)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"{}", "the proof is not one of this service"),
        (b'{"format_version": 3}', "the proof has format version 3; this version of the service"),
    ],
    ids=["damaged", "newer"],
)
def test_a_proof_that_cannot_be_read_is_told_and_hides_no_backup(
    service: Service, data: bytes, text: str
) -> None:
    backup = service.backup()
    key = key_of(backup, "proof.json")
    service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=data)

    _, run = show_proof(service)

    assert_told(service, run, 5, f"{key}: {text}")
    assert service.run("verify").exit_code == 0
    assert service.run().exit_code == 0


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
def test_a_bucket_that_refuses_is_told_in_one_line_and_in_the_document(
    service: Service, proxy: FaultProxy, operation: str
) -> None:
    prove(service, service.backup())
    proxy.inject(Fault(operation, Status(403, "AccessDenied"), every=True))

    content, run = document(service)

    assert_told(service, run, 4, "Access denied by R2")
    assert (content["proof"], content["exit_code"]) == (None, 4)
    assert content["error"].startswith("Access denied by R2")


@pytest.mark.parametrize("command", [["restore", "--force"], ["fetch"], ["verify"]], ids=" ".join)
def test_a_proof_is_no_backup_to_other_commands(service: Service, command: list[str]) -> None:
    backup = service.backup()
    prove(service, backup)
    key = key_of(backup, "proof.json")

    run = service.run(*command, key)

    assert_told(service, run, 2, f"{key} is a proof, and no backup: give the key of its archive")


def old_proved_backup(service: Service) -> Backup:
    """Store a proved backup of nine days ago, and a new one; return the old one."""
    put_backup(service, service.backup(), days_ago(9))
    old = service.backups()[0]
    prove(service, old)
    return old


def test_a_prune_removes_the_proof_first_and_the_archive_last(
    service: Service, proxy: FaultProxy
) -> None:
    old = old_proved_backup(service)
    keys = [key_of(old, end) for end in ("proof.json", "manifest.json", "cypher.gz")]

    shown = printed(service, "prune", "--dry-run")
    run = service.run()

    assert re.search(rf"^remove  {re.escape(keys[2])}  older than 7 days$", shown, re.MULTILINE)
    assert run.exit_code == 0, run.log
    assert deleted(proxy) == keys
    for key in keys:
        assert f"[INFO] Removed {key}: older than 7 days\n" in run.log
    assert "Cleanup complete: 1 old backups removed" in run.log
    assert not set(keys) & set(service.keys())


def test_a_prune_that_is_cut_short_leaves_a_whole_backup_without_a_proof(
    service: Service, proxy: FaultProxy
) -> None:
    old = old_proved_backup(service)
    proxy.inject(Fault("DeleteObject", Status(403, "AccessDenied"), nth=2))

    run = service.run()

    assert run.exit_code == 4, run.log
    key = old.manifest["archive_key"]
    entries = {
        each["key"]: each for each in json.loads(printed(service, "list", "--json"))["backups"]
    }
    assert (entries[key]["complete"], entries[key]["proved"]) == (True, False)
    proxy.clear()
    assert service.run().exit_code == 0
    assert not [each for each in service.keys() if each.startswith(key.partition(".")[0])]  # noqa: SIM118


def test_a_backup_whose_proof_is_locked_stays_whole(service: Service, proxy: FaultProxy) -> None:
    old = old_proved_backup(service)
    proof = key_of(old, "proof.json")
    proxy.limits = R2Limits(locked_prefix=proof)

    run = service.run()

    assert run.exit_code == 0, run.log
    assert f"Kept {proof}: a lock rule of the bucket holds it" in run.log
    assert {key_of(old, end) for end in ("proof.json", "manifest.json", "cypher.gz")} <= set(
        service.keys()
    )


def test_a_backup_that_is_pruned_while_its_proof_is_stored_leaves_none(
    service: Service, proxy: FaultProxy
) -> None:
    backup = service.backup()
    hold = proxy.hold("PutObject")
    with ThreadPoolExecutor(1) as pool:
        stored = pool.submit(prove, service, backup)
        assert hold.reached.wait(HELD_SECONDS)
        for end in ("manifest.json", "cypher.gz"):
            service.s3.client().delete_object(Bucket=service.bucket, Key=key_of(backup, end))
        hold.release.set()
        with pytest.raises(BackupGoneError):
            stored.result(TIMEOUT_SECONDS)
    assert service.keys() == []


def test_a_store_without_conditional_puts_keeps_the_proof_that_is_there(
    service: Service, proxy: FaultProxy
) -> None:
    backup = service.backup()
    proxy.inject(
        Fault("PutObject", Status(501, "NotImplemented"), nth=proxy.count("PutObject") + 1)
    )
    proof = prove(service, backup)
    assert read_proof(service.object(key_of(backup, "proof.json"))) == proof


def test_a_proof_takes_its_name_from_later_backups(service: Service) -> None:
    backup = service.backup()
    for seconds in range(20):
        key = f"{stem(days_ago(-seconds / 86_400))}.proof.json"
        service.s3.client().put_object(Bucket=service.bucket, Key=key, Body=b"{}")
    names = {taken(key) for key in service.keys()}  # noqa: SIM118

    made = service.backup()

    assert made.manifest["archive_key"] != backup.manifest["archive_key"]
    assert taken(made.manifest["archive_key"]) not in names


def status(service: Service) -> tuple[list[str], Run]:
    process = service.with_variables(NEO4J_PASSWORD="").start("status")
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    return output.splitlines(), Run(process.returncode, log)


def test_status_says_when_a_backup_was_last_proved_here_or_elsewhere(
    service: Service, proxy: FaultProxy
) -> None:
    drilled = service.with_variables(**DRILLS)
    backup = service.backup()
    lines, run = status(drilled)
    assert (run.exit_code, run.log) == (0, "")
    assert lines[3] == "Drills    0 3 * * * (UTC)"
    assert lines[4:7] == ["", "Database neo4j", "Last proved: never"]

    proof = prove(service, backup)
    lines, _ = status(drilled)
    content = json.loads(printed(drilled, "status", "--json"))
    finished = datetime.fromisoformat(proof.finished)
    assert re.fullmatch(
        rf"Last proved: (today|yesterday) {finished:%H:%M}, restored in 4 min 10 s", lines[6]
    )
    assert content["databases"][0]["last_proof"]["key"] == backup.manifest["archive_key"]
    assert content["databases"][0]["last_proof"]["restore_seconds"] == 250.1

    time = datetime(2025, 10, 8, 3, 12, tzinfo=UTC)
    key = f"{PREFIX}/neo4j_2025-10-07_02-00-00.cypher.gz"
    older = ProofState(time, time, key, time, 9, 1, 1, True)
    file = DrillFile(service.state_directory)
    file.write(DrillState(time, databases={"neo4j": DrilledDatabase(time, older)}))
    assert "restored in 4 min 10 s" in status(service)[0][5]

    newest = replace(older, backup_started=datetime.now(UTC))
    file.write(DrillState(time, databases={"neo4j": DrilledDatabase(time, newest)}))
    before = proxy.count("GetObject")
    lines, _ = status(service)
    wanted = "Last proved: 2025-10-08 03:12, restored in 9 s (neo4j_2025-10-07_02-00-00)"
    assert lines[3:6] == ["", "Database neo4j", wanted]
    without_proofs = 2  # the manifest, for the newest backup and for those before a restore
    assert proxy.count("GetObject") - before == without_proofs


def test_status_shows_the_databases_also_if_the_bucket_cannot_say_what_is_proved(
    service: Service, proxy: FaultProxy
) -> None:
    service.backup()
    proxy.inject(Fault("ListObjectsV2", Status(403, "AccessDenied"), every=True))

    lines, run = status(service.with_variables(**DRILLS))

    assert_told(service, run, 4, "Access denied")
    assert lines[4:6] == ["", "Database neo4j"]
    assert lines[6].startswith("STARTED (UTC)")


def test_nothing_is_said_of_proofs_on_a_host_without_drills(service: Service) -> None:
    prove(service, service.backup())
    lines, _ = status(service)
    assert not [line for line in lines if "proved" in line or "Drill" in line]
