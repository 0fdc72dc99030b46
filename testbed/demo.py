"""The demo: backs up a graph with `backup.py`, restores it in two ways and compares each time.

    python -m testbed.demo [5|2026]

It runs Neo4j 5.26 (LTS), or with 2026 the newest calendar release, which has no APOC here. Two
servers of it and an S3 server run meanwhile, and leave nothing behind. The exit code is 0 if the
restored graphs are identical, and 1 if one isn't or a step failed. After an interruption it is 128
plus the signal's number.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final, Self

from testbed import graphiti, jars
from testbed.cypher_shell import CypherShellError, unpack_into_cypher_shell
from testbed.fingerprint import difference, fingerprint
from testbed.java import JavaError, calendar_java, java
from testbed.neo4j_server import Neo4jServer
from testbed.ports import PortTakenError
from testbed.process import ServerFailedError
from testbed.s3_server import S3Server
from testbed.servers import running
from testbed.service_variables import service_variables

BUCKET: Final = "graphiti-neo4j-backup"
ENTITIES: Final = 200

_BACKUP: Final = jars.PROJECT_ROOT / "backup.py"
# Without the second compiler of Java, cypher-shell restores embeddings five times as slowly.
_BOTH_COMPILERS: Final = ()
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_started: Final = time.monotonic()


class DemoError(RuntimeError):
    """A step of the demo failed; the message says which and how."""


_FORESEEABLE = (DemoError, CypherShellError, JavaError, PortTakenError, ServerFailedError, OSError)


@dataclass(frozen=True)
class Demo:
    """The servers, and the directory that they and the steps write to."""

    directory: Path
    source: Neo4jServer
    target: Neo4jServer
    s3: S3Server

    @classmethod
    def in_directory(cls, directory: Path, *, calendar: bool) -> Self:
        """Describe servers on free ports; the target has no APOC, so a restore can't need it.

        With `calendar` they are the newest calendar release, else the LTS.
        """
        source = Neo4jServer(directory / "source", calendar=calendar)
        target = Neo4jServer(
            directory / "target", apoc=False, calendar=calendar, java_options=_BOTH_COMPILERS
        )
        return cls(directory, source, target, S3Server(directory / "s3"))

    def run(self) -> bool:
        """Take all the steps; returns whether the restored graphs are identical."""
        ports = f"{self.source.port}, {self.target.port} and {self.s3.port}"
        step(f"Starting two Neo4j servers and s3proxy on loopback ports {ports}")
        with running(self.source, self.target, self.s3):
            self.fill()
            self.back_up()
            manifest = self.show_bucket()
            self.restore()
            is_identical = self.compare()
            self.target.reset()
            self.restore_with_cypher_shell(manifest["archive_key"])
            is_identical &= self.compare()
            step("Stopping the servers")
        return is_identical

    def fill(self) -> None:
        """Fill the source, and make the bucket."""
        step(f"Filling the first Neo4j: {ENTITIES} entities and their facts, with embeddings")
        with self.source.driver() as driver:
            size = graphiti.fill(driver, entities=ENTITIES)
        detail(f"{size.nodes} nodes and {size.relationships} relationships")
        self.s3.create_bucket(BUCKET)

    def back_up(self) -> None:
        """Make a backup."""
        step("Running backup.py")
        self._run_service()

    def show_bucket(self) -> dict[str, Any]:
        """List the bucket's objects and sum up the manifest, which is returned."""
        step(f"What lies in the bucket {BUCKET}")
        client = self.s3.client()
        entries = client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        for entry in entries:
            detail(f"{entry['Size']:>10,} bytes  {entry['Key']}")
        [key] = [entry["Key"] for entry in entries if entry["Key"].endswith(".manifest.json")]
        manifest: dict[str, Any] = json.load(client.get_object(Bucket=BUCKET, Key=key)["Body"])
        for name in ("server_version", "started", "finished", "archive_sha256", "text_size"):
            detail(f"{name}: {manifest[name]}")
        for name in ("method", "consistent", "nodes", "relationships_by_type", "indexes"):
            detail(f"export.{name}: {json.dumps(manifest['export'][name])}")
        return manifest

    def restore(self) -> None:
        """Restore the latest backup into the target."""
        step("Restoring into the second Neo4j: backup.py restore")
        self._run_service("restore", "--to-uri", self.target.uri)

    def restore_with_cypher_shell(self, key: str) -> None:
        """Pipe a stored archive through gunzip and cypher-shell into the target."""
        step("Restoring into the second Neo4j, empty again: gunzip | cypher-shell")
        archive = self.directory / Path(key).name
        self.s3.client().download_file(BUCKET, key, str(archive))
        unpack_into_cypher_shell(self.target, archive)

    def compare(self) -> bool:
        """Say whether source and target have the same graph and schema, and what differs."""
        step("Comparing the two graphs")
        with self.source.driver() as source, self.target.driver() as target:
            expected, actual = fingerprint(source), fingerprint(target)
        for name, graph in (("backed up", expected), ("restored", actual)):
            size = f"{graph.nodes} nodes, {graph.relationships} relationships"
            detail(f"{name}: {size}, {len(graph.schema)} constraints and indexes")
        differences = difference(expected, actual).splitlines()
        for line in differences or ["identical"]:
            detail(line)
        return not differences

    def _run_service(self, *arguments: str) -> None:
        """Run `backup.py` as the container does: environment variables, log on standard error."""
        # In a session of its own, so that a terminal's Ctrl-C reaches only this process.
        finished = subprocess.run(
            [sys.executable, str(_BACKUP), *arguments],
            cwd=self.directory,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
        if finished.returncode != 0:
            raise DemoError(f"backup.py ended with exit code {finished.returncode}")

    def _variables(self) -> dict[str, str]:
        """Return the service's configuration; of this process's environment it has only PATH."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "RESTORE_NEO4J_PASSWORD": self.target.password,
            **service_variables(self.source, self.s3, BUCKET, self.directory),
        }


def step(text: str) -> None:
    """Announce a step, with the seconds since the start."""
    print(f"[{time.monotonic() - _started:6.1f} s] {text}", flush=True)


def detail(text: str) -> None:
    """Print a line that belongs to the current step."""
    print(f"           {text}", flush=True)


def resolve_jars(*, calendar: bool) -> None:
    """Look for Java, and have the jars of the servers and of cypher-shell.

    Raises JavaError when Java or Maven is missing.
    """
    neo4j: tuple[jars.Kind, ...] = ("neo4j-calendar",) if calendar else ("neo4j", "apoc")
    kinds: tuple[jars.Kind, ...] = (*neo4j, "cypher-shell", "s3proxy")
    step(f"Resolving {', '.join(f'{kind} {jars.version(kind)}' for kind in kinds)}")
    if calendar:
        calendar_java()
    java()
    for kind in kinds:
        jars.resolve(kind)


def is_calendar(version: str) -> bool:
    """Whether a version is of the calendar release, and not of the LTS; 2026 and 5 are enough.

    Raises DemoError when it is of neither.
    """
    lts, calendar = jars.version("neo4j"), jars.version("neo4j-calendar")
    for known in (lts, calendar):
        if f"{known}.".startswith(f"{version}."):
            return known == calendar
    year, _, _ = calendar.partition(".")
    raise DemoError(
        f"NEO4J={version} is not known here: give 5 for {lts}, or {year} for {calendar}"
    )


def interrupt(number: int, _: FrameType | None) -> None:
    """Exit at the first signal; ignore later ones, so that the servers are stopped in peace."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def main() -> int:
    """Run the demo and return its exit code."""
    for number in _SIGNALS:
        signal.signal(number, interrupt)
    try:
        calendar = is_calendar(sys.argv[1] if len(sys.argv) > 1 else "5")
        resolve_jars(calendar=calendar)
        with tempfile.TemporaryDirectory(prefix="neo4j-r2-demo-") as directory:
            is_identical = Demo.in_directory(Path(directory), calendar=calendar).run()
    except SystemExit:
        print("Interrupted; everything is stopped", file=sys.stderr)
        raise
    except _FORESEEABLE as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    step("Done")
    return 0 if is_identical else 1


if __name__ == "__main__":
    sys.exit(main())
