"""Addresses of Neo4j with the right and with the wrong kind of encryption."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.certificate import PUBLIC_CERTIFICATE
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK, free_port
from testbed.s3_server import S3Server
from tests.integration.outcome import assert_told
from tests.integration.relay import relay
from tests.service import Service, finish

PLAIN = "the server does not encrypt connections"
ENCRYPTED = "the server accepts only encrypted connections"
SELF_SIGNED = "the server's certificate is not trusted here: self-signed certificate"


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A server that accepts only encrypted connections, with a self-signed certificate."""
    directory = tmp_path_factory.mktemp("encrypted")
    with Neo4jServer(directory, apoc=False, heap="256m", tls=True) as server:
        yield server


At = Callable[[Neo4jServer, str], Service]


@pytest.fixture
def at(s3: S3Server, bucket: str, tmp_path: Path) -> At:
    """Return a function that configures the service with a server and the scheme of its address."""

    def configured(server: Neo4jServer, scheme: str) -> Service:
        service = Service.configured(server, s3, bucket, tmp_path)
        return service.with_variables(NEO4J_URI=f"{scheme}://{LOOPBACK}:{server.port}")

    return configured


@pytest.mark.parametrize("command", ["backup", "wait"])
@pytest.mark.parametrize(
    ("scheme", "works"), [("bolt+s", "bolt"), ("bolt+ssc", "bolt"), ("neo4j+s", "neo4j")]
)
def test_a_server_that_does_not_encrypt_is_told_at_once(
    graph: Neo4jServer, at: At, command: str, scheme: str, works: str
) -> None:
    run = at(graph, scheme).run(command)
    address = f"{LOOPBACK}:{graph.port}"
    line = (
        f"Neo4j connection failed: {scheme}://{address}: {PLAIN}; set NEO4J_URI={works}://{address}"
    )
    assert run.exit_code == 3
    assert run.log.splitlines()[-1] == f"[ERROR] {line}"
    assert run.log.count("[ERROR]") == 1


@pytest.mark.parametrize(
    ("scheme", "reason", "works"),
    [
        ("bolt", ENCRYPTED, "bolt+ssc"),
        ("neo4j", ENCRYPTED, "neo4j+ssc"),
        ("bolt+s", SELF_SIGNED, "bolt+ssc"),
        ("neo4j+s", SELF_SIGNED, "neo4j+ssc"),
    ],
)
def test_a_server_whose_certificate_must_be_accepted_is_told_at_once(
    encrypted: Neo4jServer, at: At, scheme: str, reason: str, works: str
) -> None:
    service = at(encrypted, scheme)
    run = service.run("wait")
    address = f"{LOOPBACK}:{encrypted.port}"
    assert_told(service, run, 3, f"Neo4j connection failed: {scheme}://{address}: {reason}; ")
    assert (
        f"; set NEO4J_URI={works}://{address}, which accepts any certificate; or use +s, and"
        in run.log
    )
    assert "SSL_CERT_FILE" in run.log


def test_a_drill_at_an_encrypted_server_names_the_address_to_give(
    encrypted: Neo4jServer, graph: Neo4jServer, at: At
) -> None:
    service = at(graph, "bolt")
    service.backup()
    address = f"{LOOPBACK}:{encrypted.port}"
    run = service.with_variables(RESTORE_NEO4J_PASSWORD=encrypted.password).run(
        "verify", "--drill", f"bolt://{address}"
    )
    assert run.exit_code == 3
    assert f"{ENCRYPTED}; give bolt+ssc://{address}, which accepts any certificate" in run.log


@pytest.mark.parametrize("scheme", ["bolt+ssc", "neo4j+ssc"])
def test_a_self_signed_certificate_is_accepted_on_demand(
    encrypted: Neo4jServer, at: At, scheme: str
) -> None:
    at(encrypted, scheme).backup()


def test_a_certificate_is_trusted_if_a_file_has_it(encrypted: Neo4jServer, at: At) -> None:
    certificate = encrypted.directory / "certificates" / "bolt" / PUBLIC_CERTIFICATE
    trusting = at(encrypted, "bolt").with_variables(SSL_CERT_FILE=str(certificate))
    run = trusting.run("wait")
    assert run.log.rstrip().endswith(
        f"{ENCRYPTED}; set NEO4J_URI=bolt+s://{LOOPBACK}:{encrypted.port}"
    )
    at(encrypted, "bolt+s").with_variables(SSL_CERT_FILE=str(certificate)).backup()


def test_a_server_that_comes_up_while_it_is_waited_for_is_told_too(
    graph: Neo4jServer, at: At
) -> None:
    port = free_port()
    waiting = at(graph, "bolt+s").with_variables(NEO4J_URI=f"bolt+s://{LOOPBACK}:{port}")
    process = waiting.start("wait")
    assert any("Neo4j is not ready, waiting" in line for line in process.stderr)
    with relay(graph.port, at=port):
        run = finish(process)
    assert run.exit_code == 3
    assert run.log.splitlines()[-1].endswith(f"{PLAIN}; set NEO4J_URI=bolt://{LOOPBACK}:{port}")


def test_a_server_that_is_down_is_not_said_to_encrypt(at: At, tmp_path: Path) -> None:
    down = at(Neo4jServer(tmp_path / "down"), "bolt+s")
    run = down.with_variables(BACKUP_RETRY_SECONDS="1").run()
    assert run.exit_code == 3
    assert "check that Neo4j is up and healthy" in run.log
    assert "encrypt" not in run.log
