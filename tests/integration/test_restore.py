"""What `restore` puts into a database, what it refuses to replace, and which backup it takes."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from testbed.database import DEFAULT_LOOKUP_INDEXES
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration import documents
from tests.integration.old_backups import PREFIX, days_ago, put_backup, stem
from tests.integration.outcome import assert_told
from tests.integration.restoring import (
    Original,
    assert_restored,
    contents,
    differences,
    is_marked,
    printed,
    restore_elsewhere,
    unchanged,
)
from tests.service import Backup, Service, finish

HELD_SECONDS = 60
BYTES = {"full": bytes(range(256)), "none": b""}
SCHEMA = (
    "CREATE CONSTRAINT emails FOR (n:Person) REQUIRE n.email IS UNIQUE",
    "CREATE INDEX ages FOR (n:Person) ON (n.age)",
)


@pytest.fixture(scope="module")
def original(
    servers: tuple[Neo4jServer, Neo4jServer],
    s3: S3Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Original:
    """A backup of a small graph with a constraint, an index and byte arrays."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        for statement in SCHEMA:
            driver.execute_query(statement)
        driver.execute_query(
            "UNWIND range(1, 20) AS i CREATE (:Person {email: 'p' + i, age: i})"
            "-[:LIVES_IN {since: date('2024-02-29')}]->(:Place {data: $full, none: $none})",
            BYTES,
        )
    return Original.of(source, s3, tmp_path_factory.mktemp("small"))


@pytest.fixture
def service(target: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service, configured for `target`, which is empty."""
    return Service.configured(target, s3, bucket, tmp_path)


@pytest.fixture
def key(service: Service, original: Original) -> str:
    """The key of the original, which is in the service's bucket as a backup of yesterday."""
    _, key = put_backup(service, original.backup, days_ago(1))
    return key


@pytest.fixture
def old_graph(target: Neo4jServer) -> Neo4jServer:
    """A server with a graph, a constraint, an index and lookup indexes that are its own."""
    with target.driver() as driver:
        driver.execute_query("CREATE CONSTRAINT old FOR (n:Person) REQUIRE n.name IS UNIQUE")
        driver.execute_query("CREATE TEXT INDEX texts FOR (n:Person) ON (n.email)")
        by_label, by_type = DEFAULT_LOOKUP_INDEXES
        driver.execute_query(f"DROP INDEX {by_label}")
        driver.execute_query(f"DROP INDEX {by_type}")
        driver.execute_query("CREATE LOOKUP INDEX renamed FOR (n) ON EACH labels(n)")
        driver.execute_query("CREATE (a:Person {name: 'old'})-[:IS]->(:Old {data: $full})", BYTES)
    return target


def safety_backups(service: Service) -> list[Backup]:
    """Return the backups that restores made of what they were about to replace."""
    return [each for each in service.backups() if each.manifest["before_restore"]]


@pytest.mark.parametrize("method", ["manual", "apoc"])
def test_a_graph_comes_back_exactly_to_another_server_and_to_its_own(
    service: Service, source: Neo4jServer, target: Neo4jServer, method: str
) -> None:
    with source.driver() as driver:
        for statement in SCHEMA:
            driver.execute_query(statement)
        driver.execute_query(
            "UNWIND range(1, 9) AS i CREATE (a:Person {email: i, at: point({x: i, y: 0.1})}) "
            "CREATE (a)-[:KNOWS {since: datetime()}]->(a) CREATE (a)-[:KNOWS]->(:Place:Old)"
        )
    service = service.with_variables(NEO4J_URI=source.uri, BACKUP_EXPORT_METHOD=method)
    original = Original(service.backup(), contents(source))
    assert original.backup.manifest["export"]["method"] == method

    assert_restored(restore_elsewhere(service, target), original, target)

    plain = service.with_variables(BACKUP_COMPRESSION="false").backup()
    assert plain.manifest["archive_key"].endswith(".cypher")
    source.reset()
    assert_restored(service.run("restore"), original, source)


def test_an_index_that_cannot_be_built_is_named_once_the_others_are(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    with source.driver() as driver:
        documents.fill(driver, documents=1_000, characters=30_000)
        driver.execute_query("CREATE FULLTEXT INDEX whole FOR (n:Document) ON EACH [n.text]")
        driver.execute_query("CREATE RANGE INDEX limited FOR (n:Document) ON (n.text)")
    service.with_variables(NEO4J_URI=source.uri, BACKUP_EXPORT_METHOD="manual").backup()

    run = restore_elsewhere(service, target)

    assert_told(service, run, 5, "not all is as the archive says")
    assert re.findall(r"Not restored: (\S+ \S+)", run.log) == ["index limited:"]
    assert not is_marked(target)
    with target.driver() as driver:
        query = "SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name, state"
        (index,) = driver.execute_query(query).records
    assert list(index) == ["limited", "FAILED"]


def test_byte_arrays_come_back_as_byte_arrays(
    service: Service, target: Neo4jServer, original: Original, key: str
) -> None:
    assert_restored(service.run("restore", key), original, target)

    with target.driver() as driver:
        (row,) = driver.execute_query(
            "MATCH (n:Place) RETURN DISTINCT n.data AS full, n.none AS none"
        ).records
    assert dict(row) == BYTES


@pytest.mark.usefixtures("key")
def test_a_database_with_nodes_is_refused_and_stays_as_it_is(
    service: Service, old_graph: Neo4jServer
) -> None:
    objects = service.keys()
    with unchanged(old_graph):
        run = service.run("restore")

    assert_told(service, run, 3, "it has 2 nodes")
    assert "--force" in run.log
    assert run.log.endswith("; nothing was changed\n")
    assert service.keys() == objects


@pytest.mark.usefixtures("key")
def test_a_safety_backup_that_cannot_be_made_stops_the_restore_which_says_how_to_go_on(
    service: Service, old_graph: Neo4jServer, proxy: FaultProxy, original: Original
) -> None:
    read_only = service.through(proxy)
    proxy.inject(Fault("CreateMultipartUpload", Status(403, "AccessDenied"), every=True))
    with unchanged(old_graph):
        run = read_only.run("restore", "--force")

    assert_told(service, run, 4, "Access denied by R2")
    without = "--no-safety-backup replaces the database without a backup of it"
    assert run.log.endswith(f"; {without}; nothing was changed\n")
    assert "Replacing" not in run.log
    assert_restored(read_only.run("restore", "--force", "--no-safety-backup"), original, old_graph)


def test_a_refused_signature_does_not_stop_the_safety_backup_once_the_same_keys_have_worked(
    service: Service, old_graph: Neo4jServer, proxy: FaultProxy, original: Original, key: str
) -> None:
    # Its first List: those before it are the restore's preflight and its search for the backup.
    proxy.inject(Fault("ListObjectsV2", Status(403, "SignatureDoesNotMatch"), nth=3))

    run = service.through(proxy).run("restore", key, "--force")

    assert_restored(run, original, old_graph)
    _, since_the_safety_backup = run.log.split("Backing up database neo4j first")
    assert "R2: List failed (403 SignatureDoesNotMatch), trying again" in since_the_safety_backup
    assert len(safety_backups(service)) == 1


@pytest.mark.usefixtures("key")
def test_a_signal_during_the_safety_backup_leaves_the_database_as_it_was(
    service: Service, old_graph: Neo4jServer, proxy: FaultProxy
) -> None:
    hold = proxy.hold("CreateMultipartUpload")
    with unchanged(old_graph):
        process = service.through(proxy).start("restore", "--force")
        assert hold.reached.wait(HELD_SECONDS)
        process.send_signal(signal.SIGINT)
        run = finish(process)

    assert_told(service, run, 130, "Interrupted by signal 2; nothing was changed")
    assert "Replacing" not in run.log


@pytest.mark.usefixtures("key")
def test_only_schema_objects_that_the_archive_does_not_have_are_refused(
    service: Service, target: Neo4jServer, original: Original
) -> None:
    with target.driver() as driver:
        for statement in SCHEMA:
            driver.execute_query(statement)
        driver.execute_query("CREATE INDEX other FOR (n:Person) ON (n.name)")
        with unchanged(target):
            refused = service.run("restore")
            unread = service.run("restore", "--skip-verify")
        driver.execute_query("DROP INDEX other")

    assert_told(service, refused, 3, "that the archive does not have: other. ")
    assert_told(service, unread, 3, "not compared with the archive's (--skip-verify): emails,")
    assert_restored(service.run("restore"), original, target)


def test_force_backs_up_the_graph_before_it_replaces_it(
    service: Service, old_graph: Neo4jServer, original: Original, key: str
) -> None:
    before = contents(old_graph)

    run = service.run("restore", "--force")

    assert_restored(run, original, old_graph)
    (safety,) = safety_backups(service)
    told = [
        f"Restoring {key} into database neo4j",
        "Backing up database neo4j first: 2 nodes, 1 relationship, 2 constraints",
        f"{safety.manifest['archive_key']}",
        f"Replacing database neo4j of {old_graph.uri}: 2 nodes, 1 relationship, 2 constraints",
        "Restore completed",
        f"to get it back: backup.py restore {safety.manifest['archive_key']} --force "
        "--to-database neo4j\n",
    ]
    places = [run.log.find(text) for text in told]
    assert -1 not in places, run.log
    assert places == sorted(places), run.log

    again = service.run("restore", "--force", "--no-safety-backup")

    assert f"Restoring {key} into" in again.log, "the latest is not what was replaced"
    assert_restored(again, original, old_graph)
    assert safety_backups(service) == [safety]

    back = service.run("restore", safety.manifest["archive_key"], "--force", "--no-safety-backup")

    assert_restored(back, Original(safety, before), old_graph)


def test_the_way_back_leads_to_the_server_that_was_replaced(
    service: Service, source: Neo4jServer, old_graph: Neo4jServer, original: Original, key: str
) -> None:
    before = contents(old_graph)
    elsewhere = service.with_variables(NEO4J_URI=source.uri)
    with unchanged(source):
        run = restore_elsewhere(elsewhere, old_graph, key, "--force")
        assert_restored(run, original, old_graph)
        command = run.log.rsplit("to get it back: backup.py restore ", 1)[1].split()
        back = restore_elsewhere(elsewhere, old_graph, *command, "--no-safety-backup")
    assert_restored(back, Original(safety_backups(service)[0], before), old_graph)


def test_a_backup_of_a_replaced_graph_is_listed_as_such_and_protects_no_older_one(
    service: Service, original: Original
) -> None:
    _, real = put_backup(service, original.backup, days_ago(60))
    _, safety = put_backup(service, original.backup, days_ago(30), before_restore=True)

    listed = json.loads(printed(service, "list", "--json"))["backups"]
    plan = printed(service, "prune", "--dry-run").splitlines()

    assert {each["key"]: each["before_restore"] for each in listed} == {real: False, safety: True}
    assert plan[0].startswith("keep")
    assert plan[0].endswith("the newest complete backup")
    assert [line.split()[:2] for line in plan] == [["keep", real], ["remove", safety]]


@pytest.mark.parametrize("options", [[], ["--force"]], ids=["empty", "force"])
@pytest.mark.usefixtures("key")
def test_a_dry_run_checks_all_and_changes_nothing(
    service: Service, target: Neo4jServer, options: list[str], request: pytest.FixtureRequest
) -> None:
    if options:
        request.getfixturevalue("old_graph")
    objects = service.keys()
    with unchanged(target):
        run = service.run("restore", "--dry-run", *options)

    assert run.exit_code == 0, run.log
    assert "The archive is good: 40 nodes, 20 relationships" in run.log
    assert "Dry run: nothing was changed" in run.log
    assert ("Would replace database" in run.log) == bool(options)
    assert "Replacing" not in run.log
    assert service.keys() == objects
    assert not (service.directory / "state").exists()


@pytest.mark.usefixtures("key", "old_graph")
def test_a_dry_run_checks_an_archive_for_a_database_in_use_too(
    service: Service, target: Neo4jServer
) -> None:
    with unchanged(target):
        run = service.run("restore", "--dry-run")
    assert "The archive is good: 40 nodes, 20 relationships" in run.log
    assert_told(service, run, 3, "--force replaces all that it holds")


def test_the_backup_is_chosen_by_key_or_by_time(service: Service, original: Original) -> None:
    ages = (9, 6, 3)
    keys = {age: put_backup(service, original.backup, days_ago(age))[1] for age in ages}
    put_backup(service, original.backup, days_ago(2), database="movies")

    def chosen(*arguments: str) -> str:
        run = service.run("restore", "--dry-run", *arguments)
        assert run.exit_code == 0, run.log
        return run.log.partition("Restoring ")[2].partition(" into ")[0]

    assert chosen() == keys[3]
    assert chosen("latest", "--at", days_ago(5).isoformat()) == keys[6]
    assert chosen(keys[9]) == keys[9]
    assert chosen(keys[6].removeprefix(f"{PREFIX}/")) == keys[6]
    assert chosen(f"s3://{service.bucket}/{keys[6]}") == keys[6]
    missed = service.run("restore", f"s3://another/{keys[6]}")
    assert_told(service, missed, 2, f"no object of the bucket {service.bucket}")


def test_a_backup_under_another_prefix_is_read_with_its_manifest(
    service: Service, original: Original
) -> None:
    manifest, key = put_backup(service, original.backup, days_ago(3), prefix="other")
    copied = original.backup.manifest["archive_key"].replace(PREFIX, "copies")
    client = service.s3.client()
    client.put_object(Bucket=service.bucket, Key=copied, Body=original.backup.archive)
    client.put_object(
        Bucket=service.bucket,
        Key=copied.replace(".cypher.gz", ".manifest.json"),
        Body=json.dumps(original.backup.manifest).encode(),
    )
    bare = key.removesuffix(".cypher.gz")
    for given, archive in ((key, key), (manifest, key), (bare, key), (copied, copied)):
        run = service.run("restore", "--dry-run", given)
        assert run.exit_code == 0, run.log
        assert f"Restoring {archive} into" in run.log
        assert "has no manifest" not in run.log
    missed = service.run("restore", "--dry-run", f"{key[:-20]}-59-59")
    assert_told(service, missed, 2, f"; nearest are {key}; `list` with BACKUP_PREFIX=other ")
    verified = service.run("verify", copied)
    assert (verified.exit_code, "Good: " in verified.log) == (0, True), verified.log

    client.put_object(Bucket=service.bucket, Key=copied, Body=original.backup.archive[:-1])
    cut = service.run("restore", "--dry-run", copied)
    assert_told(service, cut, 5, f"its archive {copied} of ")


def test_a_time_is_one_in_the_configured_zone_and_the_choice_is_told_first(
    service: Service, original: Original
) -> None:
    taken = datetime(2025, 10, 7, 22, 30, tzinfo=UTC)
    _, key = put_backup(service, original.backup, taken)
    put_backup(service, original.backup, taken + timedelta(days=1))
    berlin = service.with_variables(TZ="Europe/Berlin")
    for time in ("2025-10-08", "2025-10-08 00:30:00", "2025-10-07T22:30:00Z"):
        run = berlin.run("restore", "--dry-run", "--at", time)
        assert run.exit_code == 0, run.log
        choice, restoring = run.log.index(f" is {key}, taken at "), run.log.index("Restoring ")
        assert choice < restoring
        assert f"{key}, taken at 2025-10-08 00:30:00 Europe/Berlin\n" in run.log
    too_old = berlin.run("restore", "--dry-run", "--at", "2025-10-07")
    assert_told(berlin, too_old, 2, "the oldest is of 2025-10-08 00:30:00 Europe/Berlin")
    unread = berlin.run("restore", "--at", "10/08/2025")
    assert_told(berlin, unread, 2, "--at '10/08/2025' cannot be understood")


def test_a_missing_backup_is_reported_with_the_nearest_ones(
    service: Service, original: Original
) -> None:
    nothing = service.run("restore")
    _, key = put_backup(service, original.backup, days_ago(3))
    other_time = f"{stem(days_ago(4))}.cypher.gz"

    unknown = service.run("restore", other_time)
    too_old = service.run("restore", "--at", days_ago(9).isoformat())

    place = f"s3://{service.bucket}/{PREFIX}/"
    assert_told(service, nothing, 2, f"There is no backup of database neo4j under {place};")
    assert "or else check R2_BUCKET_NAME" in nothing.log
    assert_told(service, unknown, 2, f"There is no backup {other_time}; nearest are {key}")
    assert_told(service, too_old, 2, "There is no backup of database neo4j that old")
    assert "besides" not in too_old.log
    put_backup(service, original.backup, days_ago(9), prefix="other")
    too_old = service.run("restore", "--at", days_ago(9).isoformat())
    assert "; besides, there are backups of neo4j under other/ (1, the newest of " in too_old.log


def test_a_file_restores_without_r2_and_without_its_manifest(
    service: Service, target: Neo4jServer, original: Original, tmp_path: Path
) -> None:
    unset = {name: "" for name in service.variables if name.startswith("R2_")}
    service = service.with_variables(**unset)
    archive = tmp_path / Path(original.backup.manifest["archive_key"]).name
    archive.write_bytes(original.backup.archive)

    alone = service.run("restore", "--from-file", str(archive))

    assert_restored(alone, original, target)
    assert "It has no manifest" in alone.log
    target.reset()
    beside = archive.with_name(archive.name.replace(".cypher.gz", ".manifest.json"))
    beside.write_text(json.dumps(original.backup.manifest))

    with_manifest = service.run("restore", "--from-file", archive.name)

    assert_restored(with_manifest, original, target)
    assert "It has no manifest" not in with_manifest.log

    forced = service.run("restore", "--from-file", archive.name, "--force")
    assert_told(service, forced, 2, "Invalid configuration")
    assert "--no-safety-backup leaves it out" in forced.log

    archive.unlink()
    gone = service.run("restore", "--from-file", str(archive), "--force", "--no-safety-backup")

    assert_told(service, gone, 2, "cannot be read")
    assert differences(original.fingerprint, target) == ""


def test_a_pipe_is_refused_because_it_can_be_read_only_once(
    service: Service, tmp_path: Path
) -> None:
    pipe = tmp_path / "archive.cypher"
    os.mkfifo(pipe)
    assert_told(service, service.run("restore", "--from-file", str(pipe)), 2, "is no file")


def test_the_latest_backup_is_refused_if_the_graph_was_lost_in_it(
    service: Service, target: Neo4jServer, original: Original
) -> None:
    _, key = put_backup(service, original.backup, days_ago(3))
    empty = {**original.backup.manifest["export"], "nodes": 0}
    _, lost = put_backup(service, original.backup, days_ago(1), export=empty)

    with unchanged(target):
        run = service.run("restore")

    assert_told(service, run, 2, f"The latest backup, {lost}, is of an empty graph")
    assert f"the latest one with data is {key}: " in run.log


@pytest.mark.usefixtures("key")
def test_another_server_has_its_own_login_which_no_address_contains(
    service: Service, source: Neo4jServer, target: Neo4jServer
) -> None:
    with unchanged(source):
        no_login = service.run("restore", "--to-uri", source.uri)
        refused = service.with_variables(RESTORE_NEO4J_PASSWORD="this-is-wrong").run(
            "restore", "--to-uri", source.uri
        )
        in_address = restore_elsewhere(
            service, target, "--to-uri", source.uri.replace("//", "//neo4j:in-the-open@")
        )

    assert_told(service, no_login, 2, "Invalid configuration")
    assert "RESTORE_NEO4J_PASSWORD" in no_login.log
    assert_told(service, refused, 3, "refused the login")
    assert "check RESTORE_NEO4J_USER and RESTORE_NEO4J_PASSWORD" in refused.log
    assert "this-is-wrong" not in refused.log
    assert_told(service, in_address, 2, "Invalid configuration")
    assert "without credentials" in in_address.log
    assert "in-the-open" not in in_address.log


@pytest.mark.usefixtures("key")
def test_a_missing_target_database_is_reported(service: Service) -> None:
    run = service.run("restore", "--to-database", "missing")

    assert_told(service, run, 3, "missing")


@pytest.mark.usefixtures("key")
def test_a_restore_and_a_backup_do_not_run_at_once(
    service: Service, target: Neo4jServer, proxy: FaultProxy, original: Original
) -> None:
    service = service.through(proxy).with_variables(BACKUP_EXPORT_METHOD="manual")
    for first, second, operation in (
        (["restore"], [], "GetObject"),
        ([], ["restore", "--force"], "CreateMultipartUpload"),
    ):
        hold = proxy.hold(operation)
        process = service.start(*first)
        assert hold.reached.wait(HELD_SECONDS)

        run = service.run(*second)

        assert run.exit_code == 6, run.log
        assert f"is under way (process {process.pid})" in run.log
        hold.release.set()
        assert finish(process).exit_code == 0
    assert differences(original.fingerprint, target) == ""
    assert not is_marked(target)
