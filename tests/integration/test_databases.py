"""Several databases in one run, and commands that mean one or all of them.

Neo4j Community has one user database. So the others are missing, or exist only in the bucket.
"""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.old_backups import days_ago, put_backup
from tests.integration.outcome import assert_nothing_left, assert_secretless, assert_told
from tests.integration.relay import relay
from tests.integration.restoring import count_nodes, printed, restore_elsewhere
from tests.service import TIMEOUT_SECONDS, Backup, Run, Service, finish

HELD_SECONDS = 60
MISSING = "has no database 'missing'; check NEO4J_DATABASE"


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    configured = Service.configured(graph, s3, bucket, tmp_path).through(proxy)
    return configured.with_variables(BACKUP_EXPORT_METHOD="manual")


@pytest.fixture(scope="module")
def example(graph: Neo4jServer, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """A backup of the server's database, in another bucket."""
    s3.create_bucket("example-of-databases")
    directory = tmp_path_factory.mktemp("example")
    return Service.configured(graph, s3, "example-of-databases", directory).backup()


def of(service: Service, databases: str) -> Service:
    return service.with_variables(NEO4J_DATABASE=databases)


def state_of(service: Service) -> dict[str, Any]:
    path = service.state_directory / "state.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return content


def errors(run: Run) -> list[str]:
    assert "Traceback" not in run.log, run.log
    return re.findall(r"^\[ERROR\] (.*)", run.log, re.MULTILINE)


@pytest.mark.parametrize("databases", ["neo4j,missing", "missing , NEO4J"])
def test_a_database_that_fails_does_not_stop_the_others(service: Service, databases: str) -> None:
    run = of(service, databases).run()

    assert run.exit_code == 3, run.log
    of_it, of_all = errors(run)
    assert of_it.startswith("Database missing failed: Neo4j connection failed: ")
    assert MISSING in of_it
    assert of_all == "1 of 2 databases failed: missing (exit 3)"
    assert re.findall(r"Database (\S+) \((\d) of 2\)", run.log) == [
        (name.strip().lower(), str(number)) for number, name in enumerate(databases.split(","), 1)
    ]
    assert "Backup completed successfully!" in run.log
    (backup,) = service.backups()
    assert backup.manifest["database"] == "neo4j"
    assert_secretless(service, run.log)


def test_the_state_file_has_the_result_of_each_database(service: Service) -> None:
    of(service, "neo4j,missing").run()

    state = state_of(service)
    assert state["expected"] == ["neo4j"]
    assert state["last_run"]["exit_code"] == 3
    assert state["last_run"]["error"] == "1 of 2 databases failed: missing (exit 3)"
    good, bad = state["databases"]["neo4j"], state["databases"]["missing"]
    assert [each["exit_code"] for each in good["attempts"]] == [0]
    assert good["last_backup"]["archive_key"] == service.backups()[0].manifest["archive_key"]
    assert [each["exit_code"] for each in bad["attempts"]] == [3]
    assert MISSING in bad["attempts"][0]["error"]
    assert (bad["last_backup"], bad["failures"]) == (None, {"neo4j": 1})


@pytest.mark.parametrize(
    ("databases", "exit_code", "failed"),
    [
        ("neo4j,missing", 4, "neo4j (exit 4), missing (exit 3)"),
        ("missing,neo4j", 3, "missing (exit 3), neo4j (exit 4)"),
    ],
)
def test_the_exit_code_is_that_of_the_first_failure_in_configured_order(
    service: Service, proxy: FaultProxy, databases: str, exit_code: int, failed: str
) -> None:
    proxy.inject(Fault("CreateMultipartUpload", Status(403, "AccessDenied"), every=True))

    run = of(service, databases).run()

    assert run.exit_code == exit_code, run.log
    assert errors(run)[-1] == f"2 of 2 databases failed: {failed}"
    assert_nothing_left(service, proxy)


def test_a_database_that_makes_no_progress_does_not_stop_the_others(
    service: Service, proxy: FaultProxy
) -> None:
    hold = proxy.hold("CreateMultipartUpload")
    process = of(service, "neo4j,missing").with_variables(BACKUP_STALL_SECONDS="2").start()
    try:
        run = finish(process, HELD_SECONDS)
    finally:
        hold.release.set()

    assert run.exit_code == 4, run.log
    assert [each.partition(":")[0] for each in errors(run)] == [
        "Database neo4j failed",
        "Database missing failed",
        "2 of 2 databases failed",
    ]
    assert "Database neo4j failed: No progress for 2 s while waiting for R2" in run.log


def test_a_signal_ends_the_whole_run(service: Service, proxy: FaultProxy) -> None:
    hold = proxy.hold("UploadPart")
    process = of(service, "neo4j,missing").start()
    assert hold.reached.wait(HELD_SECONDS)
    process.send_signal(signal.SIGTERM)
    try:
        run = finish(process, HELD_SECONDS)
    finally:
        hold.release.set()

    assert_told(service, run, 143, "Interrupted by signal 15")
    assert "Database missing" not in run.log
    assert list(state_of(service)["databases"]) == ["neo4j"]
    assert_nothing_left(service, proxy)


def test_a_refused_login_is_not_repeated_for_each_database(
    service: Service, graph: Neo4jServer, proxy: FaultProxy
) -> None:
    password = "this-is-not-the-password"
    with relay(graph.port) as (port, sent):
        uri = f"bolt://127.0.0.1:{port}"
        wrong = of(service, "neo4j,one,two,three").with_variables(
            NEO4J_URI=uri, NEO4J_PASSWORD=password
        )
        run = wrong.run()

    assert_told(wrong, run, 3, "refused the login")
    assert sent.count(password.encode()) == 1
    assert_nothing_left(service, proxy)


def test_all_databases_means_those_that_are_online_without_system(service: Service) -> None:
    run = of(service, "*").run()

    assert run.exit_code == 0, run.log
    assert "[INFO] Databases online: neo4j\n" in run.log
    assert state_of(service)["expected"] == ["neo4j"]
    assert [backup.manifest["database"] for backup in service.backups()] == ["neo4j"]


def test_the_run_waits_for_a_server_that_comes_up_late_with_all_its_databases(
    service: Service, graph: Neo4jServer
) -> None:
    graph.stop()
    try:
        process = of(service, "*").with_variables(LOG_LEVEL="debug").start("wait")
        assert any("Neo4j is not ready" in line for line in process.stderr)
    finally:
        graph.start()
        graph.wait_ready()

    run = finish(process, HELD_SECONDS)

    assert run.exit_code == 0, run.log
    assert state_of(service)["expected"] == ["neo4j"]


def test_all_databases_of_an_unreachable_server_fail_in_one_clear_line(service: Service) -> None:
    absent = of(service, "*").with_variables(
        NEO4J_URI="bolt://127.0.0.1:1", BACKUP_RETRY_SECONDS="1"
    )
    run = absent.run()
    assert_told(absent, run, 3, "Neo4j connection failed: bolt://127.0.0.1:1")
    assert state_of(absent)["last_run"]["exit_code"] == 3


def test_the_service_starts_although_one_of_its_databases_is_missing(service: Service) -> None:
    run = of(service, "neo4j,missing").run("wait")

    assert run.exit_code == 0, run.log
    assert re.findall(r"^\[WARNING\] (.*)", run.log, re.MULTILINE) == [
        f"Neo4j connection failed: {service.variables['NEO4J_URI']} {MISSING}"
        " (or --database, --to-database)"
    ]
    assert state_of(service)["expected"] == ["neo4j", "missing"]


def test_the_service_does_not_start_if_all_of_its_databases_are_missing(service: Service) -> None:
    wrong = of(service, "missing,absent")
    assert_told(wrong, wrong.run("wait"), 3, MISSING)


def test_the_service_waits_for_all_databases(service: Service) -> None:
    run = of(service, "*").run("wait")
    assert run.exit_code == 0, run.log
    assert state_of(service)["expected"] == ["neo4j"]


def test_a_mistyped_database_does_not_stay_expected(service: Service) -> None:
    assert of(service, "missing").run().exit_code == 3
    assert service.run("backup", "--database", "absent").exit_code == 3
    assert "has no database 'absent'" in service.run("health").log
    assert state_of(service)["expected"] == []

    service.backup()

    assert state_of(service)["expected"] == ["neo4j"]
    assert "missing" not in service.run("health").log


def test_each_database_has_its_own_overdue_time(service: Service) -> None:
    assert of(service, "neo4j,missing").run("wait").exit_code == 0
    of(service, "neo4j,missing").run()
    path = service.state_directory / "state.json"
    content = state_of(service)
    content["since"] = content["databases"]["missing"]["since"] = days_ago(3).isoformat()
    path.write_text(json.dumps(content), encoding="ascii")

    run = service.run("health")

    assert run.exit_code == 1
    assert "(exit 3): 1 of 2 databases failed: missing (exit 3)" in run.log
    assert re.findall(r"no backup of database (\S+) since", run.log) == ["missing"]


# Names that begin like others, and that contain what separates a name from a time.
NAMES = ("neo4j", "neo4j.old", "neo4j-2")


@pytest.fixture
def several(service: Service, example: Backup) -> Service:
    """A service of several databases, each with an old, a less old and a young backup."""
    for name in NAMES:
        for days in (400, 300, 1):
            put_backup(service, example, days_ago(days), database=name)
    return of(service, ",".join(NAMES))


def listed(service: Service, *options: str) -> list[str]:
    return [
        entry["database"]
        for entry in json.loads(printed(service, "list", "--json", *options))["backups"]
    ]


def test_backups_of_databases_with_similar_names_are_not_confused(several: Service) -> None:
    assert sorted(listed(several)) == sorted(3 * NAMES)
    for name in NAMES:
        assert listed(several, "--database", name) == 3 * [name]
    nothing = printed(several, "list", "--database", "neo4", exit_code=2)
    assert nothing.startswith("No backups of database neo4 under ")


def test_retention_counts_each_database_alone(several: Service) -> None:
    plan = printed(several, "prune")

    assert sorted(listed(several)) == sorted(NAMES)
    for name in NAMES:
        lines = [line for line in plan.splitlines() if f"/{name}_" in line]
        assert [line.split()[0] for line in lines] == ["remove", "remove", "keep"]


def test_one_database_can_be_pruned_alone(several: Service) -> None:
    plan = printed(several, "prune", "--database", "neo4j.old")

    assert sorted(listed(several)) == sorted([*3 * ("neo4j", "neo4j-2"), "neo4j.old"])
    assert plan.count("of another database, neo4j\n") == 3


def test_prune_of_all_databases_covers_only_those_that_this_host_backed_up(
    several: Service,
) -> None:
    everything = of(several, "*")
    assert foreign_databases(everything) == sorted(NAMES)
    assert sorted(listed(several)) == sorted(3 * NAMES)
    everything.backup()

    assert foreign_databases(everything) == ["neo4j-2", "neo4j.old"]

    assert sorted(listed(several)) == sorted([*3 * ("neo4j-2", "neo4j.old"), *2 * ("neo4j",)])


def foreign_databases(service: Service) -> list[str]:
    """Return the names of the databases that `prune`, which has to succeed, leaves alone."""
    process = service.start("prune")
    _, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, log
    return re.findall(r"Database (\S+) was never backed up from here", log)


def test_in_an_empty_bucket_there_is_nothing_to_prune_or_to_verify(service: Service) -> None:
    everything = of(service, "*")
    pruned = everything.run("prune")
    assert pruned.exit_code == 0
    assert "[WARNING] No backup under s3://" in pruned.log
    assert_told(everything, everything.run("verify"), 2, "There is no backup under s3://")


def test_one_of_several_databases_can_be_backed_up_again(service: Service) -> None:
    configured = of(service, "neo4j,missing")
    configured.run()

    run = configured.run("backup", "--database", "neo4j")

    assert run.exit_code == 0, run.log
    assert len(service.backups()) == 2
    assert state_of(service)["expected"] == ["neo4j"]


def test_a_database_that_vanished_fails_and_is_not_forgotten(service: Service) -> None:
    of(service, "neo4j,missing").run("wait")

    run = of(service, "*").run()

    assert run.exit_code == 3, run.log
    assert errors(run)[-1] == "1 of 2 databases failed: missing (exit 3)"
    assert len(service.backups()) == 1
    of(service, "*").run("wait")
    assert state_of(service)["expected"] == ["neo4j"]


def test_a_run_succeeds_even_if_stored_backups_cannot_be_counted(
    service: Service, proxy: FaultProxy
) -> None:
    hold = proxy.hold("PutObject")  # of the manifest: then there is one List by the prune
    process = service.start()
    assert hold.reached.wait(HELD_SECONDS)
    proxy.inject(Fault("ListObjectsV2", Status(403, "AccessDenied"), nth=2))
    hold.release.set()

    run = finish(process, HELD_SECONDS)

    assert run.exit_code == 0, run.log
    assert "[WARNING] How much is stored now is not known: Access denied" in run.log


def test_the_backup_of_one_database_leaves_those_of_others(
    several: Service, example: Backup
) -> None:
    of(several, "neo4j").backup()
    assert sorted(listed(several)) == sorted([*3 * ("neo4j.old", "neo4j-2"), *2 * ("neo4j",)])
    assert example.manifest["database"] == "neo4j"


def test_the_latest_backup_of_each_database_is_verified(several: Service) -> None:
    run = several.run("verify")

    assert run.exit_code == 0, run.log
    assert re.findall(r"Good: neo4j-backup/(\S+)_\d{4}-", run.log) == list(NAMES)


def test_a_database_without_a_backup_does_not_stop_the_others_from_being_verified(
    several: Service,
) -> None:
    run = of(several, "none,neo4j").run("verify")

    assert run.exit_code == 2, run.log
    missing, summary = errors(run)
    assert missing.startswith("Database none failed: There is no backup of database none under ")
    assert summary == "1 of 2 databases failed: none (exit 2)"
    assert run.log.count("Good: neo4j-backup/neo4j_") == 1


@pytest.mark.parametrize("options", [["--database", "neo4j.old"], ["--all"]])
def test_the_backups_to_verify_can_be_chosen(several: Service, options: list[str]) -> None:
    run = several.run("verify", *options)
    assert run.exit_code == 0, run.log
    assert run.log.count("Good: ") == (9 if options == ["--all"] else 1)


@pytest.mark.parametrize("databases", [",".join(NAMES), "*"])
@pytest.mark.parametrize("command", [["restore"], ["prune", "--accept-shrink"]])
def test_a_command_for_one_database_asks_which_one(
    several: Service, databases: str, command: list[str]
) -> None:
    service = of(several, databases).with_variables(BACKUP_SHRINK_PERCENT="50")
    run = service.run(*command)
    assert_told(service, run, 2, "say which one is meant (--database)")


def test_a_drill_asks_which_database_is_meant(several: Service, target: Neo4jServer) -> None:
    service = several.with_variables(RESTORE_NEO4J_PASSWORD=target.password)
    run = service.run("verify", "--drill", target.uri)
    assert_told(service, run, 2, "say which one is meant (--database)")


def test_the_database_of_a_restore_can_be_named(several: Service, target: Neo4jServer) -> None:
    run = restore_elsewhere(several, target, "--database", "neo4j")
    assert run.exit_code == 0, run.log
    assert "Restoring neo4j-backup/neo4j_" in run.log
    assert count_nodes(target) == 1


def test_a_restore_takes_the_database_of_its_key(several: Service, target: Neo4jServer) -> None:
    key = max(filter(re.compile("/neo4j.old_.*gz").search, several.keys()))

    run = restore_elsewhere(several, target, key)
    assert_told(several, run, 3, "has no database 'neo4j.old'")

    run = restore_elsewhere(several, target, key, "--to-database", "neo4j")
    assert run.exit_code == 0, run.log
    assert count_nodes(target) == 1


@pytest.mark.parametrize(
    ("databases", "problem"),
    [
        ("neo4j,system", "not system"),
        ("neo4j,neo4j", "each database's name once"),
        ("neo4j,Neo4j", "each database's name once"),
        ("neo4j,", "a database's name"),
        ("*,neo4j", "a database's name"),
    ],
)
def test_impossible_database_names_are_a_configuration_error(
    service: Service, databases: str, problem: str
) -> None:
    run = of(service, databases).run("check")
    assert run.exit_code == 2
    assert f"NEO4J_DATABASE={databases!r}: accepted is {problem}" in run.log or problem in run.log
