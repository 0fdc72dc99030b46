"""How a call to R2 is tried again; the integration tests have the waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectionClosedError

from neo4j_r2.bucket.client_errors import Place
from neo4j_r2.bucket.retry import Retry
from neo4j_r2.core.errors import BucketError
from tests.unit.bucket.test_client_errors import URL, reply


class Calls:
    """A call that fails with each given error in turn, and then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.number = 0
        self._errors = list(errors)

    def __call__(self) -> str:
        """Make the call once."""
        self.number += 1
        if self._errors:
            raise self._errors.pop(0)
        return "reply"


def retry(seconds: float, on_progress: Callable[[], None] = lambda: None) -> Retry:
    return Retry(Place("bucket", URL), seconds, on_progress, threading.Event())


def test_a_call_that_succeeds_is_progress() -> None:
    progress: list[str] = []
    assert retry(300, lambda: progress.append("made")).call("Get", Calls()) == "reply"
    assert progress == ["made"]


def test_a_try_that_failed_is_no_stall() -> None:
    progress: list[str] = []
    calls = Calls(ConnectionClosedError(endpoint_url=URL))
    assert retry(300, lambda: progress.append("tried")).call("Get", calls) == "reply"
    assert progress == ["tried", "tried"]


def test_a_passing_failure_is_tried_again() -> None:
    calls = Calls(ConnectionClosedError(endpoint_url=URL))
    assert retry(300).call("Get", calls) == "reply"
    assert calls.number == 2


def test_a_refusal_is_not_tried_again() -> None:
    calls = Calls(reply(403, "AccessDenied"))
    with pytest.raises(BucketError, match="Access denied by R2 during Get"):
        retry(300).call("Get", calls)
    assert calls.number == 1


def test_a_refused_signature_is_tried_again_after_another_call_has_succeeded() -> None:
    tries, refused = retry(300), reply(403, "SignatureDoesNotMatch")
    with pytest.raises(BucketError, match="Access denied"):
        tries.call("List", Calls(refused))
    tries.call("List", Calls())
    calls = Calls(refused, refused)
    assert tries.call("UploadPart 1", calls) == "reply"
    assert calls.number == 3


@pytest.mark.parametrize(("limit", "seconds"), [(0, None), (300, 0), (0, 300)])
def test_the_shorter_limit_ends_the_trying(limit: float, seconds: float | None) -> None:
    calls = Calls(reply(503, "SlowDown"))
    with pytest.raises(BucketError, match="Get on bucket bucket: 503 SlowDown"):
        retry(limit).call("Get", calls, seconds=seconds)
    assert calls.number == 1


def test_an_abandoned_upload_is_not_tried_again() -> None:
    abandoned = threading.Event()
    abandoned.set()
    calls = Calls(reply(503, "SlowDown"))
    with pytest.raises(BucketError):
        retry(300).call("UploadPart 1", calls, abandoned)
    assert calls.number == 1


def test_endless_redirects_name_the_variable_to_check() -> None:
    with pytest.raises(BucketError, match="redirects; check R2_ENDPOINT_URL"):
        retry(300).call("List", Calls(RecursionError()))
