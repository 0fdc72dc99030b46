"""The commands that docs/restore.md gives for somebody without this service."""

from __future__ import annotations

import gzip
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from testbed import age, jars
from testbed.cypher_shell import run_cypher_shell
from testbed.java import java
from testbed.neo4j_server import QUICK_START, Neo4jServer
from tests.integration import everything

PAGE = Path(__file__).parents[2] / "docs" / "restore.md"


def commands_of(start: str, end: str) -> str:
    """Return the commands of the page between two texts, but for the exports of variables."""
    section = PAGE.read_text().partition(start)[2].partition(end)[0]
    commands = "".join(re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))
    return re.sub(r"^export .*\n", "", commands, flags=re.MULTILINE)


def run_by_hand(commands: str, server: Neo4jServer, directory: Path) -> str:
    """Run commands of the page with a real cypher-shell, up to the first that fails."""
    shell = directory / "cypher-shell"
    java_options = ["-cp", f"{jars.resolve('cypher-shell')}/*", "org.neo4j.shell.Main"]
    shell.write_text(f'#!/bin/sh\nexec {shlex.join([java(), *QUICK_START, *java_options])} "$@"\n')
    shell.chmod(0o700)
    variables = {
        "PATH": f"{directory}:{os.environ['PATH']}",
        "NEO4J_URI": server.uri,
        "NEO4J_PASSWORD": server.password,
    }
    finished = subprocess.run(
        ["/bin/bash", "-e", "-c", commands],
        cwd=directory,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_the_page_empties_a_neo4j_with_data_constraints_and_indexes(
    target: Neo4jServer, tmp_path: Path
) -> None:
    with target.driver() as driver:
        everything.fill_schema(driver)
        driver.execute_query("CREATE (:Left)")

    run_by_hand(commands_of("## To empty a Neo4j\n", "\n## "), target, tmp_path)

    looks = b"MATCH (n) RETURN count(n); SHOW CONSTRAINTS YIELD name; SHOW INDEXES YIELD type;"
    left = run_cypher_shell(target, looks).stdout.decode().splitlines()
    assert left[:2] == ["count(n)", "0"]
    assert set(left[2:]) <= {"name", "type", '"LOOKUP"'}


@pytest.mark.skipif(age.unavailable() is not None, reason="no age")
@pytest.mark.parametrize("extension", ["cypher", "cypher.gz", "cypher.age", "cypher.gz.age"])
def test_the_page_reads_an_archive_of_every_kind(extension: str, tmp_path: Path) -> None:
    last_line = b"// End of export: 1 nodes, 0 relationships\n"
    archive = gzip.compress(last_line) if ".gz" in extension else last_line
    public = age.new_identity(tmp_path / "key.txt")
    archive = age.encrypt(archive, public) if extension.endswith(".age") else archive
    (tmp_path / f"neo4j.{extension}").write_bytes(archive)

    commands = f"set -o pipefail; archive=neo4j.{extension}\n" + commands_of("**4. ", "**5. ")
    printed = subprocess.check_output(["/bin/bash", "-e", "-c", commands], cwd=tmp_path)

    assert printed == last_line
