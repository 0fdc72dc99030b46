"""Restores as their users start them, and what they left in a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.fingerprint import Fingerprint, difference, fingerprint
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.integration.outcome import assert_told
from tests.service import TIMEOUT_SECONDS, Backup, Run, Service

MARK = "_unfinished_restore"


@dataclass(frozen=True)
class Original:
    """A backup, and the fingerprint of its graph."""

    backup: Backup
    fingerprint: Fingerprint

    @staticmethod
    def of(server: Neo4jServer, s3: S3Server, directory: Path, **variables: str) -> Original:
        """Back up what a server holds, into a bucket of its own."""
        bucket = f"originals-{server.port}-{directory.name.lower().replace('_', '-')}"
        s3.create_bucket(bucket)
        service = Service.configured(server, s3, bucket, directory).with_variables(**variables)
        return Original(service.backup(), contents(server))


def contents(server: Neo4jServer) -> Fingerprint:
    """Return the fingerprint of what a server holds."""
    with server.driver() as driver:
        return fingerprint(driver)


def differences(expected: Fingerprint, server: Neo4jServer) -> str:
    """Return what differs between a fingerprint and what a server holds; empty if nothing does."""
    return difference(expected, contents(server))


def restore_elsewhere(service: Service, server: Neo4jServer, *arguments: str) -> Run:
    """Restore into another server than the configured one."""
    variables = {"RESTORE_NEO4J_USER": server.user, "RESTORE_NEO4J_PASSWORD": server.password}
    return service.with_variables(**variables).run("restore", "--to-uri", server.uri, *arguments)


def printed(service: Service, *arguments: str, exit_code: int = 0) -> str:
    """Run a command, which has to end with an exit code, and return what it prints."""
    process = service.start(*arguments)
    output, log = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == exit_code, log
    return output


def count_nodes(server: Neo4jServer) -> int:
    """Return how many nodes a server holds."""
    with server.driver() as driver:
        number: int = driver.execute_query("MATCH (n) RETURN count(n)").records[0][0]
    return number


def is_marked(server: Neo4jServer) -> bool:
    """Whether a server holds the mark of an unfinished restore."""
    query = "SHOW INDEXES YIELD name WHERE name = $mark RETURN name"
    with server.driver() as driver:
        return bool(driver.execute_query(query, mark=MARK).records)


@contextmanager
def unchanged(server: Neo4jServer) -> Iterator[None]:
    """Check that the context leaves the content of a server unchanged."""
    before = contents(server)
    yield
    assert differences(before, server) == ""


def assert_restored(run: Run, original: Original, server: Neo4jServer) -> None:
    """Check that a restore succeeded and that the server holds exactly what was backed up."""
    assert run.exit_code == 0, run.log
    assert "Restore completed successfully!" in run.log
    assert differences(original.fingerprint, server) == ""


def drill(service: Service, scratch: Neo4jServer) -> Run:
    """Drill the latest backup in a server, which is emptied for it."""
    scratch.reset()
    variables = {"RESTORE_NEO4J_PASSWORD": scratch.password}
    return service.with_variables(**variables).run("verify", "--drill", scratch.uri)


def assert_passes_drill(service: Service, scratch: Neo4jServer) -> None:
    """Check that the latest backup passes a drill in a server, which is emptied for it."""
    run = drill(service, scratch)
    assert run.exit_code == 0, run.log
    assert "The drill succeeded" in run.log


def assert_left_incomplete(service: Service, run: Run, exit_code: int, phrase: str) -> None:
    """Check that a restore ended midway with `phrase` as its reason, and said what that means."""
    assert_told(service, run, exit_code, phrase)
    assert "is left incomplete, and marked so that it is not backed up" in run.log
    assert "--force" in run.log
