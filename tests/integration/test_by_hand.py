"""The commands that docs/restore.md gives for somebody without this service."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from testbed import jars
from testbed.cypher_shell import run_cypher_shell
from testbed.java import java
from testbed.neo4j_server import QUICK_START, Neo4jServer
from tests.integration import everything

PAGE = Path(__file__).parents[2] / "docs" / "restore.md"


def commands_of(heading: str) -> str:
    """Return the commands in the section of the page that has a heading."""
    section = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return "".join(re.findall(r"^```bash\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


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
        ["/bin/bash", "-e", "-o", "pipefail", "-c", commands],
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

    run_by_hand(commands_of("To empty a Neo4j"), target, tmp_path)

    looks = b"MATCH (n) RETURN count(n); SHOW CONSTRAINTS YIELD name; SHOW INDEXES YIELD type;"
    left = run_cypher_shell(target, looks).stdout.decode().splitlines()
    assert left[:2] == ["count(n)", "0"]
    assert set(left[2:]) <= {"name", "type", '"LOOKUP"'}
