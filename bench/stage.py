"""The servers that one graph is measured on, and everything that the contenders are given."""

from __future__ import annotations

import itertools
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.measure import Program, Usage, measure
from testbed.jars import PROJECT_ROOT
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.servers import running
from testbed.service_variables import service_variables

log = logging.getLogger(__name__)

BACKUP: Final = str(PROJECT_ROOT / "backup.py")
_HEAP: Final = "2g"
_MEMORY: Final = {"server.memory.pagecache.size": "1g"}


class ContenderError(RuntimeError):
    """A contender failed; the message ends with the last lines of what it printed."""


@dataclass(frozen=True)
class Stage:
    """Running servers, and a directory for all that they and the contenders write."""

    directory: Path
    source: Neo4jServer
    target: Neo4jServer
    s3: S3Server
    _bucket_numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, arguments: Sequence[str], bucket: str, server: Neo4jServer, **more: str) -> Usage:
        """Run a Python program to its end, in a new and empty directory, and measure it.

        It finds all addresses in the service's variables, with `server` as its Neo4j. What it
        printed is in `log` afterwards.
        """
        with tempfile.TemporaryDirectory(dir=self.directory) as directory:
            variables = self._variables(bucket, server, Path(directory)) | more
            program = Program([sys.executable, *arguments], variables, Path(directory), self.log)
            return measure(program, server.process.pid)

    @property
    def log(self) -> Path:
        """What the last program printed."""
        return self.directory / "program.log"

    def require_success(self, usage: Usage) -> None:
        """Raise ContenderError unless the last program succeeded."""
        if usage.exit_code != 0:
            raise ContenderError(f"exit code {usage.exit_code}:\n{self.log_tail()}")

    def warn_of_failure(self, usage: Usage, contender: str) -> None:
        """Say so if the last program failed: that is a result too, of a peer."""
        if usage.exit_code != 0:
            log.warning("%s: exit code %d:\n%s", contender, usage.exit_code, self.log_tail())

    def log_tail(self) -> str:
        """The last lines of what the last program printed."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-9:])

    def new_bucket(self) -> str:
        """Make an empty bucket, and return its name."""
        name = f"bench-{next(self._bucket_numbers)}"
        self.s3.create_bucket(name)
        return name

    def stored(self, bucket: str) -> dict[str, int]:
        """Return the size of each object in a bucket."""
        listing = self.s3.client().list_objects_v2(Bucket=bucket)
        return {entry["Key"]: entry["Size"] for entry in listing.get("Contents", [])}

    def remove_bucket(self, bucket: str) -> None:
        """Remove a bucket with all that is in it."""
        client = self.s3.client()
        for key in self.stored(bucket):
            client.delete_object(Bucket=bucket, Key=key)
        client.delete_bucket(Bucket=bucket)

    def _variables(self, bucket: str, server: Neo4jServer, directory: Path) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "PYTHONPATH": str(PROJECT_ROOT),
            # cypher-shell reads its input in the locale's charset.
            "LC_ALL": "C.UTF-8",
            "NEO4J_USER": server.user,
            "NEO4J_DATABASE": server.database,
            **service_variables(server, self.s3, bucket, directory),
        }


@contextmanager
def staged(*, with_target: bool) -> Iterator[Stage]:
    """Keep new servers running, with the JVM's ordinary settings; nothing of them stays.

    Each graph has servers of its own: a store that was emptied is not laid out as a new one.

    :param with_target: whether there has to be a server to restore into.
    """
    with tempfile.TemporaryDirectory(prefix="neo4j-r2-bench-") as name:
        directory = Path(name)
        source, target = (
            Neo4jServer(directory / role, heap=_HEAP, extra_settings=_MEMORY, java_options=())
            for role in ("source", "target")
        )
        s3 = S3Server(directory / "s3")
        with running(source, s3, *([target] if with_target else [])):
            yield Stage(directory, source, target, s3)
