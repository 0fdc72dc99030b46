"""The web server in a process of its own: its answers, and that no client can block it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path

import pytest

from testbed.ports import LOOPBACK, free_port, is_listening
from testbed.waiting import wait_until
from tests.scraping import SECONDS, request, request_bytes
from tests.unit.process import TIMEOUT_SECONDS, start

CONNECTIONS = 32
"""The most connections that the server holds at once."""
OWN_SOCKETS = 3
"""The one that listens, and the pair that wakes the nudge thread."""
THREADS = 4
"""The main thread, the nudge thread, which wakes it after a signal, and two that make pages."""
SERVE = """
import sys
from http import HTTPStatus
from neo4j_r2.core import log
from neo4j_r2.core.errors import BackupError
from neo4j_r2.monitoring.web_pages import Answer
from neo4j_r2.monitoring.web_server import serve
from neo4j_r2.run.signals import raise_on_signals

def good(request):
    return Answer(HTTPStatus.OK, f"accepted: {request.accept}".encode(), "text/plain")

def bad(request):
    raise RuntimeError("a fault of the page")

def large(request):
    return Answer(HTTPStatus.OK, 8_000_000 * b"x")

log.set_up("debug", log.LogStyle())
raise_on_signals()
pages = {"/": good, "/good": good, "/bad": bad, "/large": large}
try:
    serve(sys.argv[1], int(sys.argv[2]), pages)
except BackupError as error:
    print(error)
    sys.exit(error.exit_code)
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[str]

    def end(self) -> str:
        """End the server, and return its log."""
        self.process.send_signal(signal.SIGTERM)
        _, log = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0, log
        return log


@pytest.fixture
def server() -> Iterator[Server]:
    """A server with a good page, one that fails, and a large one."""
    port = free_port()
    with start(SERVE, LOOPBACK, str(port)) as process:
        try:
            wait_until(lambda: is_listening(port), seconds=SECONDS, what="the server")
            yield Server(port, process)
        finally:
            process.kill()


def held(server: Server, count: int, text: bytes = b"GET /good HTTP/1.1\r\nHost: ") -> ExitStack:
    """Open connections whose requests never end."""
    stack = ExitStack()
    for _ in range(count):
        client = stack.enter_context(socket.create_connection((LOOPBACK, server.port), SECONDS))
        client.sendall(text)
    return stack


def said(server: Server, text: bytes) -> str:
    """Send some bytes, and return the whole answer."""
    with socket.create_connection((LOOPBACK, server.port), SECONDS) as client:
        client.sendall(text)
        return b"".join(iter(lambda: client.recv(65_536), b"")).decode()


@pytest.mark.parametrize("path", ["/", "/good", "/good?verbose=1"])
def test_a_page_is_found_by_its_path(server: Server, path: str) -> None:
    answer = request(server.port, path, headers={"Accept": "text/plain"})
    assert (answer.status, answer.body) == (200, "accepted: text/plain")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Length"] == str(len(answer.body))


@pytest.mark.parametrize(
    "path", ["/goods", "/good/", "//good", "/good/../good", "/%67ood", "/favicon.ico"]
)
def test_any_other_path_is_not_found(server: Server, path: str) -> None:
    answer = request(server.port, path)
    assert (answer.status, answer.body) == (404, "Not Found\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_the_answer_to_head_has_the_same_headers_and_no_body(server: Server) -> None:
    answer, head = request(server.port, "/good"), request(server.port, "/good", "HEAD")
    assert head.status == answer.status
    assert head.body == ""
    assert head.headers["Content-Length"] == answer.headers["Content-Length"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"])
def test_nothing_but_get_and_head_is_allowed(server: Server, method: str) -> None:
    answer = request(server.port, "/good", method)
    assert (answer.status, answer.body) == (405, "Method Not Allowed\n")
    assert answer.headers["Allow"] == "GET, HEAD"


def test_a_body_is_not_read(server: Server) -> None:
    answer = said(server, b"GET /good HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
    assert answer.startswith("HTTP/1.1 413 ")
    assert request(server.port, "/good").status == 200


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("deflate, gzip ; q = 0.00", False),
        ("gzip;q=0.001", True),
        ("br", False),
        ("", False),
    ],
)
def test_a_long_page_is_packed_for_who_takes_that(
    server: Server, accepted: str, *, is_packed: bool
) -> None:
    body = request_bytes(server.port, "/large", {"Accept-Encoding": accepted})
    assert (len(body) < 8_000_000) == is_packed


@pytest.mark.parametrize(
    "asked",
    [
        "GET /good HTTP/1.0",
        "GET /bad HTTP/1.0",
        "GET /missing HTTP/1.0",
        "GET  damaged HTTP/1.0",
        "GET /good HTTP/1.0\r\nContent-Length: 1000000",
    ],
)
def test_no_answer_may_load_anything_or_be_kept_or_framed(server: Server, asked: str) -> None:
    answer = said(server, f"{asked}\r\n\r\n".encode())
    headers = message_from_string(answer.partition("\r\n\r\n")[0].partition("\r\n")[2])
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert policy.endswith("'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


def test_the_answer_does_not_name_python(server: Server) -> None:
    for path in ("/good", "/bad", "/missing"):
        answer = request(server.port, path)
        assert answer.headers["Server"] == "neo4j-r2-backup"
        assert "Python" not in str(answer)


def test_a_page_that_fails_is_logged_and_the_server_goes_on(server: Server) -> None:
    answer = request(server.port, "/bad")
    assert (answer.status, answer.body) == (500, "Internal Server Error\n")
    assert request(server.port, "/good").status == 200
    assert "RuntimeError: a fault of the page" in server.end()


@pytest.mark.parametrize(
    "text",
    [
        b"\r\n",
        b"GET\r\n\r\n",
        b"\0\xff\r\n\r\n",
        b"get /good HTTP/1.1\r\n\r\n",
        b"GET /good HTTP/1.1\r\nA b\r\n\r\n",
        b"GET /good HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"GET /good HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\n",
        b"GET /good HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_a_malformed_request_is_refused_and_the_server_goes_on(server: Server, text: bytes) -> None:
    answer = said(server, text)
    assert answer == "" or re.match(r"HTTP/1\.[01] (400|501) ", answer), answer
    assert request(server.port, "/good").status == 200
    assert "WARNING" not in server.end()


@pytest.mark.parametrize("size", [17_000, 1_000_000])
def test_a_request_line_that_is_too_long_is_refused(server: Server, size: int) -> None:
    with socket.create_connection((LOOPBACK, server.port), SECONDS) as client:
        try:
            client.sendall(b"GET /" + size * b"x")
            answer = client.recv(100)
        except ConnectionError:
            answer = b""
    assert answer == b"" or b"431" in answer
    assert request(server.port, "/good").status == 200


def test_a_client_cannot_forge_log_lines_or_headers(server: Server) -> None:
    said(server, b"GET /\x1b[31m\x08 HTTP/1.0\r\n\r\n")
    answer = said(server, b"GET /good HTTP/1.0\r\nAccept: a\r\n\tSet-Cookie: b\r\n\r\n")
    head, _, body = answer.partition("\r\n\r\n")
    assert "Set-Cookie" not in head
    assert body == "accepted: a\tSet-Cookie: b"
    log = server.end()
    assert "\x1b" not in log
    assert "\\x1b[31m" in log


def test_a_connection_is_for_one_request(server: Server) -> None:
    answer = said(server, 3 * b"GET /good HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.count("HTTP/1.1 200 OK") == 1
    assert "Connection: close" in answer


def test_slow_clients_do_not_delay_others(server: Server) -> None:
    with held(server, CONNECTIONS // 2):
        for _ in range(5):
            assert request(server.port, "/good").status == 200


def test_a_client_beyond_the_limit_waits_until_there_is_room(server: Server) -> None:
    tasks = Path("/proc", str(server.process.pid), "task")
    with held(server, CONNECTIONS):
        wait_until(
            lambda: _sockets(server) == OWN_SOCKETS + CONNECTIONS,
            seconds=SECONDS,
            what="all connections",
        )
        with socket.create_connection((LOOPBACK, server.port), SECONDS) as late:
            late.sendall(b"GET /good HTTP/1.0\r\n\r\n")
            late.settimeout(0.5)
            with pytest.raises(TimeoutError):
                late.recv(1)
            assert _sockets(server) == OWN_SOCKETS + CONNECTIONS
            assert len(list(tasks.iterdir())) == THREADS
            late.settimeout(SECONDS)  # the others are silent, and closed after 5 s
            assert late.recv(15) == b"HTTP/1.0 200 OK"
    assert request(server.port, "/good").status == 200


def _sockets(server: Server) -> int:
    links = Path("/proc", str(server.process.pid), "fd").iterdir()
    return sum(str(link.readlink()).startswith("socket:") for link in links)


def test_a_client_that_does_not_read_is_closed_and_delays_nobody(server: Server) -> None:
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection((LOOPBACK, server.port), SECONDS))
            for _ in range(4)
        ]
        for client in clients:
            client.sendall(100 * b"GET /large HTTP/1.1\r\n\r\n")
        for _ in range(5):
            assert request(server.port, "/good").status == 200
        wait_until(lambda: _sockets(server) == OWN_SOCKETS, seconds=2 * SECONDS, what="their end")


def test_a_silent_client_is_closed_at_its_deadline(server: Server) -> None:
    assert said(server, b"") == ""


def test_a_client_that_never_stops_sending_is_closed_at_its_deadline(server: Server) -> None:
    with socket.create_connection((LOOPBACK, server.port), SECONDS) as client:
        client.sendall(b"GET /good HTTP/1.1\r\n")
        client.settimeout(0.2)

        def is_left() -> bool:
            try:
                client.sendall(b"A: b\r\n")
                return client.recv(1) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        wait_until(is_left, seconds=2 * SECONDS, what="the end of the connection")
    assert request(server.port, "/good").status == 200


def test_the_server_ends_at_once_although_clients_are_connected(server: Server) -> None:
    with held(server, 5):
        assert request(server.port, "/good").status == 200
        assert "Traceback" not in server.end()


@pytest.mark.parametrize(
    ("address", "hosts"),
    [("::", [LOOPBACK, "::1"]), (LOOPBACK, [LOOPBACK]), ("::1", ["::1"])],
)
def test_the_server_listens_at_the_given_address(address: str, hosts: list[str]) -> None:
    if ":" in address and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    port = free_port()
    with start(SERVE, address, str(port)) as process:
        try:
            wait_until(lambda: _listens(hosts[0], port), seconds=SECONDS, what="the server")
            assert {request(port, "/good", host=host).status for host in hosts} == {200}
            others = {LOOPBACK, "::1"} - set(hosts)
            assert not [host for host in others if _listens(host, port)]
        finally:
            process.kill()


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), SECONDS):
            return True
    except OSError:
        return False


def test_a_taken_port_is_reported_in_one_line(server: Server) -> None:
    with start(SERVE, LOOPBACK, str(server.port)) as second:
        output, log = second.communicate(timeout=TIMEOUT_SECONDS)
    assert second.returncode == 2
    assert output == (
        f"METRICS_ADDRESS='{LOOPBACK}', METRICS_PORT={server.port}: cannot listen there: "
        "Address already in use\n"
    )
    assert log == ""
    assert request(server.port, "/good").status == 200
