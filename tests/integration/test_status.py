"""What `status` says of a real bucket and of runs that were made, while there is no Neo4j."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from neo4j_r2.core.figures import size_text
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.old_backups import days_ago, invented_backup, put_archive, put_backup, stem
from tests.integration.outcome import assert_secretless, assert_told
from tests.integration.restoring import printed
from tests.service import TIMEOUT_SECONDS, Run, Service


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    return Service.configured(graph, s3, bucket, tmp_path).through(proxy)


def status(service: Service) -> tuple[list[str], Run]:
    """Return the lines that `status` prints, and how it ended; it needs no password of Neo4j."""
    process = service.with_variables(NEO4J_PASSWORD="").start("status")
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert_secretless(service, output)
    return output.splitlines(), Run(process.returncode, log)


def test_runs_and_storage_are_shown_at_a_glance(service: Service) -> None:
    put_backup(service, invented_backup(), days_ago(2), database="other")
    for secret in ("", "this-is-not-the-secret"):
        service.with_variables(
            R2_SECRET_ACCESS_KEY=secret or service.variables["R2_SECRET_ACCESS_KEY"]
        ).run()

    lines, run = status(service)

    assert (run.exit_code, run.log) == (0, "")
    assert lines[0] == "Schedule  0 2 * * * (UTC)"
    assert lines[1].startswith("Next run  this service schedules none here")
    denied = r"failed \(exit 4\): Access denied.*"
    assert re.fullmatch(rf"Last run  [-0-9]+ [:0-9]+ UTC, {denied}", lines[2])
    assert not lines[2].endswith("...")
    assert lines[3:5] == ["", "Database neo4j"]
    assert lines[5].split() == ["STARTED", "(UTC)", "DURATION", "SIZE"]
    assert re.fullmatch(r"[-0-9]+ [:0-9]+ +\d+ s +━*╸? +[\d.]+ (kB|bytes) +━{10}", lines[6])
    assert re.fullmatch(
        r"[-0-9]+ [:0-9]+ +\d+ s +━*╸? +failed \(exit 4\): Access denied.*", lines[7]
    )
    assert lines[8] == ""
    assert re.fullmatch(r"Stored of neo4j  [\d.]+ (kB|bytes), 1 backup", lines[9])
    assert re.fullmatch(r"Stored of other  [\d.]+ (kB|bytes), 1 backup", lines[10])
    place = f"s3://{service.bucket}/neo4j-backup/"
    assert re.fullmatch(rf"Stored in all    [\d.]+ (kB|bytes) in {place}", lines[11])
    assert lines[12].startswith("Monthly cost     $0.00 at R2's $0.015 per GB and month")
    assert len(lines) == 13


def document(service: Service) -> tuple[dict[str, Any], Run]:
    process = service.with_variables(NEO4J_PASSWORD="").start("status", "--json")
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert_secretless(service, output)
    content: dict[str, Any] = json.loads(output)
    return content, Run(process.returncode, log)


def test_the_json_document_says_what_the_text_says(service: Service, proxy: FaultProxy) -> None:
    put_backup(service, invented_backup(), days_ago(2), database="other", before_restore=True)
    service.backup()
    service.with_variables(R2_SECRET_ACCESS_KEY="this-is-not-the-secret").run()
    lines, _ = status(service)

    content, run = document(service)

    assert (run.exit_code, run.log) == (0, "")
    assert lines[0] == f"Schedule  {content['schedule']} ({content['time_zone']})"
    assert content["next_run"] is content["start_problem"] is None
    last = content["last_run"]
    began = f"{datetime.fromisoformat(last['started']):%Y-%m-%d %H:%M:%S}"
    assert last["outcome"] == "failed"
    assert lines[2] == (
        f"Last run  {began} UTC, failed (exit {last['exit_code']}): {last['error']}"
    )
    (database,) = content["databases"]
    assert f"Database {database['database']}" in lines
    assert database["pause"] is None
    first, second = database["attempts"]
    assert f" {size_text(first['archive_size'])} " in lines[6]
    assert first["exit_code"] == 0
    assert lines[7].endswith(f"failed (exit {second['exit_code']}): {second['error']}")
    storage = content["storage"]
    for each in storage["databases"]:
        line = f"{size_text(each['size'])}, {each['backups']} backup"
        assert any(text == f"Stored of {each['database']}  {line}" for text in lines)
    place = f"s3://{storage['bucket']}/{storage['prefix']}/"
    assert f"Stored in all    {size_text(storage['size'])} in {place}" in lines
    assert storage["dollars_per_month"] == pytest.approx(storage["size"] * 0.015 / 1e9)
    assert len(storage["safety_backups"]) == 1
    assert storage["incomplete"] == []

    proxy.inject(Fault("ListObjectsV2", Status(403, "AccessDenied"), every=True))
    without, run = document(service)
    assert_told(service, run, 4, "Access denied")
    assert without["storage"] is None
    assert without["last_run"] == last


def test_a_backup_has_one_time_in_status_and_list_and_that_time_finds_it(service: Service) -> None:
    put_backup(service, invented_backup(), days_ago(0.5))
    for seconds in range(20):  # so that the backup has to take a later key
        put_archive(service, f"{stem(days_ago(-seconds / 86_400))}.cypher.gz")
    made = service.backup().manifest["archive_key"]

    lines, _ = status(service)
    (listed,) = [line for line in printed(service, "list").splitlines() if made in line]

    shown = re.search(r"[-0-9]{10} [:0-9]{8}", lines[6])
    assert shown
    assert shown[0] in listed
    run = service.run("restore", "--at", shown[0], "--dry-run")
    assert f"The latest backup up to {shown[0]} UTC is {made}, taken at {shown[0]} UTC" in run.log


def test_before_the_first_run_the_schedule_and_the_storage_are_shown(service: Service) -> None:
    lines, run = status(service)
    assert (run.exit_code, run.log) == (0, "")
    assert lines[2:] == [
        "Last run  none is known",
        "",
        f"Stored in all  0 bytes in s3://{service.bucket}/neo4j-backup/",
        "Monthly cost   $0.00 at R2's $0.015 per GB and month; the account's first 10 GB are free",
        f"the bucket {service.bucket} has no backup anywhere: perhaps none was made yet; or else "
        "check R2_BUCKET_NAME and the account",
    ]


@pytest.mark.parametrize("databases", ["neo4j", "*"])
def test_a_host_that_has_never_run_names_newest_backups_that_are_incomplete(
    service: Service, databases: str
) -> None:
    put_backup(service, invented_backup(), days_ago(3))
    bare = put_archive(service, f"{stem(days_ago(1))}.cypher.gz")
    service = service.with_variables(NEO4J_DATABASE=databases)

    lines, run = status(service)
    content, _ = document(service)

    assert run.exit_code == 0
    assert lines[lines.index("Not complete in the bucket:") + 1] == f"{bare}: it has no manifest"
    assert content["storage"]["incomplete"] == [f"{bare}: it has no manifest"]


def test_status_shows_what_this_host_knows_even_if_r2_fails(
    service: Service, proxy: FaultProxy
) -> None:
    service.backup()
    proxy.inject(Fault("ListObjectsV2", Status(403, "AccessDenied"), every=True))

    lines, run = status(service)

    assert_told(service, run, 4, "Access denied")
    assert lines[2].startswith("Last run  ")
    assert lines[4] == "Database neo4j"
    assert not any("Stored" in line for line in lines)
