"""Which failures of R2 are tried again."""

from __future__ import annotations

import ssl

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

from neo4j_r2.bucket.client_errors import is_transient

URL = "https://abc123.r2.cloudflarestorage.com"


def reply(status: int, code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "UploadPart",
    )


def tls_error(reason: str) -> SSLError:
    """Return the error that the client raises for an error of the TLS library."""
    return SSLError(endpoint_url=URL, error=urllib3.exceptions.SSLError(ssl.SSLError(1, reason)))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 522, 524, 527, 530])
def test_a_call_to_a_busy_or_broken_service_is_tried_again(status: int) -> None:
    assert is_transient(reply(status, str(status)))


@pytest.mark.parametrize("code", ["SlowDown", "RequestTimeout", "BadDigest", "IncompleteBody"])
def test_a_request_that_was_damaged_on_its_way_is_tried_again(code: str) -> None:
    assert is_transient(reply(400, code))


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
    assert not is_transient(reply(status, code))


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
    assert is_transient(error)


def test_a_certificate_that_is_not_trusted_is_final() -> None:
    reason = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate"
    assert not is_transient(tls_error(reason))
