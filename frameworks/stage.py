"""The servers that one library is tried on, and the service beside them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from frameworks.outcome import Size
from frameworks.steps import run_step
from testbed.cypher_shell import unpack_into_cypher_shell
from testbed.fingerprint import Fingerprint, difference, fingerprint
from testbed.jars import PROJECT_ROOT
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.servers import running
from testbed.service_variables import service_variables

_BUCKET: Final = "frameworks"
# LangChain and LlamaIndex read the schema by a procedure of APOC that has to be let do so.
_SETTINGS: Final = {"dbms.security.procedures.unrestricted": "apoc.*"}


@dataclass(frozen=True)
class Look:
    """All that is compared of a graph."""

    fingerprint: Fingerprint
    label_lists: Counter[tuple[str, ...]]
    """How many nodes have each list of labels, in the list's order."""

    @property
    def size(self) -> Size:
        """The numbers that the table shows."""
        graph = self.fingerprint
        lookups = sum("CREATE LOOKUP INDEX" in text for text in graph.schema)
        return Size(graph.nodes, graph.relationships, len(graph.schema) - lookups)

    def difference(self, found: Look) -> str:
        """Return what is different in another graph, in one line; empty if nothing is."""
        lines = difference(self.fingerprint, found.fingerprint).splitlines()
        if not lines and self.label_lists != found.label_lists:
            lines = ["labels(n) lists labels in another order"]
        return "; ".join(lines)


@dataclass(frozen=True)
class Stage:
    """Running servers, and a directory for all that is written."""

    directory: Path
    source: Neo4jServer
    target: Neo4jServer
    s3: S3Server

    def run_service(self, *arguments: str) -> None:
        """Run `backup.py`.

        :raises StepError: if it fails.
        """
        variables = {
            "PATH": os.environ.get("PATH", os.defpath),
            "RESTORE_NEO4J_PASSWORD": self.target.password,
            **service_variables(self.source, self.s3, _BUCKET, self.directory),
        }
        command = [sys.executable, str(PROJECT_ROOT / "backup.py"), *arguments]
        run_step(command, directory=self.directory, variables=variables)

    def restore(self) -> None:
        """Let the service restore the backup into the target."""
        self.run_service("restore", "--to-uri", self.target.uri)

    def restore_with_cypher_shell(self) -> None:
        """Restore the archive without the service.

        :raises CypherShellError: if that fails.
        """
        client = self.s3.client()
        keys = [entry["Key"] for entry in client.list_objects_v2(Bucket=_BUCKET)["Contents"]]
        [key] = [key for key in keys if key.endswith(".cypher.gz")]
        archive = self.directory / "archive.cypher.gz"
        client.download_file(_BUCKET, key, str(archive))
        unpack_into_cypher_shell(self.target, archive)


def look(server: Neo4jServer) -> Look:
    """Read all of a graph."""
    with server.driver() as driver:
        lists = driver.execute_query("MATCH (n) RETURN labels(n)").records
        return Look(fingerprint(driver), Counter(tuple(labels) for [labels] in lists))


@contextmanager
def staged() -> Iterator[Stage]:
    """Keep new servers running; nothing of them stays.

    Each library has servers of its own: an emptied one still knows the labels of the one before.
    """
    with tempfile.TemporaryDirectory(prefix="neo4j-r2-frameworks-") as name:
        directory = Path(name)
        source, target = (
            Neo4jServer(directory / role, extra_settings=_SETTINGS) for role in ("source", "target")
        )
        s3 = S3Server(directory / "s3")
        with running(source, target, s3):
            s3.create_bucket(_BUCKET)
            yield Stage(directory, source, target, s3)
