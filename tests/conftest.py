"""The servers that the suite runs against: real ones, started once, when a test needs them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.servers import running
from tests.service import Service

SUITES = ("unit", "integration", "container")

_bucket_numbers = itertools.count(1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each suite as run or not run, and why: a suite that is skipped looks green."""
    for suite in SUITES:
        terminalreporter.write_line(f"suite {suite}: {_outcome(terminalreporter, suite)}")


def _outcome(terminalreporter: pytest.TerminalReporter, suite: str) -> str:
    """Return how many of a suite's tests ended how, and the reasons of those that were not run."""
    counts, reasons = [], set()
    for outcome in ("passed", "failed", "error", "skipped"):
        reports = [
            report
            for report in terminalreporter.stats.get(outcome, [])
            if report.nodeid.startswith(f"tests/{suite}/")
        ]
        if reports:
            counts.append(f"{len(reports)} {outcome}")
        if outcome == "skipped":
            reasons = {report.longrepr[2].removeprefix("Skipped: ") for report in reports}
    if not counts:
        return "not run: none of its tests was selected"
    was_run = any(not count.endswith("skipped") for count in counts)
    why = f" ({'; '.join(sorted(reasons))})" if reasons else ""
    return f"{'run' if was_run else 'not run'}: {', '.join(counts)}{why}"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Neo4jServer, Neo4jServer]]:
    """Two Neo4j servers that start side by side: one with APOC, one without."""
    with_apoc = Neo4jServer(tmp_path_factory.mktemp("source"))
    without_apoc = Neo4jServer(tmp_path_factory.mktemp("target"), apoc=False)
    with running(with_apoc, without_apoc):
        yield with_apoc, without_apoc


@pytest.fixture
def source(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """The server that is backed up, empty; it has APOC."""
    servers[0].reset()
    return servers[0]


@pytest.fixture
def target(servers: tuple[Neo4jServer, Neo4jServer]) -> Neo4jServer:
    """The server that archives are restored into, empty; it has no APOC."""
    servers[1].reset()
    return servers[1]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """The S3 server."""
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    """Return the name of a new, empty bucket."""
    name = f"bucket-{next(_bucket_numbers)}"
    s3.create_bucket(name)
    return name


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[FaultProxy]:
    """A proxy before the S3 server that keeps R2's rules and breaks calls as it is told."""
    with FaultProxy(s3.endpoint_url) as proxy:
        yield proxy


@pytest.fixture
def service(source: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The backup service, configured for `source` and `bucket`, with a state of its own."""
    return Service.configured(source, s3, bucket, tmp_path)
