"""Which failures of R2 are tried again, and what the others say."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest
import urllib3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from neo4j_r2.bucket.client_errors import Circumstances, Place, explain, is_transient

URL = "https://abc123.r2.cloudflarestorage.com"
NOON = datetime(2025, 10, 8, 12, tzinfo=UTC)
NEW = Circumstances(NOON, is_proved=False)
PROVED = Circumstances(NOON, is_proved=True)
HINT = "R2_SECRET_ACCESS_KEY looks odd"
PLACE = Place("films", URL, HINT)


def reply(status: int, code: str, message: str = "", date: str = "") -> ClientError:
    headers = {"date": date} if date else {}
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers},  # type: ignore[typeddict-item]
        },
        "UploadPart",
    )


def tls_error(reason: str) -> SSLError:
    """Return the error that the client raises for an error of the TLS library."""
    return SSLError(endpoint_url=URL, error=urllib3.exceptions.SSLError(ssl.SSLError(1, reason)))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 522, 524, 527, 530])
def test_a_call_to_a_busy_or_broken_service_is_tried_again(status: int) -> None:
    assert is_transient(reply(status, str(status)), NEW)


@pytest.mark.parametrize("code", ["SlowDown", "RequestTimeout", "BadDigest", "IncompleteBody"])
def test_a_request_that_was_damaged_on_its_way_is_tried_again(code: str) -> None:
    assert is_transient(reply(400, code), NEW)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "InvalidArgument"),
        (401, "Unauthorized"),
        (403, "SignatureDoesNotMatch"),
        (403, "ObjectLockedByBucketPolicy"),
        (404, "NoSuchBucket"),
        (404, "NoSuchUpload"),
        (412, "PreconditionFailed"),
        (501, "NotImplemented"),
    ],
)
def test_a_refusal_is_final(status: int, code: str) -> None:
    assert not is_transient(reply(status, code), NEW)


@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosedError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
        ReadTimeoutError(endpoint_url=URL),
        tls_error("[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol"),
        tls_error("[SSL: SSLV3_ALERT_BAD_RECORD_MAC] sslv3 alert bad record mac"),
    ],
)
def test_a_call_on_a_broken_connection_is_tried_again(error: BotoCoreError) -> None:
    assert is_transient(error, NEW)


def test_a_certificate_that_is_not_trusted_is_final() -> None:
    reason = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
    assert not is_transient(tls_error(reason), NEW)


@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "403"])
def test_a_refused_signature_is_tried_again_once_the_credentials_have_worked(code: str) -> None:
    assert not is_transient(reply(403, code), NEW)
    assert is_transient(reply(403, code), PROVED)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "Unauthorized"), (403, "AccessDenied"), (403, "InvalidAccessKeyId"), (403, "Other")],
)
def test_missing_rights_stay_final_after_the_credentials_have_worked(
    status: int, code: str
) -> None:
    assert not is_transient(reply(status, code), PROVED)


@pytest.mark.parametrize(
    ("date", "difference"),
    [
        ("Wed, 08 Oct 2025 10:25:00 GMT", "is 1 h 35 min ahead of R2's"),
        ("Wed, 08 Oct 2025 12:05:00 GMT", "is 5 min 0 s behind R2's"),
        ("Sat, 11 Oct 2025 12:00:00 GMT", "is 3 d 0 h behind R2's"),
        ("", "differs from R2's"),
        ("yesterday", "differs from R2's"),
    ],
)
@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "ExpiredRequest"])
def test_a_wrong_clock_is_final_and_is_named_with_the_difference(
    code: str, date: str, difference: str
) -> None:
    error = reply(403, code, date=date)
    for known in (NEW, PROVED):
        assert not is_transient(error, known)
        line = explain(error, "List", PLACE, known)
        assert line.startswith(f"R2 failed: List on bucket films: 403 {code}; this machine's clock")
        assert f"clock {difference}: set it right" in line
        assert "R2_SECRET_ACCESS_KEY" not in line


@pytest.mark.parametrize("date", ["Wed, 08 Oct 2025 11:56:00 GMT", "Wed, 08 Oct 2025 12:04:00 GMT"])
def test_a_request_that_was_late_is_tried_again_if_the_clocks_agree(date: str) -> None:
    error = reply(403, "RequestTimeTooSkewed", date=date)
    assert is_transient(error, NEW)
    assert "the clocks agree: check the network" in explain(error, "List", PLACE, NEW)


def test_refused_credentials_are_told_with_what_looks_odd_about_them() -> None:
    for error in (reply(401, "Unauthorized"), reply(403, "SignatureDoesNotMatch")):
        line = explain(error, "List", PLACE, NEW)
        assert line.startswith("Access denied by R2 during List (40")
        assert "check R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY" in line
        assert line.endswith(f"objects of bucket films; {HINT}")


def test_credentials_that_have_worked_are_not_blamed_for_a_refused_signature() -> None:
    line = explain(reply(403, "SignatureDoesNotMatch"), "UploadPart 2", PLACE, PROVED)
    assert "R2 took the same credentials before in this run" in line
    assert "R2_SECRET_ACCESS_KEY" not in line


def test_an_access_key_of_another_length_is_refused_credentials() -> None:
    error = reply(400, "InvalidArgument", "Credential access key has length 34, should be 32")
    line = explain(error, "List", PLACE, NEW)
    assert not is_transient(error, NEW)
    assert line == (
        "Access denied by R2 during List (400 InvalidArgument); check R2_ACCESS_KEY_ID: R2's "
        f"access key IDs have 32 characters; {HINT}"
    )
    assert explain(reply(400, "InvalidArgument"), "List", PLACE, NEW) == (
        "R2 failed: List on bucket films: 400 InvalidArgument"
    )


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "NotEntitled", "subscription to R2"),
        (403, "ObjectLockedByBucketPolicy", "a lock rule of the bucket"),
        (400, "InvalidBucketName", "R2_BUCKET_NAME"),
        (400, "InvalidObjectName", "BACKUP_PREFIX"),
        (400, "EntityTooLarge", "BACKUP_PART_SIZE_MB"),
        (400, "EntityTooSmall", "BACKUP_PART_SIZE_MB"),
        (404, "NoSuchUpload", "a lifecycle rule of the bucket"),
        (404, "NoSuchKey", "another program"),
        (411, "MissingContentLength", "a proxy on the way"),
        (412, "PreconditionFailed", "another program"),
        (429, "TooManyRequests", "BACKUP_UPLOAD_CONCURRENCY"),
        (500, "InternalError", "cloudflarestatus"),
        (503, "ServiceUnavailable", "cloudflarestatus"),
    ],
)
def test_an_answer_of_r2_comes_with_its_own_advice(status: int, code: str, advice: str) -> None:
    line = explain(reply(status, code), "Put", PLACE, NEW)
    assert line.startswith(f"R2 failed: Put on bucket films: {status} {code}; ")
    assert advice in line
    assert "R2_ACCESS_KEY_ID" not in line
