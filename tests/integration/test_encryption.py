"""Backups that are encrypted before their upload, and read by the real age and by a restore."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from neo4j import Driver

from testbed import age
from testbed.cypher_shell import run_cypher_shell
from testbed.fingerprint import Fingerprint
from testbed.neo4j_server import Neo4jServer
from tests.integration import everything
from tests.integration.outcome import assert_secretless, assert_told, assert_whole
from tests.integration.restoring import (
    contents,
    differences,
    printed,
    restore_elsewhere,
    unchanged,
)
from tests.keys import KeyPair
from tests.service import Backup, Service

PAIR, SECOND, OTHER = KeyPair.new(), KeyPair.new(), KeyPair.new()
NAMES = ("SecretLabel", "SECRET_TYPE", "secretKey", "secret_constraint", "secret_index")


@pytest.fixture
def encrypting(service: Service) -> Service:
    """The service, with two recipients."""
    return service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS=f"{PAIR.public}, {SECOND.public}")


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    """The file of a private key that opens the backups."""
    return str(PAIR.write(tmp_path))


@pytest.fixture
def real_age() -> None:
    """The age command, which has to be installed."""
    if reason := age.unavailable():
        pytest.skip(f"no age: {reason}")


def whole_manifest(backup: Backup) -> dict[str, object]:
    """Return what the encrypted part of a manifest says."""
    text: dict[str, object] = json.loads(PAIR.keys.decrypt_text(backup.manifest["encrypted"]))
    return text


def fill_secrets(driver: Driver) -> None:
    """Create a graph of a few names, none of which may be seen."""
    driver.execute_query(
        "CREATE CONSTRAINT secret_constraint FOR (n:SecretLabel) REQUIRE n.secretKey IS UNIQUE"
    )
    driver.execute_query("CREATE INDEX secret_index FOR (n:SecretLabel) ON (n.other)")
    driver.execute_query(
        "UNWIND range(1, 200) AS i CREATE (:SecretLabel {secretKey: i})"
        "-[:SECRET_TYPE {secretKey: 'value'}]->(:SecretLabel {other: i})"
    )


@pytest.mark.parametrize(
    "graph",
    [
        (everything.fill_values, "manual"),
        (everything.fill_names, "manual"),
        (everything.fill_shapes, "manual"),
        (everything.fill_schema, "manual"),
        (everything.fill_faithful, "apoc"),
    ],
    ids=["values", "names", "shapes", "schema", "apoc"],
)
def test_everything_comes_back_exactly_from_an_encrypted_backup(
    encrypting: Service,
    source: Neo4jServer,
    target: Neo4jServer,
    key_file: str,
    graph: tuple[Callable[[Driver], None], str],
) -> None:
    fill, method = graph
    with source.driver() as driver:
        fill(driver)
    backup = encrypting.with_variables(BACKUP_EXPORT_METHOD=method).backup()
    assert_whole(backup)
    assert backup.manifest["archive_key"].endswith(".cypher.gz.age")
    export = whole_manifest(backup)["export"]
    assert isinstance(export, dict)
    assert export["method"] == method

    run = restore_elsewhere(encrypting, target, "--identity", key_file)

    assert run.exit_code == 0, run.log
    assert differences(contents(source), target) == ""
    assert PAIR.private not in run.log
    assert encrypting.run("verify", "--identity", key_file).exit_code == 0


@pytest.mark.usefixtures("real_age")
@pytest.mark.parametrize("compression", ["true", "false"])
def test_the_real_age_reads_a_backup_with_each_private_key_and_cypher_shell_restores_it(
    service: Service, source: Neo4jServer, target: Neo4jServer, tmp_path: Path, compression: str
) -> None:
    files = [tmp_path / "first.txt", tmp_path / "second.txt"]
    recipients = " ".join(map(age.new_identity, files))
    with source.driver() as driver:
        everything.fill_values(driver)
    service = service.with_variables(
        BACKUP_ENCRYPTION_RECIPIENTS=recipients,
        BACKUP_EXPORT_METHOD="manual",
        BACKUP_COMPRESSION=compression,
    )
    backup = service.backup()

    texts = [age.decrypt(backup.archive, file) for file in files]
    assert texts[0] == texts[1]
    text = gzip.decompress(texts[0]) if compression == "true" else texts[0]
    manifest = json.loads(age.decrypt(backup.manifest["encrypted"].encode(), files[1]))
    assert len(text) == manifest["text_size"]
    place = 0
    for block in manifest["blocks"]:
        piece = text[place : place + block["text_length"]]
        assert sha256(piece).hexdigest() == block["sha256"]
        place += len(piece)
    assert place == len(text)
    run = service.run("verify", "--identity", "-", stdin=files[1])
    assert run.exit_code == 0, run.log

    run_cypher_shell(target, text, environment={"LC_ALL": "POSIX"})
    assert differences(contents(source), target) == ""


@pytest.mark.usefixtures("real_age")
@pytest.mark.parametrize("armored", [False, True], ids=["bytes", "text"])
def test_an_archive_that_the_real_age_encrypted_is_restored_by_key_and_from_a_file(
    service: Service, target: Neo4jServer, tmp_path: Path, armored: bool
) -> None:
    identity = tmp_path / "key.txt"
    public = age.new_identity(identity)
    script = b"CREATE (:Movie {title: 'Heat'});\n"
    data = age.encrypt(gzip.compress(script), public, armored=armored)
    service.s3.client().put_object(Bucket=service.bucket, Key="dumps/movies.age", Body=data)
    path = tmp_path / "movies.backup"
    path.write_bytes(data)

    for place in (["dumps/movies.age"], ["--from-file", str(path)]):
        options = [*place, "--force", "--no-safety-backup"]
        run = restore_elsewhere(service, target, *options)
        assert_told(service, run, 2, "is encrypted: a private key of it is needed (--identity)")
        run = restore_elsewhere(service, target, *options, "--identity", str(identity))
        assert run.exit_code == 0, run.log
        with target.driver() as driver:
            (row,) = driver.execute_query("MATCH (n:Movie) RETURN n.title AS title").records
        assert row["title"] == "Heat"
        target.reset()


def test_the_bucket_reveals_nothing_of_the_graph_but_its_size(
    encrypting: Service, source: Neo4jServer
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    for method in ("manual", "apoc"):
        backup = encrypting.with_variables(BACKUP_EXPORT_METHOD=method).backup()
    whole = json.dumps(whole_manifest(backup))
    assert NAMES[0] in whole
    assert NAMES[1] in whole
    objects = list(map(encrypting.object, encrypting.keys()))
    assert len(objects) == 4
    for stored in objects:
        assert not any(name.encode() in stored for name in (*NAMES, "5.26", "community", "blocks"))
    assert backup.manifest["export"] == {
        "nodes": 400,
        "relationships": 200,
        "constraints": 1,
        "indexes": 3,
    }


REFUSALS = {
    None: "is encrypted: a private key of it is needed (--identity)",
    OTHER: "is encrypted: none of the given private keys opens it",
}


@pytest.mark.parametrize("identity", REFUSALS, ids=["none", "wrong"])
@pytest.mark.parametrize("options", [[], ["--dry-run"], ["--skip-verify"]], ids=str)
def test_a_restore_without_the_right_private_key_changes_nothing(
    encrypting: Service,
    source: Neo4jServer,
    tmp_path: Path,
    identity: KeyPair | None,
    options: list[str],
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    backup = encrypting.backup()
    given = ["--identity", str(identity.write(tmp_path))] if identity else []
    with unchanged(source):
        run = encrypting.run("restore", "--force", *options, *given)
    assert_told(encrypting, run, 2, f"{backup.manifest['archive_key']} {REFUSALS[identity]}")
    assert len(encrypting.keys()) == 2, "there is no safety backup of what was not replaced"


def test_damage_is_found_before_anything_is_changed(
    encrypting: Service, source: Neo4jServer, key_file: str
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    backup = encrypting.backup()
    key, data = backup.manifest["archive_key"], bytearray(backup.archive)
    data[len(data) - 30] ^= 1
    encrypting.s3.client().put_object(Bucket=encrypting.bucket, Key=key, Body=bytes(data))
    with unchanged(source):
        run = encrypting.run("restore", "--force", "--identity", key_file)
    assert_told(encrypting, run, 5, f"{key}: it is damaged or cut off (age: ")


def changed_since_its_backup(
    encrypting: Service, source: Neo4jServer
) -> tuple[Fingerprint, Fingerprint]:
    """Back up a graph and change it; return what was backed up, and what the server then holds."""
    with source.driver() as driver:
        fill_secrets(driver)
        before = contents(source)
        encrypting.backup()
        driver.execute_query("CREATE (:SecretLabel {secretKey: -1})")
    return before, contents(source)


def test_the_backup_of_a_replaced_graph_is_encrypted_and_restores(
    encrypting: Service, source: Neo4jServer, key_file: str
) -> None:
    before, changed = changed_since_its_backup(encrypting, source)

    run = encrypting.run("restore", "--force", "--identity", key_file)

    assert run.exit_code == 0, run.log
    assert differences(before, source) == ""
    assert "It is what was sent; `verify --identity` checks what is in it\n" in run.log
    safety = encrypting.backups()[-1]
    assert safety.manifest["format_version"] == 4
    assert safety.manifest["before_restore"] is True
    key = safety.manifest["archive_key"]
    run = encrypting.run(
        "restore", key, "--force", "--no-safety-backup", "--identity", "-", stdin=Path(key_file)
    )
    assert run.exit_code == 0, run.log
    assert differences(changed, source) == ""


def test_a_host_without_recipients_stores_what_it_replaces_for_the_private_keys_that_it_is_given(
    service: Service, encrypting: Service, source: Neo4jServer, key_file: str
) -> None:
    before, changed = changed_since_its_backup(encrypting, source)

    run = service.run("restore", "--force", "--identity", key_file)

    assert run.exit_code == 0, run.log
    assert differences(before, source) == ""
    safety = service.backups()[-1]
    key = safety.manifest["archive_key"]
    assert key.endswith(".age")
    assert safety.manifest["before_restore"] is True
    assert (
        f"to get it back: backup.py restore {key} --force --to-database neo4j --identity FILE\n"
        in run.log
    )
    run = service.run("restore", key, "--force", "--no-safety-backup", "--identity", key_file)
    assert run.exit_code == 0, run.log
    assert differences(changed, source) == ""
    next_one = (
        "The restored backup was encrypted, but the next one will be in plain text, or refused"
    )
    assert run.log.splitlines()[-1].startswith(f"[WARNING] {next_one}: set BACKUP_ENCRYPTION_REC")


def test_nothing_is_stored_in_plain_text_after_an_encrypted_backup_unless_somebody_says_so(
    service: Service, encrypting: Service, source: Neo4jServer, tmp_path: Path
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    encrypting.backup()
    keys = service.keys()
    by_hand = tmp_path / "graph.cypher"
    by_hand.write_text("CREATE (:Found);\n")

    start, backup = service.run("wait"), service.run()
    with unchanged(source):
        restore = service.run("restore", "--from-file", str(by_hand), "--force")

    told = "The newest backup of database neo4j is encrypted, but BACKUP_ENCRYPTION_RECIPIENTS is "
    assert_told(service, start, 2, told)
    assert_told(service, backup, 2, told)
    assert_told(service, restore, 2, told)
    assert restore.log.endswith("; nothing was changed\n")
    assert service.keys() == keys

    in_plain_text = service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS="none")
    assert in_plain_text.backup().manifest["format_version"] == 3
    assert service.run().exit_code == 0, "the backup before it is in plain text"


def test_nothing_is_stored_in_plain_text_under_a_new_prefix_if_it_was_encrypted_under_another(
    service: Service, encrypting: Service, source: Neo4jServer
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    encrypting.with_variables(BACKUP_PREFIX="production").backup()
    by_hand = "dumps/graph.cypher"
    service.s3.client().put_object(Bucket=service.bucket, Key=by_hand, Body=b"CREATE (:Found);\n")
    keys = service.keys()

    start, backup = service.run("wait"), service.run()
    with unchanged(source):
        restore = service.run("restore", by_hand, "--force")
        foreseen = service.run("restore", by_hand, "--force", "--dry-run")

    told = "The newest backup of database neo4j under production/ is encrypted, but BACKUP_ENCRYPT"
    for run in (start, backup, restore, foreseen):
        assert_told(service, run, 2, told)
    for run in (restore, foreseen):
        assert "; --no-safety-backup replaces the database without a backup" in run.log
    assert service.keys() == keys

    in_plain_text = service.with_variables(BACKUP_ENCRYPTION_RECIPIENTS="none")
    assert in_plain_text.run().exit_code == 0
    assert [each.manifest["format_version"] for each in service.backups()] == [3, 4]
    assert service.run().exit_code == 0, "the backup before it under this prefix is in plain text"


def test_a_dry_run_says_how_the_backup_of_what_it_replaces_would_be_stored(
    service: Service, encrypting: Service, source: Neo4jServer, key_file: str
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    service.backup()

    def would_be(service: Service, *options: str) -> str:
        run = service.run("restore", "--force", "--dry-run", *options)
        assert run.exit_code == 0, run.log
        return next(line for line in run.log.splitlines() if "backup of it" in line)

    plain = "[INFO] The backup of it would be in plain text: neither BACKUP_ENCRYPTION_RECIPIENTS"
    assert would_be(service).startswith(plain)
    for_recipients = "encrypted to the public keys of BACKUP_ENCRYPTION_RECIPIENTS"
    assert would_be(encrypting).endswith(f" would be {for_recipients}")
    for_identity = "encrypted to the public keys of --identity"
    assert would_be(service, "--identity", key_file).endswith(f" would be {for_identity}")
    assert "no backup of it, because of" in would_be(service, "--no-safety-backup")
    file = Path(key_file).with_name("graph.cypher")
    file.write_text("CREATE (:Found);\n")
    from_file = would_be(service, "--from-file", str(file))
    assert from_file.endswith("; if those in the bucket are encrypted, it is refused")

    for each, options, told in (
        (service, ["--identity", key_file], for_identity),
        (encrypting, [], for_recipients),
    ):
        run = each.run("restore", "--force", *options)
        assert run.exit_code == 0, run.log
        assert f"[INFO] The backup of it is {told}\n" in run.log


@pytest.mark.parametrize("beside", [True, False], ids=["manifest", "alone"])
def test_a_file_is_restored_with_its_manifest_beside_it_and_without(
    encrypting: Service,
    source: Neo4jServer,
    target: Neo4jServer,
    key_file: str,
    beside: bool,
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    backup = encrypting.backup()
    path = Path(key_file).with_name(Path(backup.manifest["archive_key"]).name)
    path.write_bytes(backup.archive)
    if beside:
        manifest = path.with_name(path.name.replace(".cypher.gz.age", ".manifest.json"))
        manifest.write_text(json.dumps(backup.manifest))
    run = restore_elsewhere(encrypting, target, "--from-file", str(path))
    assert_told(encrypting, run, 2, f"{path} is encrypted: a private key of it is needed")

    run = restore_elsewhere(
        encrypting, target, "--from-file", str(path), "--identity", "-", "--dry-run"
    )
    assert_told(encrypting, run, 2, "--identity: there is no private key in standard input")
    run = restore_elsewhere(encrypting, target, "--from-file", str(path), "--identity", key_file)

    assert run.exit_code == 0, run.log
    assert ("It has no manifest" in run.log) is not beside
    assert differences(contents(source), target) == ""


def test_a_drill_proves_that_an_encrypted_backup_comes_back(
    encrypting: Service, source: Neo4jServer, target: Neo4jServer, key_file: str
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    key = encrypting.backup().manifest["archive_key"]
    service = encrypting.with_variables(RESTORE_NEO4J_PASSWORD=target.password)
    run = service.run("verify", "--drill", target.uri)
    assert_told(service, run, 2, f"{key} is encrypted: a private key of it is needed (--identity)")
    run = service.run("verify", "--drill", target.uri, "--identity", key_file)
    assert run.exit_code == 0, run.log
    assert f"[INFO] The drill succeeded: {key} comes back exactly\n" in run.log
    assert_secretless(service, run.log)
    assert PAIR.private not in run.log


def test_logs_say_that_a_backup_is_encrypted_and_what_verify_can_prove(
    encrypting: Service, source: Neo4jServer
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    run = encrypting.with_variables(BACKUP_VERIFY="after").run()
    assert run.exit_code == 0, run.log
    (backup,) = encrypting.backups()
    assert_whole(backup)
    key = backup.manifest["archive_key"]
    lines = run.log.splitlines()
    name = key.rpartition("/")[2]
    assert f"[INFO] Encrypting {name}..." in lines
    verifying = lines.index(f"[INFO] Verifying the upload: {key}")
    proved = "[INFO] It is what was sent; `verify --identity` checks what is in it"
    assert lines[verifying + 1] == proved
    assert " encrypted" in printed(encrypting, "list")


def test_encrypted_and_plain_backups_can_share_a_bucket(
    service: Service, encrypting: Service, source: Neo4jServer, key_file: str
) -> None:
    with source.driver() as driver:
        fill_secrets(driver)
    plain, locked = service.backup(), encrypting.backup()
    assert plain.manifest["format_version"] == 3
    run = service.run("verify", "--all", "--identity", key_file)
    assert run.exit_code == 0, run.log
    for backup in (plain, locked):
        assert f"Good: {backup.manifest['archive_key']} (400 nodes, 200 relationships)" in run.log
