"""What somebody sees who runs commands on a terminal, and what a pipe gets instead."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from tests.service import BACKUP, Service
from tests.terminal import Shown, run_on_terminal

NODES = 60_000
FILL = "UNWIND range(1, $nodes) AS i CREATE (:A {a: i, b: toString(i)})"


@pytest.fixture
def service(source: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    """The service, and a graph that takes some seconds to restore."""
    with source.driver() as driver:
        driver.execute_query(FILL, nodes=NODES)
        driver.execute_query("CREATE INDEX FOR (n:A) ON (n.a)")
    return Service.configured(source, s3, bucket, tmp_path)


def seen(service: Service, *arguments: str, columns: int = 300) -> Shown:
    environment = {**os.environ, "TERM": "xterm-256color", **service.variables}
    return run_on_terminal(
        BACKUP, *arguments, directory=service.directory, environment=environment, columns=columns
    )


def actions(shown: Shown) -> list[str]:
    """Return the first words of the bars, in the order in which they came."""
    text = re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", shown.written).replace("\r", "\n")
    return list(dict.fromkeys(re.findall(r"^(\w[\w ]*?) +[━╸╺]+", text, re.MULTILINE)))


def test_each_long_step_has_a_bar_and_the_log_stays_as_it_is_without_one(service: Service) -> None:
    made = seen(service, "backup")
    verified = seen(service, "verify")
    restored = seen(service, "restore", "--force")

    assert made.exit_code == verified.exit_code == restored.exit_code == 0, restored.lines
    assert actions(made) == ["Exported"]
    assert actions(verified) == ["Checked"]
    assert actions(restored) == ["Checked", "Exported", "Deleted", "Restored", "Building indexes"]
    for shown in (made, verified, restored):
        assert all(line.startswith(("[INFO] ", "[WARNING] ")) for line in shown.lines), shown.lines
    assert made.lines[-1] == "[INFO] Backup completed successfully!"
    piped = service.run("verify").log.splitlines()
    assert verified.lines == piped


def test_list_fits_into_a_terminal_of_80_columns(service: Service) -> None:
    key = service.backup().manifest["archive_key"]
    shown = seen(service, "list", columns=80)
    assert shown.exit_code == 0
    assert shown.lines[2].split()[0] == "neo4j"
    assert shown.lines[3].split() == [key, "full"]
