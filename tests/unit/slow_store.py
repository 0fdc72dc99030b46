"""An S3 store in memory that serves GET and HEAD over HTTP, each after the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.config.settings import read_config
from testbed.ports import LOOPBACK
from tests.unit.commands.test_commands import NO_FILE, REQUIRED

_MISSING = b"<Error><Code>NoSuchKey</Code></Error>"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    stored: Mapping[str, bytes]
    latency: float

    def do_HEAD(self) -> None:
        self._answer(has_body=False)

    def do_GET(self) -> None:
        self._answer(has_body=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass

    def _answer(self, *, has_body: bool) -> None:
        time.sleep(self.latency)  # the way to the store and back
        data = self.stored.get(self.path.split("/", 2)[2].partition("?")[0])
        if data is None:
            self._send(404, _MISSING if has_body else b"", {})
            return
        headers = {"ETag": '"1"'}
        status, part = 200, data
        if wished := self.headers.get("Range"):
            first, last = wished.removeprefix("bytes=").split("-")
            status, part = 206, data[int(first) : int(last) + 1 if last else None]
            headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        self._send(status, part if has_body else b"", headers)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def slow_store(objects: Mapping[str, bytes], latency_seconds: float = 0.0) -> Iterator[Bucket]:
    """Serve objects, by their keys, and yield the bucket that has them."""

    class Handler(_Handler):
        stored, latency = objects, latency_seconds

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        url = f"http://{LOOPBACK}:{server.server_port}"
        config = read_config({**REQUIRED, "R2_ENDPOINT_URL": url}, NO_FILE)
        yield Bucket(config.r2, 60, lambda: None)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
