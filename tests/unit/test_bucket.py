"""Which failures of R2 may heal."""

from __future__ import annotations

import ssl

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from neo4j_r2.bucket import is_transient

URL = "https://abc123.r2.cloudflarestorage.com"


def reply(status: int, code: str) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "UploadPart",
    )


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520, 522, 524, 527, 530])
def test_a_busy_or_broken_service_is_asked_again(status: int) -> None:
    assert is_transient(reply(status, str(status)))


@pytest.mark.parametrize("code", ["SlowDown", "RequestTimeout", "BadDigest", "IncompleteBody"])
def test_a_request_that_was_damaged_on_its_way_is_made_again(code: str) -> None:
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
        SSLError(endpoint_url=URL, error=ssl.SSLEOFError(8, "EOF occurred in violation")),
        SSLError(endpoint_url=URL, error=ssl.SSLError(1, "BAD_RECORD_MAC")),
    ],
)
def test_a_broken_connection_is_made_again(error: BotoCoreError) -> None:
    assert is_transient(error)


def test_a_certificate_that_is_not_trusted_does_not_heal() -> None:
    error = SSLError(endpoint_url=URL, error=ssl.SSLCertVerificationError(1, "self-signed"))
    assert not is_transient(error)
