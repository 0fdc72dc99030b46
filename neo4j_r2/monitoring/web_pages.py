"""The WSGI application: which path has which page, and the headers that every answer has."""

from __future__ import annotations

import gzip
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from neo4j_r2.monitoring.page_style import POLICY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_TEXT: Final = "text/plain; charset=utf-8"
_PACKED_BYTES: Final = 1024
"""What is shorter takes one packet anyway."""
_LEVEL: Final = 6
_METHODS: Final = ("GET", "HEAD")
_NO_WEIGHT: Final = re.compile(r"q\s*=\s*0(\.0*)?")
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Those of every answer."""


@dataclass(frozen=True)
class Request:
    """What a page may know of a request."""

    accept: str = ""
    """The value of its header `Accept`; empty without it."""


@dataclass(frozen=True)
class Answer:
    """The answer of a page."""

    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that other answers do not have."""


Page = Callable[[Request], Answer]


def application(pages: Mapping[str, Page]) -> WSGIApplication:
    """Return the application that serves the pages, and nothing else, to GET and HEAD.

    :param pages: by their paths. A path has to be written as here: nothing is decoded or resolved.
    """

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        method, target = environ["REQUEST_METHOD"], environ["REQUEST_URI"]
        request = Request(environ.get("HTTP_ACCEPT", ""))
        answer = _answer(pages.get(target.partition("?")[0]), method, request)
        if _takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
            answer = _packed(answer)
        status = f"{answer.status.value} {answer.status.phrase}"
        # The client chose the text, so `%a` escapes it.
        log.debug("%s: %a", environ["REMOTE_ADDR"], f"{method} {target}: {status}")
        headers = {
            **HEADERS,
            **answer.headers,
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
        }
        start_response(status, list(headers.items()))
        return [] if method == "HEAD" else [answer.body]

    return respond


def ask(other: WSGIApplication, accept: str) -> Answer:
    """Return the answer of another WSGI application, which sees no more of the request.

    :param accept: the value of the header `Accept`.
    """
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "HTTP_ACCEPT": accept,
    }
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], object]:
        started.append((status, headers))
        return lambda _: None

    body = b"".join(other(environ, start_response))
    status, listed = started[-1]
    headers = dict(listed)
    content_type = headers.pop("Content-Type", _TEXT)
    return Answer(HTTPStatus(int(status.split()[0])), body, content_type, headers)


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether a client names gzip, and not with the weight 0, which refuses it."""
    for each in accept_encoding.lower().split(","):
        name, _, weight = (part.strip() for part in each.partition(";"))
        if name == "gzip":
            return not _NO_WEIGHT.fullmatch(weight)
    return False


def _packed(answer: Answer) -> Answer:
    """Return a long answer in gzip: a page is a tenth of its size then."""
    if len(answer.body) < _PACKED_BYTES:
        return answer
    headers = {**answer.headers, "Content-Encoding": "gzip"}
    return replace(answer, body=gzip.compress(answer.body, _LEVEL), headers=headers)


def _answer(page: Page | None, method: str, request: Request) -> Answer:
    if page is None:
        return _error(HTTPStatus.NOT_FOUND)
    if method not in _METHODS:
        return _error(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ", ".join(_METHODS)})
    try:
        return page(request)
    except Exception:
        log.exception("Unexpected error")
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR)


def _error(status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, f"{status.phrase}\n".encode(), headers=headers or {})
