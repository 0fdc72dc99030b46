"""A reverse proxy in front of an S3 server: it applies R2's rules, and breaks calls on demand.

It passes the raw path, query and Host header on untouched. The client signs for the proxy's
address, and so the server behind it can still verify the SigV4 signature.
"""

import asyncio
import io
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import reduce
from pathlib import Path
from typing import Any, Self

import aiohttp
import trustme
from aiohttp import web
from yarl import URL

from testbed.r2_rules import (
    BUCKET_LOCKED,
    Call,
    R2Limits,
    Refusal,
    Uploads,
    creates_under_lock,
    refuse,
)

_CHUNK = 64 * 1024
_LARGEST_HEADER = 64 * 1024
_POLL_SECONDS = 0.01
# They belong to one connection, and `Expect` is answered by the proxy itself.
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "expect"})
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


@dataclass(frozen=True)
class Status:
    """Answer `status` without asking the server: XML with `code`, or HTML as from Cloudflare."""

    status: int
    code: str | None = None
    clock_lead: timedelta = timedelta(0)
    """How far the clock of the server is ahead, as the reply's Date shows it."""


@dataclass(frozen=True)
class Reset:
    """Reset the connection (RST); the server never hears of the call."""


@dataclass(frozen=True)
class ResetAfter:
    """Let the server act, then reset the connection: the reply is lost."""


@dataclass(frozen=True)
class Delay:
    """Wait before asking the server."""

    seconds: float


@dataclass(frozen=True, eq=False)
class Hold:
    """Keep the call waiting until `release` is set (a stall, if nobody sets it).

    It goes on even if its client is gone by then, as on a server that has received the whole call.
    Leaving the proxy drops it.
    """

    after: bool = False
    """Whether to let the server act and hold the reply back, and not the call."""
    reached: threading.Event = field(default_factory=threading.Event)
    """Set by the proxy when it holds a call."""
    release: threading.Event = field(default_factory=threading.Event)
    """Set by the test to let the call go on."""


@dataclass(frozen=True)
class Cut:
    """Send the reply's headers and the first `length` bytes of its body, then close."""

    length: int


@dataclass(frozen=True)
class FlipByte:
    """Invert the byte at `offset` in the reply's body, if it has one there."""

    offset: int = 0


@dataclass(frozen=True)
class CorruptRequest:
    """Invert the byte at `offset` in the request's body before the server sees it."""

    offset: int = 0


Action = Status | Reset | ResetAfter | Delay | Hold | Cut | FlipByte | CorruptRequest


@dataclass(frozen=True)
class Fault:
    """What the proxy does to which calls.

    Matching calls are counted from the injection on, even if other faults act on them. The fault
    acts on the `nth` call; with `times`, on that many in a row; with `every`, on all from there.
    """

    operation: str
    """The operation's name in S3, or "*" for any."""
    action: Action
    nth: int = 1
    times: int = 1
    every: bool = False
    part: int | None = None
    key_contains: str = ""

    def matches(self, call: Call) -> bool:
        """Whether the call is of the kind that this fault counts."""
        return (
            self.operation in {"*", call.operation}
            and self.part in {None, call.part}
            and self.key_contains in call.key
        )

    def acts_on(self, count: int) -> bool:
        """Whether to act on the count-th matching call (from 1)."""
        return count >= self.nth and (self.every or count < self.nth + self.times)


@dataclass(frozen=True)
class Request:
    """A call that reached the proxy."""

    operation: str
    key: str
    part: int | None
    length: int
    """Bytes of the request's body."""
    faults: tuple[Action, ...]
    has_signed_body: bool
    """Whether the signature covers the body too."""
    status: int | None = None
    """The status that the client gets; None during the call, or if no reply was sent."""
    upstream_status: int | None = None
    """The status that the server answered; None if it was not asked."""


@dataclass
class _Exchange:
    request: web.BaseRequest
    call: Call
    actions: tuple[Action, ...]
    index: int


class FaultProxy:
    """A proxy on a free port of 127.0.0.1, which its own thread runs while the context is open.

    Calls are judged in this order: faults, R2's rules, the server. `limits` may be replaced at
    any time. With `tls`, clients have to trust `ca_certificate`.
    """

    def __init__(self, upstream_url: str, *, tls: bool = False) -> None:
        """Prepare to pass calls on to the server at `upstream_url`."""
        self.limits = R2Limits()
        self.endpoint_url = ""
        self.ca_certificate: Path | None = None
        self._upstream_url = upstream_url.rstrip("/")
        self._tls = tls
        self._uploads = Uploads()
        self._lock = threading.Lock()
        self._faults: dict[Fault, int] = {}
        self._requests: list[Request] = []
        self._resources = ExitStack()

    @property
    def requests(self) -> list[Request]:
        """A copy of all calls so far, in the order in which they arrived."""
        with self._lock:
            return list(self._requests)

    def count(self, operation: str) -> int:
        """Return how many calls of an operation arrived, failed ones too."""
        return sum(request.operation == operation for request in self.requests)

    def inject(self, fault: Fault) -> None:
        """Arm a fault. All armed faults act, in their order; the first to answer ends the call."""
        with self._lock:
            self._faults[fault] = 0

    def hold(self, operation: str, nth: int = 1, *, after: bool = False) -> Hold:
        """Arm a hold on the nth call of an operation from now on and return its events."""
        hold = Hold(after)
        self.inject(Fault(operation, hold, nth=nth))
        return hold

    def clear(self) -> None:
        """Disarm all faults; calls that are being held go on."""
        with self._lock:
            for fault in self._faults:
                if isinstance(fault.action, Hold):
                    fault.action.release.set()
            self._faults.clear()

    def __enter__(self) -> Self:
        """Start to listen."""
        self._loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        thread.start()
        self._resources.callback(self._loop.close)
        self._resources.callback(thread.join)
        self._resources.callback(self._loop.call_soon_threadsafe, self._loop.stop)
        context = self._issue_certificate() if self._tls else None
        self._run(self._start(context))
        return self

    def __exit__(self, *_: object) -> None:
        """Drop what is under way and stop."""
        self._resources.close()

    def _issue_certificate(self) -> ssl.SSLContext:
        directory = self._resources.enter_context(tempfile.TemporaryDirectory())
        authority = trustme.CA()
        self.ca_certificate = Path(directory, "ca.pem")
        authority.cert_pem.write_to_path(self.ca_certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        return context

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self, context: ssl.SSLContext | None) -> None:
        self._session = aiohttp.ClientSession(
            # One connection for each call. A reused one may be closing: that would be one more
            # fault.
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            skip_auto_headers=_AUTOMATIC,
        )
        self._resources.callback(lambda: self._run(self._session.close()))
        server = web.Server(
            self._serve,
            access_log=None,
            auto_decompress=False,
            max_line_size=_LARGEST_HEADER,
            max_field_size=_LARGEST_HEADER,
        )
        runner = web.ServerRunner(server, shutdown_timeout=_POLL_SECONDS)
        await runner.setup()
        self._resources.callback(lambda: self._run(runner.cleanup()))
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        scheme = "https" if context else "http"
        self.endpoint_url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._judge(self._admit(request, await _read_call(request)))
        except ConnectionError:
            # The client has gone: there is nobody left to answer.
            return web.Response()

    async def _judge(self, exchange: _Exchange) -> web.StreamResponse:
        for action in exchange.actions:
            match action:
                case Delay():
                    await asyncio.sleep(action.seconds)
                case Hold(after=False):
                    await _wait_for_release(action)
                case CorruptRequest():
                    body = _flip(exchange.call.body, action.offset)
                    exchange.call = replace(exchange.call, body=body)
                case Reset():
                    return _reset(exchange.request)
                case Status():
                    return self._answer(exchange, _fault_reply(action))
        call, limits = exchange.call, self.limits
        if refusal := refuse(call, limits) or self._uploads.refuse(call, limits):
            return self._answer(exchange, _error_reply(refusal))
        return await self._forward(exchange)

    def _admit(self, request: web.BaseRequest, call: Call) -> _Exchange:
        with self._lock:
            actions: list[Action] = []
            for fault in self._faults:
                if fault.matches(call):
                    self._faults[fault] += 1
                    if fault.acts_on(self._faults[fault]):
                        actions.append(fault.action)
            record = Request(
                call.operation,
                call.key,
                call.part,
                len(call.body),
                tuple(actions),
                call.headers.get("x-amz-content-sha256") != "UNSIGNED-PAYLOAD",
            )
            self._requests.append(record)
            return _Exchange(request, call, record.faults, len(self._requests) - 1)

    def _note(self, exchange: _Exchange, **outcome: Any) -> None:
        with self._lock:
            self._requests[exchange.index] = replace(self._requests[exchange.index], **outcome)

    def _answer(self, exchange: _Exchange, reply: web.Response) -> web.Response:
        self._note(exchange, status=reply.status)
        return reply

    async def _forward(self, exchange: _Exchange) -> web.StreamResponse:
        call = exchange.call
        headers = _end_to_end(call.headers)
        guarded = creates_under_lock(call, self.limits) and not call.is_conditional
        if guarded:
            # Only the server knows whether the key exists; the signature doesn't cover this header.
            headers["if-none-match"] = "*"
        url = URL(self._upstream_url + call.target, encoded=True)
        data = io.BytesIO(call.body) if call.body else None
        try:
            upstream = await self._session.request(
                call.method, url, headers=headers, data=data, allow_redirects=False
            )
        except aiohttp.ClientConnectorError:
            return self._answer(exchange, _fault_reply(Status(502)))
        async with upstream:
            self._note(exchange, upstream_status=upstream.status)
            return await self._conclude(exchange, upstream, guarded=guarded)

    async def _conclude(
        self, exchange: _Exchange, upstream: aiohttp.ClientResponse, *, guarded: bool
    ) -> web.StreamResponse:
        call = exchange.call
        body = None if call.operation == "GetObject" else await upstream.read()
        etag = upstream.headers.get("ETag", "")
        self._uploads.learn(call, upstream.status, etag, body or b"")
        for action in exchange.actions:
            if isinstance(action, Hold) and action.after:
                await _wait_for_release(action)
            if isinstance(action, ResetAfter):
                return _reset(exchange.request)
        if guarded and upstream.status == 412:
            return self._answer(exchange, _error_reply(BUCKET_LOCKED))
        return await self._relay(exchange, upstream, body)

    async def _relay(
        self, exchange: _Exchange, upstream: aiohttp.ClientResponse, body: bytes | None
    ) -> web.StreamResponse:
        headers = _end_to_end(upstream.headers)
        if body and exchange.call.operation == "ListMultipartUploads":
            body = self._uploads.without_ended(body)
            headers["Content-Length"] = str(len(body))
        reply = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=headers)
        # Before the reply: a client that has the reply then also finds the call recorded.
        self._note(exchange, status=upstream.status)
        await reply.prepare(exchange.request)
        async for chunk in _spoilt(_chunks(upstream, body), exchange.actions):
            await reply.write(chunk)
        if exchange.request.transport and any(isinstance(a, Cut) for a in exchange.actions):
            exchange.request.transport.close()
        return reply


async def _read_call(request: web.BaseRequest) -> Call:
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request.method, request.raw_path, headers, await request.content.read())


async def _wait_for_release(hold: Hold) -> None:
    hold.reached.set()
    # Polled: waiting in an executor's thread would leave that thread behind on shutdown.
    while not hold.release.is_set():
        await asyncio.sleep(_POLL_SECONDS)


async def _chunks(upstream: aiohttp.ClientResponse, body: bytes | None) -> AsyncIterator[bytes]:
    if body is not None:
        yield body
        return
    async for chunk in upstream.content.iter_chunked(_CHUNK):
        yield chunk


async def _spoilt(
    chunks: AsyncIterator[bytes], actions: tuple[Action, ...]
) -> AsyncIterator[bytes]:
    sent = 0
    cut = min((action.length for action in actions if isinstance(action, Cut)), default=None)
    flips = [action.offset for action in actions if isinstance(action, FlipByte)]
    async for chunk in chunks:
        flipped = reduce(lambda data, offset: _flip(data, offset - sent), flips, chunk)
        yield flipped if cut is None else flipped[: max(cut - sent, 0)]
        sent += len(chunk)
        if cut is not None and sent >= cut:
            return


def _flip(data: bytes, offset: int) -> bytes:
    if not 0 <= offset < len(data):
        return data
    return data[:offset] + bytes([data[offset] ^ 0xFF]) + data[offset + 1 :]


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


def _error_reply(refusal: Refusal) -> web.Response:
    return web.Response(
        status=refusal.status, body=refusal.as_xml(), content_type="application/xml"
    )


def _fault_reply(fault: Status) -> web.Response:
    if fault.code is not None:
        reply = _error_reply(Refusal(fault.status, fault.code, "Injected by the fault proxy."))
        reply.headers["Date"] = format_datetime(datetime.now(UTC) + fault.clock_lead, usegmt=True)
        return reply
    # An unclosed tag, as in Cloudflare's own page: the client has to cope with what isn't XML.
    page = f"<html><body><h1>Error {fault.status}</h1><hr>cloudflare</body></html>"
    return web.Response(status=fault.status, text=page, content_type="text/html")


def _reset(request: web.BaseRequest) -> web.Response:
    transport = request.transport
    if transport is not None:
        # Closing with a linger time of zero sends RST instead of FIN.
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()
