"""What is wrong with the encryption that an address asks for, and what mends it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest
import trustme

from neo4j_r2.graph.encryption_mistake import find_encryption_mistake
from testbed.ports import LOOPBACK

NOW = datetime.now(UTC)
CHOICE = bytes.fromhex("00000005")
OF_ANOTHER_NAME = "reach the server by a name that is in its certificate"
NOT_OF_TODAY = "give the server a certificate that is valid today"
Serve = Callable[[trustme.LeafCert], int]


class Bolt(BaseRequestHandler):
    """Chooses a version, as a server that speaks Bolt."""

    def handle(self) -> None:
        """Read the client's first message, and answer it."""
        if self.request.recv(20):
            self.request.sendall(CHOICE)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this process trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that opens a port that speaks Bolt with TLS and a certificate."""
    with ExitStack() as stack:

        def served(certificate: trustme.LeafCert) -> int:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)

            class Encrypted(Bolt):
                def handle(self) -> None:
                    with suppress(OSError):  # of a client that does not trust the certificate
                        self.request = context.wrap_socket(self.request, server_side=True)
                        super().handle()

            server = stack.enter_context(ThreadingTCPServer((LOOPBACK, 0), Encrypted))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            return int(server.server_address[1])

        yield served


@pytest.mark.parametrize("asked", ["bolt", "bolt+s"])
@pytest.mark.parametrize(
    ("name", "begins", "ends", "remedy"),
    [
        (LOOPBACK, -2, -1, NOT_OF_TODAY),
        (LOOPBACK, 1, 2, NOT_OF_TODAY),
        ("10.0.0.7", -1, 1, OF_ANOTHER_NAME),
        ("graph.example", -1, 1, OF_ANOTHER_NAME),
    ],
    ids=["expired", "not yet valid", "another address", "another name"],
)
def test_the_remedy_for_a_certificate_fits_what_is_wrong_with_it(
    authority: trustme.CA,
    serve: Serve,
    *,
    asked: str,
    name: str,
    begins: int,
    ends: int,
    remedy: str,
) -> None:
    day = timedelta(days=1)
    certificate = authority.issue_cert(
        name, not_before=NOW + begins * day, not_after=NOW + ends * day
    )
    address = f"{LOOPBACK}:{serve(certificate)}"
    mistake = find_encryption_mistake(f"{asked}://{address}")
    assert mistake is not None
    assert (mistake.uri, mistake.remedy) == (f"bolt+ssc://{address}", remedy)


def test_a_name_that_is_not_in_the_certificate_is_told(authority: trustme.CA, serve: Serve) -> None:
    port = serve(authority.issue_cert("graph.example"))
    mistake = find_encryption_mistake(f"bolt+s://localhost:{port}")
    assert mistake is not None
    assert "Hostname mismatch" in mistake.reason
    assert mistake.remedy == OF_ANOTHER_NAME


@pytest.mark.usefixtures("authority")
def test_a_certificate_of_an_unknown_authority_can_be_trusted(serve: Serve) -> None:
    port = serve(trustme.CA().issue_cert(LOOPBACK))
    mistake = find_encryption_mistake(f"bolt+s://{LOOPBACK}:{port}")
    assert mistake is not None
    assert "SSL_CERT_FILE" in mistake.remedy


def test_a_trusted_certificate_needs_no_remedy(authority: trustme.CA, serve: Serve) -> None:
    address = f"{LOOPBACK}:{serve(authority.issue_cert(LOOPBACK))}"
    mistake = find_encryption_mistake(f"bolt://{address}")
    assert mistake is not None
    assert (mistake.uri, mistake.remedy) == (f"bolt+s://{address}", "")
    assert find_encryption_mistake(f"bolt+s://{address}") is None
