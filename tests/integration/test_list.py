"""What `list` says of a real bucket while there is no Neo4j."""

from __future__ import annotations

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from neo4j_r2.core.figures import size_text
from testbed.fault_proxy import Fault, FaultProxy, Hold, Status
from testbed.neo4j_server import Neo4jServer
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
from tests.integration.restoring import printed
from tests.service import TIMEOUT_SECONDS, Run, Service

HELD_SECONDS = 60
INVENTED = invented_backup()
SIZE = size_text(len(INVENTED.archive))


@pytest.fixture
def service(s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path) -> Service:
    """The service with a Neo4j that is not running, and that it has no password of."""
    configured = Service.configured(Neo4jServer(tmp_path / "neo4j"), s3, bucket, tmp_path)
    return configured.with_variables(NEO4J_PASSWORD="").through(proxy)


def list_backups(service: Service, *options: str) -> tuple[str, Run]:
    """Return what `list` prints, and how it ended."""
    process = service.start("list", *options)
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    return output, Run(process.returncode, log)


def table_of(service: Service, *, exit_code: int = 0) -> list[list[str]]:
    """Return the cells of what `list` prints, which has to end in silence."""
    output, run = list_backups(service)
    assert (run.exit_code, run.log) == (exit_code, "")
    return [re.split(r" {2,}", line) for line in output.splitlines()]


def document_of(service: Service, *, exit_code: int = 0) -> dict[str, Any]:
    """Return what `list --json` prints, which has to end in silence."""
    output, run = list_backups(service, "--json")
    assert (run.exit_code, run.log) == (exit_code, "")
    content: dict[str, Any] = json.loads(output)
    return content


def test_backups_of_every_database_are_listed_newest_first(service: Service) -> None:
    _, oldest = put_backup(service, INVENTED, days_ago(400))
    export = {**INVENTED.manifest["export"], "method": "apoc", "nodes": 1_000, "consistent": False}
    _, newest = put_backup(service, INVENTED, days_ago(0.1), database="movies", export=export)
    _, middle = put_backup(service, INVENTED, days_ago(3.5), extension="cypher")

    heading, *rows = table_of(service)

    assert heading[:4] == ["KEY", "DATABASE", "TIME (UTC)", "SIZE"]
    for row in rows:
        assert row[2].translate(str.maketrans(" :", "_-")) in row[0]  # keys are in UTC
    assert [[*row[:2], *row[3:]] for row in rows] == [
        [newest, "movies", SIZE, "1,000", "1", "apoc", "full", "inconsistent"],
        [middle, "neo4j", SIZE, "2", "1", "manual", "full"],
        [oldest, "neo4j", SIZE, "2", "1", "manual", "full"],
    ]


def test_the_json_document_has_the_tables_content(service: Service) -> None:
    taken = days_ago(2)
    _, key = put_backup(service, INVENTED, taken)

    content = document_of(service)

    (backup,) = content["backups"]
    assert (content["bucket"], content["prefix"]) == (service.bucket, PREFIX)
    assert abs(datetime.fromisoformat(content["time"]) - datetime.now(UTC)).total_seconds() < 300
    assert datetime.fromisoformat(backup.pop("taken")) == taken
    assert 2 * 86_400 <= backup.pop("age_seconds") < 2 * 86_400 + 300
    assert backup == {
        "key": key,
        "database": "neo4j",
        "kind": "full",
        "needs": [key],
        "size": len(INVENTED.archive),
        "complete": True,
        "problem": None,
        "nodes": 2,
        "relationships": 1,
        "method": "manual",
        "consistent": True,
        "encrypted": False,
        "before_restore": False,
        "shrink_accepted": False,
        "proved": False,
    }


def test_an_acceptance_is_listed_with_its_backup_and_not_as_a_foreign_object(
    service: Service,
) -> None:
    manifest, _ = put_backup(service, INVENTED, days_ago(2))
    for stored in (manifest, f"{stem(days_ago(9))}.manifest.json"):
        acceptance = stored.replace(".manifest.json", ".accepted.json")
        service.s3.client().put_object(Bucket=service.bucket, Key=acceptance, Body=b"{}")

    content = document_of(service)

    assert [each["shrink_accepted"] for each in content["backups"]] == [True]
    assert content["foreign"] == []
    assert table_of(service)[1][-2:] == ["full", "shrink accepted"]


def test_list_says_what_makes_a_backup_incomplete_and_goes_on(service: Service) -> None:
    client = service.s3.client()
    put_backup(service, INVENTED, days_ago(1))
    put_archive(service, f"{stem(days_ago(2))}.cypher.gz")
    put_backup(service, INVENTED, days_ago(3), archive_size=4_711)
    _, lost = put_backup(service, INVENTED, days_ago(4))
    client.delete_object(Bucket=service.bucket, Key=lost)
    corrupt, _ = put_backup(service, INVENTED, days_ago(5))
    client.put_object(Bucket=service.bucket, Key=corrupt, Body=b'{"format_version": 1,')
    put_backup(service, INVENTED, days_ago(6), format_version=7)
    put_backup(service, INVENTED, days_ago(7))

    backups = document_of(service)["backups"]

    assert [backup["problem"] for backup in backups] == [
        None,
        "incomplete: no manifest",
        "incomplete: 10 of 4,711 bytes",
        "incomplete: no archive",
        "the manifest is not one of this service",
        "the manifest has format version 7; this version of the service reads 1, 2, 3, 4, 5, 6",
        None,
    ]
    assert [backup["complete"] for backup in backups] == [
        not backup["problem"] for backup in backups
    ]
    assert [len(row) for row in table_of(service)] == [9, 8, 5, 6, 5, 5, 5, 8]


def test_unfinished_uploads_and_foreign_keys_are_listed_apart(service: Service) -> None:
    client = service.s3.client()
    own, foreign = f"{stem(days_ago(1))}.cypher.gz", f"{PREFIX}/film.mkv"
    for key in (own, foreign, "elsewhere/film.mkv"):
        client.create_multipart_upload(Bucket=service.bucket, Key=key)
    strange = f"{PREFIX}/\x1b]0;\u202eevil\x07.txt"
    for key in (f"{PREFIX}/readme.txt", strange, "elsewhere/readme.txt"):
        client.put_object(Bucket=service.bucket, Key=key, Body=b"12345")

    content = document_of(service, exit_code=2)
    nothing, whereabouts, *rest = table_of(service, exit_code=2)

    uploads = {upload["key"]: upload["foreign"] for upload in content["unfinished_uploads"]}
    assert uploads == {own: False, foreign: True}
    keys = {strange, f"{PREFIX}/readme.txt"}
    assert {(each["key"], each["size"]) for each in content["foreign"]} == {
        (key, 5) for key in keys
    }
    assert nothing[0].startswith("No backups under s3://")
    assert whereabouts[0].startswith("the bucket ")
    assert rest[:3] == [[""], ["UNFINISHED UPLOAD", "DATABASE", "AGE"], [own, "neo4j", "0 min"]]
    assert sorted(rest[5:]) == [
        [f"{PREFIX}/\\x1b]0;\\u202eevil\\x07.txt", "5 bytes"],
        [foreign, "unfinished upload"],
        [f"{PREFIX}/readme.txt", "5 bytes"],
    ]


def test_an_empty_bucket_says_so(service: Service) -> None:
    nowhere = (
        f"the bucket {service.bucket} has no backup anywhere: perhaps none was made yet; or else"
    )
    assert table_of(service, exit_code=2) == [
        [f"No backups under s3://{service.bucket}/{PREFIX}/"],
        [f"{nowhere} check R2_BUCKET_NAME and the account"],
    ]
    content = document_of(service, exit_code=2)
    assert content["backups"] == content["unfinished_uploads"] == content["foreign"] == []


def test_a_wrong_prefix_or_database_is_told_where_the_backups_are(service: Service) -> None:
    taken = days_ago(1)
    put_backup(service, INVENTED, days_ago(2), prefix="other/place")
    put_backup(service, INVENTED, taken, prefix="other/place", extension="cypher.gz.age")
    put_backup(service, INVENTED, taken, database="movies")
    put_archive(service, "elsewhere/neo4j_2025-10-08_02-00-00.cypher.gz")
    newest = f"the newest of {taken:%Y-%m-%d %H:%M:%S} UTC"
    places = (
        f"there are backups of neo4j under other/place/ (2, {newest}, encrypted), movies under "
        f"{PREFIX}/ (1, {newest}), neo4j under elsewhere/ (1 archive without a manifest: a KEY "
        "restores one): check BACKUP_PREFIX, and NEO4J_DATABASE or --database"
    )

    output, run = list_backups(service, "--database", "neo4j")

    assert (run.exit_code, run.log) == (2, "")
    assert output == (
        f"No backups of database neo4j under s3://{service.bucket}/{PREFIX}/\n{places}\n"
    )
    verify = service.run("verify")
    assert_told(service, verify, 2, f"database neo4j under s3://{service.bucket}/{PREFIX}/")
    assert verify.log.endswith(f"; {places}\n")


def test_list_and_status_say_when_the_backups_before_a_restore_go(service: Service) -> None:
    put_backup(service, INVENTED, days_ago(9))
    taken = days_ago(3)
    put_backup(service, INVENTED, taken, before_restore=True)
    goes = f"{taken + timedelta(days=7):%Y-%m-%d %H:%M:%S} UTC"
    one = f"1 backup was made before a restore; the next backup after {goes} removes it"

    outputs = [printed(service, command).splitlines()[-1] for command in ("list", "status")]

    assert outputs == [one, one]
    put_backup(service, INVENTED, days_ago(2), before_restore=True)
    two = (
        "2 backups were made before a restore; backups remove those older than 7 days, the first "
        f"after {goes}"
    )
    assert printed(service, "list").splitlines()[-1] == two
    off = printed(service.with_variables(BACKUP_RETENTION_DAYS="0"), "list").splitlines()[-1]
    assert off.endswith("; nothing is removed, because retention is off")


def test_a_place_with_backups_before_restores_alone_is_told_as_that(service: Service) -> None:
    put_backup(service, INVENTED, days_ago(3), before_restore=True)
    here = "those that are there were made before a restore, or are not complete (`list`): a KEY"

    alone = service.run("verify")
    put_backup(service, INVENTED, days_ago(3), prefix="other")
    beside = service.run("verify")

    assert_told(service, alone, 2, f"under s3://{service.bucket}/{PREFIX}/; {here}")
    assert alone.log.endswith(" names one; the bucket has no others\n")
    assert_told(service, beside, 2, f"{here} names one; there are backups of neo4j under other/ (1")
    assert f"{here} names one; there are" in printed(service, "list")


def test_many_manifests_are_read_at_once_but_not_all(service: Service, proxy: FaultProxy) -> None:
    for number in range(40):
        put_backup(service, INVENTED, days_ago(number))
    first, sixteenth = (proxy.hold("GetObject", nth=nth) for nth in (1, 16))

    process = service.start("list")

    assert first.reached.wait(HELD_SECONDS)
    assert sixteenth.reached.wait(HELD_SECONDS)
    assert proxy.count("GetObject") <= 17
    proxy.clear()
    output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    rows = output.splitlines()[1:]
    assert len(rows) == 40
    assert rows == sorted(rows, reverse=True)


def test_a_backup_that_another_host_removes_meanwhile_is_not_listed(
    service: Service, proxy: FaultProxy
) -> None:
    gone = put_backup(service, INVENTED, days_ago(2))
    _, key = put_backup(service, INVENTED, days_ago(1))
    hold = Hold()
    proxy.inject(Fault("GetObject", hold, key_contains=gone[0]))
    with service.start("list", "--json") as process:
        assert hold.reached.wait(HELD_SECONDS)
        for each in gone:
            service.s3.client().delete_object(Bucket=service.bucket, Key=each)
        hold.release.set()
        output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert (process.returncode, log) == (0, "")
    assert [backup["key"] for backup in json.loads(output)["backups"]] == [key]


def test_uploads_that_cannot_be_listed_hide_no_backup(service: Service, proxy: FaultProxy) -> None:
    _, key = put_backup(service, INVENTED, days_ago(1))
    proxy.inject(Fault("ListMultipartUploads", Status(403, "AccessDenied"), every=True))

    output, run = list_backups(service, "--json")

    assert run.exit_code == 0
    assert run.log.startswith("[WARNING] Unfinished uploads could not be listed: ")
    assert json.loads(output)["unfinished_uploads"] is None
    assert [backup["key"] for backup in json.loads(output)["backups"]] == [key]


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
def test_a_bucket_that_refuses_is_reported_in_one_line_and_nothing_is_printed(
    service: Service, proxy: FaultProxy, operation: str
) -> None:
    put_backup(service, INVENTED, days_ago(1))
    proxy.inject(Fault(operation, Status(403, "AccessDenied"), every=True))

    output, run = list_backups(service)

    assert_told(service, run, 4, "Access denied by R2")
    assert output == ""


def test_a_reader_that_goes_away_is_no_error(service: Service, proxy: FaultProxy) -> None:
    hold = proxy.hold("ListObjectsV2")
    with service.start("list") as process:
        assert hold.reached.wait(HELD_SECONDS)
        process.stdout.close()
        hold.release.set()
        assert process.wait(TIMEOUT_SECONDS) == -signal.SIGPIPE
        assert process.stderr.read() == ""
