"""A dead-man's-switch monitor, which is pinged by HTTP as healthchecks.io has it.

The HTTP client is imported when there is a monitor.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit, urlunsplit

START: Final = "start"
SUCCESS: Final = ""
FAILURE: Final = "fail"
_SECONDS: Final = 4
"""For a connection, and for each piece of an answer."""


def ping(url: str, signal: str, text: str = "") -> str | None:
    """Tell the monitor, and return why it was not told, None if it was.

    :param signal: START, SUCCESS or FAILURE, which is put behind the URL's path.
    :param text: for the monitor to show; empty sends a GET, anything else a POST.
    """
    address = signalling(url, signal)
    answer = _request(address, text)
    if answer.may_heal:
        answer = _request(address, text)
    if signal == START and answer.status == HTTPStatus.NOT_FOUND:
        return (
            None  # a monitor that does not know starts; one that knows nothing says so at the end
        )
    return answer.problem


def signalling(url: str, signal: str) -> str:
    """Return the address for a signal; a query stays behind the path."""
    parts = urlsplit(url)
    path = f"{parts.path.rstrip('/')}/{signal}" if signal else parts.path
    return urlunsplit(parts._replace(path=path))


@dataclass(frozen=True)
class _Answer:
    problem: str | None
    may_heal: bool = False
    status: int | None = None


def _request(address: str, text: str) -> _Answer:
    import requests  # noqa: PLC0415 - see above

    try:
        with requests.request(
            "POST" if text else "GET",
            address,
            data=text.encode() if text else None,
            headers={"Content-Type": "text/plain; charset=utf-8"} if text else {},
            timeout=_SECONDS,
            allow_redirects=False,
            stream=True,  # the answer's body says nothing that is needed
        ) as response:
            return _judged(response.status_code)
    except requests.exceptions.SSLError:
        return _Answer("its certificate is not trusted")
    except requests.exceptions.Timeout:
        return _Answer("no answer in time", may_heal=True)
    except requests.exceptions.ConnectionError:
        return _Answer("no connection", may_heal=True)
    except requests.exceptions.RequestException as error:
        return _Answer(f"the request failed: {type(error).__name__}")


def _judged(status: int) -> _Answer:
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return _Answer(None, status=status)
    may_heal = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return _Answer(f"it answered with HTTP status {status}", may_heal, status)
