"""The servers that the suite runs against: real ones, started once, when a test needs them.

`make test` runs several processes side by side, and each starts servers of its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

from testbed import ports
from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.servers import running
from tests.service import Service

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

SUITES = ("unit", "integration", "container")
_CONTAINER = "tests/container/"

_bucket_numbers = itertools.count(1)


class ModuleByModule(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Gives each process a module at a time, and all container tests to the first one.

    They share a stack, and they wait more than they work. The process that has them goes on with
    the last modules, which are unit tests: so it does without servers of its own for long.
    """

    def _split_scope(self, nodeid: str) -> str:
        path: str = nodeid.partition("::")[0]
        return _CONTAINER if path.startswith(_CONTAINER) else path

    def _assign_work_unit(self, node: WorkerController) -> None:
        if _CONTAINER in self.assigned_work[node]:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ModuleByModule:
    """Have the modules begin in their order: what takes long comes first."""
    config.option.loadscopereorder = False
    return ModuleByModule(config, log)


def pytest_configure() -> None:
    """Let no two processes of a run give their servers the same port."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    ports.use_share(int(worker), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))


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
