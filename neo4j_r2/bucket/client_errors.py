"""Tells which errors of the S3 client may pass, and what a user should check after the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, SSLError

_TRANSIENT_CODES: Final = {
    "BadDigest",
    "ClientDisconnect",
    "IncompleteBody",
    "RequestTimeout",
    "SlowDown",
    "XAmzContentSHA256Mismatch",
}


def is_transient(error: BotoCoreError | ClientError) -> bool:
    """Whether the same call may succeed later. Wrong credentials, names and rights stay wrong."""
    if isinstance(error, ClientError):
        status = http_status(error)
        return (
            status in (408, 429)
            or (status >= 500 and status != 501)
            or error_code(error) in _TRANSIENT_CODES
        )
    return not (isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error))


def http_status(error: BotoCoreError | ClientError) -> int:
    """Return the HTTP status of the reply, or 0 if there was no reply."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def error_code(error: BotoCoreError | ClientError) -> str:
    """Return the error code in the reply's body, or an empty text if there is none."""
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def describe(error: BotoCoreError | ClientError) -> str:
    """Return an error in a few words: status and code, or how the connection failed."""
    if isinstance(error, ClientError):
        return f"{http_status(error)} {error_code(error)}".strip()
    return type(error).__name__


def explain(
    error: BotoCoreError | ClientError, operation: str, bucket: str, endpoint_url: str
) -> str:
    """Return one line for the log that says what failed, and what to check."""
    status, reason = http_status(error), describe(error)
    if error_code(error) == "NoSuchBucket" or (status == 404 and operation == "List"):
        return (
            f"R2 bucket not found: {bucket} ({reason}); check R2_BUCKET_NAME and R2_ACCOUNT_ID, "
            "and R2_ENDPOINT_URL if the bucket belongs to a jurisdiction"
        )
    if status in (401, 403):
        return (
            f"Access denied by R2 during {operation} ({reason}); check R2_ACCESS_KEY_ID and "
            "R2_SECRET_ACCESS_KEY, and that the token may read and write objects of "
            f"bucket {bucket}"
        )
    if not isinstance(error, ClientError):
        return (
            f"R2 connection failed: {endpoint_url}: {reason} during {operation}; check "
            "R2_ACCOUNT_ID or R2_ENDPOINT_URL, and the network"
        )
    return f"R2 failed: {operation} on bucket {bucket}: {reason}"
