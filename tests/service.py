"""The service as its users start it: `backup.py` in a process of its own."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from neo4j_r2.config.route import requested_route
from neo4j_r2.run.route_directory import route_directory
from testbed.fault_proxy import FaultProxy
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.service_variables import service_variables
from tests.warm_start import Command, WarmProcess

BACKUP = Path(__file__).parent.parent / "backup.py"
DEVNULL = Path(os.devnull)
TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Run:
    """A run that has ended."""

    exit_code: int
    log: str


@dataclass(frozen=True)
class Service:
    """A configuration, and the bucket it writes to."""

    s3: S3Server
    bucket: str
    directory: Path
    variables: Mapping[str, str]

    @staticmethod
    def configured(source: Neo4jServer, s3: S3Server, bucket: str, directory: Path) -> Service:
        """Return a service that backs up `source` into `bucket`, with its state in `directory`."""
        variables = service_variables(source, s3, bucket, directory)
        return Service(s3, bucket, directory, variables)

    def with_variables(self, **variables: str) -> Service:
        """Return the same service with some variables changed; an empty one counts as unset."""
        return replace(self, variables={**self.variables, **variables})

    def through(self, proxy: FaultProxy) -> Service:
        """Return the same service with `proxy`, in front of the S3 server, as its endpoint."""
        variables = {"R2_ENDPOINT_URL": proxy.endpoint_url}
        if proxy.ca_certificate:
            variables["AWS_CA_BUNDLE"] = str(proxy.ca_certificate)
        return self.with_variables(**variables)

    def in_small_parts(self) -> Service:
        """Return the same service with small parts: to hold one part stops the walk midway."""
        return self.with_variables(
            BACKUP_EXPORT_METHOD="manual",
            BACKUP_COMPRESSION="false",
            BACKUP_PART_SIZE_MB="5",
            BACKUP_UPLOAD_CONCURRENCY="1",
        )

    @property
    def state_directory(self) -> Path:
        """The directory for the state of this configuration's route."""
        root = Path(self.variables["BACKUP_STATE_DIR"])
        return route_directory(root, requested_route(self.variables, {}))

    def start(self, *arguments: str, stdin: Path = DEVNULL) -> WarmProcess:
        """Start a run, with a file as its standard input, and return at once.

        Its log is on standard error.
        """
        environment = {**_environment(), **self.variables}
        return WarmProcess(Command(BACKUP, arguments, self.directory, environment, stdin))

    def cold_start(
        self, *arguments: str, output: int | BinaryIO = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a run in a new Python, as users do, and return at once.

        :param output: where its standard output goes.
        """
        return subprocess.Popen(
            [sys.executable, str(BACKUP), *arguments],
            cwd=self.directory,
            env={**_environment(), **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, stdin: Path = DEVNULL) -> Run:
        """Run a command to its end, with a file as standard input."""
        return finish(self.start(*arguments, stdin=stdin))

    def backup(self) -> Backup:
        """Make a backup, which has to succeed, and return it."""
        run = self.run()
        assert run.exit_code == 0, run.log
        return self.backups()[-1]

    def keys(self) -> list[str]:
        """Return the keys of all objects in the bucket."""
        listing = self.s3.client().list_objects_v2(Bucket=self.bucket)
        return [entry["Key"] for entry in listing.get("Contents", [])]

    def object(self, key: str) -> bytes:
        """Return an object's bytes."""
        return self.s3.client().get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def backups(self) -> list[Backup]:
        """Return all complete backups, oldest first."""
        manifests = [key for key in self.keys() if key.endswith(".manifest.json")]
        return [self._backup(json.loads(self.object(key))) for key in sorted(manifests)]

    def _backup(self, manifest: dict[str, Any]) -> Backup:
        return Backup(manifest, self.object(manifest["archive_key"]))


@dataclass(frozen=True)
class Backup:
    """A complete backup, read from the bucket."""

    manifest: dict[str, Any]
    archive: bytes

    @property
    def text(self) -> bytes:
        """The archive's Cypher text."""
        is_compressed = self.manifest["archive_key"].endswith(".gz")
        return gzip.decompress(self.archive) if is_compressed else self.archive

    def block_text(self, block: Mapping[str, Any]) -> bytes:
        """The text of one block of the manifest's table, cut out of the archive."""
        data = self.archive[block["offset"] : block["offset"] + block["length"]]
        return gzip.decompress(data) if self.manifest["archive_key"].endswith(".gz") else data


def finish(process: WarmProcess | subprocess.Popen[str], seconds: float = TIMEOUT_SECONDS) -> Run:
    """Wait for the end of a run; one that takes longer than `seconds` is killed, and fails."""
    with process:
        try:
            output, log = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert output == "", "the log belongs on standard error"
    return Run(process.returncode, log)


def _environment() -> dict[str, str]:
    """Return this process's environment without variables that configure the service."""
    prefixes = ("NEO4J_", "RESTORE_", "R2_", "BACKUP_", "LOG_", "AWS_", "METRICS_", "DRILL_")
    return {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
