"""The real cypher-shell, reading statements from its standard input."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from testbed import jars
from testbed.java import java
from testbed.neo4j_server import QUICK_START, Neo4jServer

Statements = bytes | BinaryIO | Path


class CypherShellError(RuntimeError):
    """cypher-shell ended with a status other than 0; the message is its standard error."""


def run_cypher_shell(
    server: Neo4jServer,
    statements: Statements,
    *,
    heap: str = "512m",
    environment: Mapping[str, str] | None = None,
    check: bool = True,
    java_options: Sequence[str] = QUICK_START,
) -> subprocess.CompletedProcess[bytes]:
    """Feed `statements` (bytes, an open file or a path) to cypher-shell, and wait for its end.

    `environment` is added to the inherited one, for example a locale; the password travels there
    too; a benchmark passes java_options=(). Raises CypherShellError when `check` and the shell
    reports a failure.
    """
    variables = {**os.environ, **(environment or {}), "NEO4J_PASSWORD": server.password}
    with _as_file(statements) as stdin:
        finished = subprocess.run(
            _command(server, heap, java_options),
            stdin=stdin,
            capture_output=True,
            env=variables,
            check=False,
        )
    if check and finished.returncode != 0:
        reason = finished.stderr.decode(errors="replace").strip()
        raise CypherShellError(f"cypher-shell ended with status {finished.returncode}: {reason}")
    return finished


def unpack_into_cypher_shell(
    server: Neo4jServer,
    archive: Path,
    *,
    heap: str = "512m",
    java_options: Sequence[str] = QUICK_START,
) -> None:
    """Pipe an archive through gunzip into cypher-shell.

    Raises CypherShellError when one of the two fails.
    """
    with subprocess.Popen(["gunzip", "--stdout", str(archive)], stdout=subprocess.PIPE) as gunzip:
        statements = cast(BinaryIO, gunzip.stdout)
        run_cypher_shell(server, statements, heap=heap, java_options=java_options)
    if gunzip.returncode != 0:
        raise CypherShellError(f"gunzip ended with exit code {gunzip.returncode}")


def _command(server: Neo4jServer, heap: str, java_options: Sequence[str]) -> list[str]:
    return [
        java(),
        *java_options,
        f"-Xmx{heap}",
        "-cp",
        f"{jars.resolve('cypher-shell')}/*",
        "org.neo4j.shell.Main",
        f"--address={server.uri}",
        f"--username={server.user}",
        f"--database={server.database}",
        "--format=plain",
        "--non-interactive",
    ]


@contextmanager
def _as_file(statements: Statements) -> Iterator[BinaryIO]:
    """`statements` as an open file with a descriptor, which a child process needs."""
    if isinstance(statements, Path):
        with statements.open("rb") as file:
            yield file
    elif isinstance(statements, bytes):
        with tempfile.TemporaryFile() as file:
            file.write(statements)
            file.seek(0)
            yield file
    else:
        yield statements
