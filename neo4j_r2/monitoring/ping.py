"""Pings a monitor by HTTP, in the way of healthchecks.io.

The HTTP client is imported only if there is a monitor.
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
"""The time limit for a connection, and for each piece of an answer."""


def ping(url: str, signal: str, text: str = "") -> str | None:
    """Ping the monitor; return why that failed, None if it did not.

    A ping that gets no answer, or a server's error, is tried once more.

    :param signal: START, SUCCESS or FAILURE; it is put at the end of the URL's path.
    :param text: the monitor shows it. With a text the ping is a POST, without one a GET.
    """
    address = address_for(url, signal)
    answer = _request(address, text)
    if answer.may_heal:
        answer = _request(address, text)
    if signal == START and answer.status == HTTPStatus.NOT_FOUND:
        # Some monitors know no start. If the URL is wrong, the ping at the end shows it.
        return None
    return answer.problem


def address_for(url: str, signal: str) -> str:
    """Return the address for a signal; a query stays at the end."""
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
            stream=True,  # nobody needs the answer's body
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
