"""R2 fails in every way it can: a run survives passing faults, and ends cleanly on others."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.multipart import UnfinishedUpload
from neo4j_r2.bucket.upload import Upload
from neo4j_r2.core.errors import BucketError
from testbed.fault_proxy import (
    Action,
    CorruptRequest,
    Cut,
    Fault,
    FaultProxy,
    Hold,
    Reset,
    ResetAfter,
    Status,
)
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK, free_port
from testbed.s3_server import S3Server
from tests.integration import documents
from tests.integration.old_backups import days_ago, put_archive, put_backup, stem
from tests.integration.outcome import (
    assert_nothing_left,
    assert_told,
    assert_whole,
    unfinished_uploads,
)
from tests.service import Backup, Service

PREFLIGHT_SECONDS = 30
PART_SIZE = 5 * 1024 * 1024
SETTINGS = {
    "BACKUP_EXPORT_METHOD": "manual",
    "BACKUP_COMPRESSION": "false",
    "BACKUP_PART_SIZE_MB": "5",
}
# Every call of a run that prunes one backup, as (operation, which of them); the first
# ListObjectsV2 is the preflight's, and the calls between them are the retries.
CALLS = (
    ("ListMultipartUploads", 1),
    ("ListObjectsV2", 2),
    ("CreateMultipartUpload", 1),
    ("UploadPart", 1),
    ("UploadPart", 3),
    ("CompleteMultipartUpload", 1),
    ("PutObject", 1),
    ("ListObjectsV2", 4),
    ("GetObject", 1),
    ("DeleteObject", 1),
)
TRANSIENT: dict[str, Action] = {
    "503 SlowDown": Status(503, "SlowDown"),
    "500": Status(500, "InternalError"),
    "429": Status(429, "TooManyRequests"),
    "520 in HTML": Status(520),
    "400 IncompleteBody": Status(400, "IncompleteBody"),
    "400 ClientDisconnect": Status(400, "ClientDisconnect"),
    "400 BadDigest": Status(400, "BadDigest"),
    "403 SignatureDoesNotMatch": Status(403, "SignatureDoesNotMatch"),
    "reset": Reset(),
    "reset after acting": ResetAfter(),
    "cut reply": Cut(20),
}
WRONG_CLOCK = Status(403, "RequestTimeTooSkewed", timedelta(hours=-3, minutes=-20))
PERMANENT = {
    "clock": (WRONG_CLOCK, "this machine's clock is 3 h 20 min ahead of R2's"),
    "401": (Status(401, "Unauthorized"), "Access denied"),
    "403": (Status(403, "AccessDenied"), "Access denied"),
    "404 bucket": (Status(404, "NoSuchBucket"), "R2 bucket not found"),
    "501": (Status(501, "NotImplemented"), "R2 failed"),
}


@pytest.fixture(scope="module")
def graph(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """A server with a graph whose archive has three parts."""
    source, _ = servers
    source.reset()
    with source.driver() as driver:
        documents.fill(driver, documents=30, characters=400_000)
    return source


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    service = Service.configured(graph, s3, bucket, tmp_path)
    return service.through(proxy).with_variables(**SETTINGS)


@pytest.fixture(scope="module")
def example(graph: Neo4jServer, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """A backup of the same database."""
    s3.create_bucket("example-of-faults")
    directory = tmp_path_factory.mktemp("example")
    service = Service.configured(graph, s3, "example-of-faults", directory)
    return service.with_variables(**SETTINGS).backup()


def part_sizes(proxy: FaultProxy) -> list[int]:
    """Return the sizes of the parts, in their order, that were uploaded to their end."""
    parts = {
        request.part or 0: request.length
        for request in proxy.requests
        if request.operation == "UploadPart" and request.status == 200
    }
    return [parts[number] for number in sorted(parts)]


@pytest.mark.parametrize("action", TRANSIENT.values(), ids=TRANSIENT)
def test_a_run_survives_a_passing_fault_of_any_of_its_calls(
    service: Service, proxy: FaultProxy, example: Backup, action: Action
) -> None:
    old = put_backup(service, example, days_ago(30), extension="cypher")
    for operation, nth in CALLS:
        proxy.inject(Fault(operation, action, nth=nth))

    backup = service.backup()

    assert_whole(backup)
    struck = [request.operation for request in proxy.requests if request.faults]
    assert sorted(struck) == sorted(operation for operation, _ in CALLS)
    assert not set(old) & set(service.keys())
    # If the reply is lost, so is the upload's id. The run takes the upload for another run's, and
    # chooses a later key for its own. Only the age rule removes the upload.
    orphans = unfinished_uploads(service, proxy)
    assert len(orphans) == isinstance(action, ResetAfter | Cut)
    assert backup.manifest["archive_key"] not in orphans


@pytest.mark.parametrize("action", [TRANSIENT["503 SlowDown"], Reset()], ids=["503", "reset"])
def test_a_run_survives_a_passing_fault_of_the_preflight(
    service: Service, proxy: FaultProxy, action: Action
) -> None:
    proxy.inject(Fault("ListObjectsV2", action))

    assert_whole(service.backup())


def test_a_run_that_begins_while_r2_is_away_waits_for_it_and_tells_it_once(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("ListObjectsV2", Status(503, "SlowDown"), times=5))

    run = service.run()

    assert run.exit_code == 0, run.log
    assert_whole(service.backups()[-1])
    told = re.findall(r"^\[WARNING\] (R2: .*)", run.log, re.MULTILINE)
    (line,) = told
    assert re.fullmatch(r"R2: List failed \(503 SlowDown\), trying again for up to \d+ s", line)
    assert re.search(r"^\[INFO\] R2 answers again after 1\d s$", run.log, re.MULTILINE)


def test_a_body_that_was_corrupted_in_transit_is_sent_again(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("UploadPart", CorruptRequest(1000), part=2))
    proxy.inject(Fault("PutObject", CorruptRequest(1000)))

    assert_whole(service.backup())

    assert proxy.count("UploadPart") == 4
    assert proxy.count("PutObject") == 2


def test_a_run_outlasts_several_faults_in_a_row(service: Service, proxy: FaultProxy) -> None:
    proxy.inject(Fault("UploadPart", Status(503, "SlowDown"), part=2, times=3))
    proxy.inject(Fault("UploadPart", Reset(), part=3, times=3))

    assert_whole(service.backup())

    assert proxy.count("UploadPart") == 9


@pytest.mark.parametrize("look", [None, Status(503, "SlowDown")], ids=["at once", "at last"])
def test_a_lost_reply_to_the_completion_is_resolved_by_looking(
    service: Service, proxy: FaultProxy, look: Action | None
) -> None:
    proxy.inject(Fault("CompleteMultipartUpload", ResetAfter()))
    if look is not None:
        proxy.inject(Fault("HeadObject", look))

    backup = service.backup()

    assert_whole(backup)
    assert proxy.count("CompleteMultipartUpload") == 1
    assert len(service.keys()) == 2


def test_a_lost_reply_to_the_manifest_is_resolved_by_looking(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("PutObject", ResetAfter()))

    backup = service.backup()

    assert_whole(backup)
    assert proxy.count("PutObject") == 2
    assert len(service.keys()) == 2


@pytest.mark.parametrize("operation", ["ListObjectsV2", "CreateMultipartUpload", "UploadPart"])
@pytest.mark.parametrize(("action", "phrase"), PERMANENT.values(), ids=PERMANENT)
def test_a_lasting_fault_ends_the_run_at_once(
    service: Service, proxy: FaultProxy, operation: str, action: Action, phrase: str
) -> None:
    proxy.inject(Fault(operation, action, every=True))

    run = service.run()

    assert_told(service, run, 4, phrase)
    tries = [request.part for request in proxy.requests if request.operation == operation]
    assert len(tries) == len(set(tries)), "the same call was made twice"
    assert_nothing_left(service, proxy)


def test_a_denied_completion_aborts_the_upload(service: Service, proxy: FaultProxy) -> None:
    proxy.inject(Fault("CompleteMultipartUpload", Status(403, "AccessDenied"), every=True))

    run = service.run()

    assert_told(service, run, 4, "Access denied")
    assert_nothing_left(service, proxy)


@pytest.mark.parametrize(
    "operation", ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]
)
@pytest.mark.parametrize("action", [Status(503, "SlowDown"), Reset()], ids=["503", "reset"])
def test_a_fault_that_lasts_too_long_aborts_the_upload(
    service: Service, proxy: FaultProxy, operation: str, action: Action
) -> None:
    proxy.inject(Fault(operation, action, every=True))

    run = service.with_variables(BACKUP_RETRY_SECONDS="1").run()

    assert_told(service, run, 4, operation)
    assert proxy.count(operation) > 1
    assert_nothing_left(service, proxy)


@pytest.mark.parametrize("action", [Status(403, "AccessDenied"), Status(520)], ids=["403", "520"])
def test_an_archive_without_its_manifest_is_no_backup(
    service: Service, proxy: FaultProxy, action: Action
) -> None:
    proxy.inject(Fault("PutObject", action, every=True))

    run = service.with_variables(BACKUP_RETRY_SECONDS="1").run()

    assert_told(service, run, 4, "Put")
    assert service.backups() == []
    assert proxy.count("DeleteObject") == 0
    assert unfinished_uploads(service, proxy) == []


@pytest.mark.parametrize(
    ("operation", "nth"),
    [
        ("ListObjectsV2", 2),
        ("CreateMultipartUpload", 1),
        ("UploadPart", 1),
        ("CompleteMultipartUpload", 1),
    ],
)
def test_a_run_ends_at_the_time_limit_if_r2_does_not_answer(
    service: Service, proxy: FaultProxy, operation: str, nth: int
) -> None:
    proxy.inject(Fault(operation, Hold(), nth=nth))

    run = service.with_variables(BACKUP_STALL_SECONDS="3").run()

    assert_told(service, run, 4, "waiting for R2")
    assert service.keys() == []


def test_a_wrong_secret_is_sent_once_and_quotes_around_it_are_named(
    service: Service, proxy: FaultProxy
) -> None:
    secret = service.variables["R2_SECRET_ACCESS_KEY"]
    quoted = service.with_variables(R2_SECRET_ACCESS_KEY=f'"{secret}"')

    run = quoted.run()

    assert_told(quoted, run, 4, "R2_SECRET_ACCESS_KEY begins and ends with quotes")
    assert secret not in run.log
    assert [request.operation for request in proxy.requests] == ["ListObjectsV2"]


def test_a_request_that_came_late_is_sent_again_if_the_clocks_agree(
    service: Service, proxy: FaultProxy
) -> None:
    proxy.inject(Fault("UploadPart", Status(403, "RequestTimeTooSkewed"), part=2))

    assert_whole(service.backup())

    assert proxy.count("UploadPart") == 4


@pytest.fixture(params=["secret", "bucket", "port", "silence", "plain HTTP"])
def misled(
    request: pytest.FixtureRequest, service: Service, proxy: FaultProxy
) -> tuple[Service, str]:
    """A service with a wrong setting for R2, and what it should say."""
    match request.param:
        case "secret":
            wrong = "this-is-not-the-secret"
            return service.with_variables(R2_SECRET_ACCESS_KEY=wrong), "Access denied"
        case "bucket":
            return service.with_variables(R2_BUCKET_NAME="no-such"), "R2 bucket not found: no-such"
        case "port":
            url = f"http://{LOOPBACK}:{free_port()}"
            return service.with_variables(R2_ENDPOINT_URL=url), f"R2 connection failed: {url}"
        case "silence":
            proxy.inject(Fault("ListObjectsV2", Hold()))
            return service, "R2 connection failed"
        case _:
            url = proxy.endpoint_url.replace("http:", "https:")
            return service.with_variables(R2_ENDPOINT_URL=url), f"R2 connection failed: {url}"


def test_an_r2_error_is_reported_within_half_a_minute(
    misled: tuple[Service, str], proxy: FaultProxy
) -> None:
    misled_service, phrase = misled
    service = misled_service.with_variables(BACKUP_RETRY_SECONDS="2")
    started = time.monotonic()

    run = service.run()

    assert time.monotonic() - started < PREFLIGHT_SECONDS
    assert_told(service, run, 4, phrase)
    assert proxy.count("CreateMultipartUpload") == 0


@pytest.mark.parametrize("authorities", ["", "/no/such/file"], ids=["empty", "missing"])
def test_an_unusable_bundle_of_authorities_is_reported(
    service: Service, s3: S3Server, authorities: str
) -> None:
    with FaultProxy(s3.endpoint_url, tls=True) as proxy:
        run = service.through(proxy).with_variables(AWS_CA_BUNDLE=authorities).run()

    assert run.exit_code in {2, 4}, run.log
    assert_told(service, run, run.exit_code, "")
    assert proxy.requests == []


def test_an_untrusted_certificate_is_refused(service: Service, s3: S3Server) -> None:
    with FaultProxy(s3.endpoint_url, tls=True) as proxy:
        run = service.with_variables(R2_ENDPOINT_URL=proxy.endpoint_url).run()

        assert_told(service, run, 4, "R2 connection failed")
        assert proxy.requests == []


def test_the_authorities_that_other_http_clients_trust_are_trusted(
    service: Service, s3: S3Server
) -> None:
    with FaultProxy(s3.endpoint_url, tls=True) as proxy:
        trusting = service.with_variables(
            R2_ENDPOINT_URL=proxy.endpoint_url, REQUESTS_CA_BUNDLE=str(proxy.ca_certificate)
        )
        trusting.backup()


@pytest.fixture(params=[False, True], ids=["http", "TLS"])
def either_proxy(request: pytest.FixtureRequest, s3: S3Server) -> Iterator[FaultProxy]:
    """A proxy that speaks plain HTTP, and one that speaks TLS."""
    with FaultProxy(s3.endpoint_url, tls=request.param) as proxy:
        yield proxy


@pytest.mark.parametrize("compression", ["true", "false"], ids=["compressed", "plain"])
def test_all_parts_but_the_last_have_the_same_size(
    service: Service, either_proxy: FaultProxy, compression: str
) -> None:
    through = service.through(either_proxy).with_variables(BACKUP_COMPRESSION=compression)

    backup = through.backup()

    assert_whole(backup)
    *full, last = part_sizes(either_proxy)
    assert len(full) >= 1
    assert set(full) == {PART_SIZE}
    assert 0 < last <= PART_SIZE
    assert sum(full) + last == backup.manifest["archive_size"]


def test_a_run_survives_a_fault_over_tls(service: Service, s3: S3Server) -> None:
    with FaultProxy(s3.endpoint_url, tls=True) as proxy:
        proxy.inject(Fault("UploadPart", Reset(), part=1))
        proxy.inject(Fault("CompleteMultipartUpload", ResetAfter()))

        assert_whole(service.through(proxy).backup())


def test_the_signature_covers_the_bytes_where_tls_does_not_protect_them(
    service: Service, either_proxy: FaultProxy
) -> None:
    assert_whole(service.through(either_proxy).backup())
    is_signed = {
        request.has_signed_body
        for request in either_proxy.requests
        if request.operation == "UploadPart"
    }
    assert is_signed == {either_proxy.endpoint_url.startswith("http:")}


def test_an_existing_object_is_never_overwritten(service: Service) -> None:
    now = days_ago(0)
    taken = [
        put_archive(service, f"{stem(now + timedelta(seconds=second))}.cypher")
        for second in range(20)
    ]

    backup = service.backup()

    assert backup.manifest["archive_key"] not in taken
    assert {service.object(key) for key in taken} == {b"an archive"}
    assert_whole(backup)


class _Acceptor:
    """Stands in for a bucket where 10,000 requests to a real one would take too long."""

    def __init__(self) -> None:
        self.aborted: list[str] = []
        self.uploads = self

    def create(self, *_: object) -> str:
        return "upload"

    def unfinished(self, _prefix: str) -> list[UnfinishedUpload]:
        return []

    def head(self, _key: str) -> None:
        return None

    def upload_part(self, *_: object) -> str:
        return "etag"

    def abort_upload(self, key: str, _upload_id: str) -> None:
        self.aborted.append(key)


def test_more_parts_than_r2_takes_end_the_upload_and_say_what_to_set() -> None:
    acceptor = _Acceptor()
    upload = Upload(cast("Bucket", acceptor), "key", part_size=1, concurrency=2)

    with pytest.raises(BucketError, match="BACKUP_PART_SIZE_MB"), upload:
        upload.write(bytes(10_001))

    assert acceptor.aborted == ["key"]
