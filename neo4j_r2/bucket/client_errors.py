"""Tells which errors of the S3 client may pass, and what a user should check after the others.

`error_codes` has the table of R2's answers. This module applies it to an error of the client.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError, SSLError

from neo4j_r2.bucket.error_codes import (
    BUCKET_NOT_FOUND,
    BUSY,
    DENIED,
    FAILED,
    MEANINGS,
    WRONG_KEY_LENGTH,
    Again,
    Meaning,
)
from neo4j_r2.core.figures import duration

_ALLOWED_SKEW: Final = timedelta(minutes=5)
"""Clocks that differ by less agree: R2 refuses only requests that are 15 minutes off."""


@dataclass(frozen=True)
class Place:
    """Where calls go, in the words of the configuration."""

    bucket: str
    endpoint_url: str
    credentials_hint: str = ""
    """What looks wrong about the credentials as they are set; empty if nothing does."""


@dataclass(frozen=True)
class Circumstances:
    """What is known when a call fails."""

    now: datetime
    """This machine's time."""
    is_proved: bool
    """Whether R2 has taken the same credentials before."""


def is_transient(error: BotoCoreError | ClientError, known: Circumstances) -> bool:
    """Whether the same call may succeed later. Wrong credentials, names and rights stay wrong."""
    if not isinstance(error, ClientError):
        return not (isinstance(error, SSLError) and "CERTIFICATE_VERIFY_FAILED" in str(error))
    again = meaning(error).again
    if again is Again.IF_PROVED:
        return known.is_proved
    if again is Again.IF_CLOCKS_AGREE:
        lead = _clock_lead(error, known.now)
        return lead is not None and abs(lead) < _ALLOWED_SKEW
    return again is Again.YES


def meaning(error: ClientError, operation: str = "") -> Meaning:
    """Return what R2's answer means: by its code, or by its status if the code has no row."""
    code, status = error_code(error), http_status(error)
    if code == "InvalidArgument" and "access key" in _message(error).lower():
        return WRONG_KEY_LENGTH
    if code in MEANINGS:
        return MEANINGS[code]
    if status == 404 and operation == "List":
        return BUCKET_NOT_FOUND
    if status in (401, 403):
        return DENIED
    if status in (408, 429) or (status >= 500 and status != 501):
        return BUSY
    return FAILED


def http_status(error: BotoCoreError | ClientError) -> int:
    """Return the HTTP status of the reply, or 0 if there was no reply."""
    return int(_metadata(error).get("HTTPStatusCode", 0))


def error_code(error: BotoCoreError | ClientError) -> str:
    """Return the error code in the reply's body; without one, the status; or an empty text."""
    return str(_response(error).get("Error", {}).get("Code", ""))


def describe(error: BotoCoreError | ClientError) -> str:
    """Return an error in a few words: status and code, or how the connection failed."""
    if isinstance(error, ClientError):
        return f"{http_status(error)} {error_code(error)}".strip()
    return type(error).__name__


def explain(
    error: BotoCoreError | ClientError, operation: str, place: Place, known: Circumstances
) -> str:
    """Return one line for the log that says what failed, and what to check."""
    reason = describe(error)
    if not isinstance(error, ClientError):
        return (
            f"R2 connection failed: {place.endpoint_url}: {reason} during {operation}; check "
            "R2_ACCOUNT_ID or R2_ENDPOINT_URL, and the network"
        )
    found = meaning(error, operation)
    headline = found.headline.format(operation=operation, bucket=place.bucket, reason=reason)
    advice = _advice(error, found, known).format(bucket=place.bucket)
    is_denied = found.headline == DENIED.headline and not known.is_proved
    hint = place.credentials_hint if is_denied else ""
    return "; ".join(part for part in (headline, advice, hint) if part)


def _advice(error: ClientError, found: Meaning, known: Circumstances) -> str:
    if found.again is Again.IF_CLOCKS_AGREE:
        return _clock_advice(_clock_lead(error, known.now))
    if found.again is Again.IF_PROVED and known.is_proved:
        return (
            "R2 took the same credentials before in this run, so they are right: check the proxies "
            "on the way to R2"
        )
    return found.advice


def _clock_advice(lead: timedelta | None) -> str:
    if lead is None:
        return "this machine's clock differs from R2's: set it right"
    if abs(lead) < _ALLOWED_SKEW:
        return "the request was too long on its way, the clocks agree: check the network"
    relation = "ahead of" if lead > timedelta(0) else "behind"
    return f"this machine's clock is {duration(abs(lead))} {relation} R2's: set it right"


def _clock_lead(error: ClientError, now: datetime) -> timedelta | None:
    """Return how far this machine's clock is ahead of R2's; None if the reply has no time."""
    try:
        time = parsedate_to_datetime(_metadata(error).get("HTTPHeaders", {}).get("date", ""))
    except ValueError:
        return None
    return now - (time if time.tzinfo else time.replace(tzinfo=UTC))


def _message(error: ClientError) -> str:
    return str(_response(error).get("Error", {}).get("Message", ""))


def _metadata(error: BotoCoreError | ClientError) -> Mapping[str, Any]:
    metadata: Mapping[str, Any] = _response(error).get("ResponseMetadata", {})
    return metadata


def _response(error: BotoCoreError | ClientError) -> Mapping[str, Any]:
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    return response
