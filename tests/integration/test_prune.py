"""What `prune` removes from a real bucket while there is no Neo4j, and what it says of the rest."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from neo4j_r2.archive.manifest import read_manifest
from neo4j_r2.run.lock import run_lock
from neo4j_r2.run.state import BackupState, DatabaseState, State, StateFile
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.r2_rules import R2Limits
from testbed.s3_server import S3Server
from tests.integration.old_backups import (
    PREFIX,
    days_ago,
    invented_backup,
    put_archive,
    put_backup,
    stem,
)
from tests.integration.outcome import assert_told
from tests.service import TIMEOUT_SECONDS, Run, Service

INVENTED = invented_backup()
LONG_AGO = days_ago(400)


@pytest.fixture
def service(s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path) -> Service:
    """The service with a Neo4j that is not running, and that it has no password of."""
    configured = Service.configured(Neo4jServer(tmp_path / "neo4j"), s3, bucket, tmp_path)
    return configured.with_variables(NEO4J_PASSWORD="").through(proxy)


def prune(service: Service, *options: str) -> tuple[list[list[str]], Run]:
    """Return the cells of the table that `prune` prints, and the ended run."""
    process = service.start("prune", *options)
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    plan = [re.split(r" {2,}", line) for line in output.splitlines()]
    return plan, Run(process.returncode, log)


def deleted(proxy: FaultProxy) -> list[str]:
    """Return the keys that the service deleted, in order."""
    return [request.key for request in proxy.requests if request.operation == "DeleteObject"]


def test_each_backup_is_removed_or_kept_with_its_reason(
    service: Service, proxy: FaultProxy
) -> None:
    _, other = put_backup(service, INVENTED, days_ago(500), database="movies")
    old_manifest, old = put_backup(service, INVENTED, LONG_AGO)
    _, theirs = put_backup(service, INVENTED, days_ago(300), database_id="theirs")
    _, young = put_backup(service, INVENTED, days_ago(3))
    bare = put_archive(service, f"{stem(days_ago(200))}.cypher.gz")
    foreign = put_archive(service, f"{PREFIX}/readme.txt")

    plan, run = prune(service)

    assert run.exit_code == 0, run.log
    assert plan == [
        ["keep", other, "of another database, movies"],
        ["remove", old, "older than 7 days"],
        ["keep", theirs, "taken of another server's database of the same name"],
        ["remove", bare, "older than 7 days, and incomplete"],
        ["keep", young, "not older than 7 days; the newest complete backup"],
    ]
    assert deleted(proxy) == [old_manifest, old, bare]
    assert set(service.keys()) >= {other, theirs, young, foreign}
    assert f"The newest complete backup of database neo4j: {young}" in run.log
    assert "Cleanup complete: 2 old backups removed" in run.log


def test_a_dry_run_decides_the_same_and_removes_nothing(
    service: Service, proxy: FaultProxy
) -> None:
    put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(3))

    dry, run = prune(service, "--dry-run")

    assert run.exit_code == 0, run.log
    assert "[INFO] Dry run: 1 old backup would be removed" in run.log
    assert deleted(proxy) == []
    assert not (service.directory / "state").exists()
    assert prune(service)[0] == dry
    assert len(deleted(proxy)) == 2


def test_a_dry_run_can_be_configured(service: Service, proxy: FaultProxy) -> None:
    _, old = put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(3))

    plan, run = prune(service.with_variables(BACKUP_PRUNE_DRY_RUN="true"))

    assert run.exit_code == 0, run.log
    assert plan[0] == ["remove", old, "older than 7 days"]
    assert "[INFO] Dry run: 1 old backup would be removed" in run.log
    assert deleted(proxy) == []


def test_the_newest_complete_backup_stays_however_old(service: Service) -> None:
    put_backup(service, INVENTED, LONG_AGO)
    _, newest = put_backup(service, INVENTED, days_ago(300))
    put_backup(service, INVENTED, days_ago(200), archive_size=4_711)

    plan, run = prune(service)

    assert run.exit_code == 0, run.log
    assert [each[0] for each in plan] == ["remove", "keep", "remove"]
    assert plan[1] == ["keep", newest, "the newest complete backup"]
    assert {key for key in service.keys() if not key.endswith(".json")} == {newest}  # noqa: SIM118


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_without_a_complete_backup_nothing_is_removed(
    service: Service, proxy: FaultProxy, options: list[str]
) -> None:
    put_archive(service, f"{stem(LONG_AGO)}.cypher.gz")
    put_backup(service, INVENTED, LONG_AGO, database="movies")
    misplaced, _ = put_backup(service, INVENTED, days_ago(300))
    manifest = {**json.loads(service.object(misplaced)), "database": "movies"}
    service.s3.client().put_object(
        Bucket=service.bucket, Key=misplaced, Body=json.dumps(manifest).encode()
    )

    plan, run = prune(service, *options)

    assert run.exit_code == 0, run.log
    assert plan == []
    assert "[WARNING] No complete backup of database neo4j under s3://" in run.log
    assert deleted(proxy) == []


def test_prune_knows_this_hosts_server_from_the_state_file(
    service: Service, proxy: FaultProxy
) -> None:
    old_manifest, old = put_backup(service, INVENTED, LONG_AGO)
    _, last = put_backup(service, INVENTED, days_ago(100))
    for age in (90, 1):
        put_backup(service, INVENTED, days_ago(age), database_id="theirs")
    manifest = read_manifest(service.object(last.replace(".cypher.gz", ".manifest.json")))
    known = {"neo4j": DatabaseState(days_ago(100), BackupState.of(manifest))}
    state = State(days_ago(100), databases=known)
    StateFile(service.state_directory).write(state)

    _, run = prune(service)

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == [old_manifest, old]


def test_nothing_is_removed_after_a_graph_was_emptied(service: Service, proxy: FaultProxy) -> None:
    put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, invented_backup(nodes=0, relationships=0), days_ago(1))

    plan, run = prune(service)

    assert run.exit_code == 0, run.log
    assert plan[0][2] == "the newest backup is empty and older ones are not"
    assert "[WARNING] The newest backup of database neo4j is of an empty graph" in run.log
    assert deleted(proxy) == []


def put_shrunk(service: Service, nodes: int = 50) -> tuple[list[str], str]:
    """Put an old backup of 100 entities and a new one of fewer; return the keys of the first."""
    old = put_backup(service, invented_backup(nodes=99, relationships=1), LONG_AGO)
    smaller = invented_backup(nodes=nodes, relationships=0)
    _, shrunk = put_backup(service, smaller, days_ago(1), last_accepted=100)
    return old, shrunk


def test_a_shrunk_graph_pauses_pruning_until_it_is_accepted(
    service: Service, proxy: FaultProxy, tmp_path: Path
) -> None:
    old, shrunk = put_shrunk(service)
    watched = service.with_variables(BACKUP_SHRINK_PERCENT="20")

    plan, run = prune(watched)
    assert run.exit_code == 0, run.log
    assert plan[0] == ["keep", old[1], "the newest backup has shrunk and is not accepted"]
    assert "[WARNING] Database neo4j has shrunk: the newest backup has 50 entities" in run.log
    assert deleted(proxy) == []

    before = service.keys()
    plan, run = prune(watched, "--accept-shrink", "--dry-run")
    assert run.exit_code == 0, run.log
    assert plan[0] == ["remove", old[1], "older than 7 days"]
    assert service.keys() == before

    _, run = prune(watched.with_variables(BACKUP_PRUNE_DRY_RUN="true"), "--accept-shrink")
    assert run.exit_code == 0, run.log
    assert f"[INFO] Accepted: {shrunk} with 50 entities, after 100" in run.log
    assert deleted(proxy) == []

    _, run = prune(watched.with_variables(BACKUP_STATE_DIR=str(tmp_path / "of a new container")))
    assert run.exit_code == 0, run.log
    assert "WARNING" not in run.log
    assert deleted(proxy) == old
    acceptance = shrunk.replace(".cypher.gz", ".accepted.json")
    assert json.loads(service.object(acceptance)) == {
        "format_version": 1,
        "archive_key": shrunk,
        "entities": 50,
        "last_accepted": 100,
    }


@pytest.mark.parametrize(
    ("nodes", "percent", "phrase"),
    [(0, "20", "an empty graph, which is never accepted"), (50, "0", "the alarm is off")],
)
def test_an_impossible_acceptance_is_a_usage_error(
    service: Service, nodes: int, percent: str, phrase: str
) -> None:
    put_shrunk(service, nodes)
    before = service.keys()

    for options in (["--accept-shrink"], ["--accept-shrink", "--dry-run"]):
        _, run = prune(service.with_variables(BACKUP_SHRINK_PERCENT=percent), *options)

        assert_told(service, run, 2, phrase)
        assert service.keys() == before


def test_zero_days_keep_everything(service: Service, proxy: FaultProxy) -> None:
    put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(1))

    plan, run = prune(service.with_variables(BACKUP_RETENTION_DAYS="0"))

    assert run.exit_code == 0, run.log
    assert {each[2] for each in plan} == {"retention is off"}
    assert deleted(proxy) == []


def test_a_backup_that_several_rules_keep_is_shown_with_every_reason(
    service: Service, proxy: FaultProxy
) -> None:
    ages = (900, 500, 90, 89.9, 3, 0.1)
    backups = {age: put_backup(service, INVENTED, days_ago(age)) for age in ages}
    _, theirs = put_backup(service, INVENTED, days_ago(600), database_id="theirs")

    ruled = service.with_variables(
        BACKUP_RETENTION_DAYS="none", BACKUP_KEEP_LAST="2", BACKUP_KEEP_MINIMUM="3"
    )
    plan, run = prune(ruled)

    assert run.exit_code == 0, run.log
    gone = "no rule keeps it: last 2, minimum 3"
    assert plan == [
        ["remove", backups[900][1], gone],
        ["keep", theirs, "taken of another server's database of the same name"],
        ["remove", backups[500][1], gone],
        ["remove", backups[90][1], gone],
        ["keep", backups[89.9][1], "one of at least 3"],
        ["keep", backups[3][1], "last"],
        ["keep", backups[0.1][1], "last; the newest complete backup"],
    ]
    assert deleted(proxy) == [*backups[900], *backups[500], *backups[90]]


@pytest.mark.parametrize(("zone", "reason"), [("UTC", "oldest daily"), ("Etc/GMT-12", "daily")])
def test_days_are_those_of_the_services_time_zone(service: Service, zone: str, reason: str) -> None:
    noon = days_ago(30).replace(hour=12, minute=0, second=0)
    for hours in (-1, 1):  # of one day in UTC, and of two where it is twelve hours later
        put_backup(service, INVENTED, noon + timedelta(hours=hours))
    put_backup(service, INVENTED, days_ago(1))
    daily = service.with_variables(TZ=zone, BACKUP_RETENTION_DAYS="none", BACKUP_KEEP_DAILY="3")

    plan, run = prune(daily, "--dry-run")

    assert run.exit_code == 0, run.log
    assert [each[2] for each in plan] == [reason, "daily", "daily; the newest complete backup"]


def test_a_database_can_be_named_in_upper_or_lower_case(
    service: Service, proxy: FaultProxy
) -> None:
    old = put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(1))

    _, run = prune(service.with_variables(NEO4J_DATABASE="Neo4J"))

    assert run.exit_code == 0, run.log
    assert deleted(proxy) == old


def test_a_backup_that_a_bucket_lock_holds_counts_as_kept(
    service: Service, proxy: FaultProxy
) -> None:
    locked, _ = put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(1))
    proxy.limits = R2Limits(locked_prefix=stem(LONG_AGO))

    _, run = prune(service)

    assert run.exit_code == 0, run.log
    assert f"Kept {locked}: a lock rule of the bucket holds it" in run.log
    assert "Cleanup complete: 0 old backups removed" in run.log


def test_only_a_dry_run_does_not_wait_for_the_run_that_holds_the_lock(
    service: Service, proxy: FaultProxy
) -> None:
    put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(1))
    with run_lock(service.state_directory):
        _, run = prune(service)
        assert_told(service, run, 6, "is under way")
        assert proxy.requests == []
        plan, run = prune(service, "--dry-run")
        assert (run.exit_code, len(plan)) == (0, 2)
    assert deleted(proxy) == []


def test_a_bucket_that_refuses_is_reported_in_one_line(service: Service, proxy: FaultProxy) -> None:
    put_backup(service, INVENTED, LONG_AGO)
    put_backup(service, INVENTED, days_ago(1))
    proxy.inject(Fault("DeleteObject", Status(403, "AccessDenied"), every=True))

    _, run = prune(service)

    assert_told(service, run, 4, "Access denied by R2 during Delete")
