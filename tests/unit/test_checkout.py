"""What git does to the files of a checkout."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.unit.process import ROOT, TIMEOUT_SECONDS


def git(*arguments: str) -> str:
    """Return what git says of this checkout."""
    program = shutil.which("git")
    if program is None or not (ROOT / ".git").exists():
        pytest.skip("no checkout, or no git")
    return subprocess.run(
        [program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    ).stdout


def attribute(name: str, path: str) -> str:
    """Return what git says of a path, which need not be there."""
    return git("check-attr", name, "--", path).strip().rpartition(": ")[2]


@pytest.mark.parametrize("path", ["entrypoint.sh", "backup.py", "Dockerfile", ".env.example"])
def test_what_the_container_reads_has_its_line_ends_on_every_system(path: str) -> None:
    assert attribute("text", path) == "auto"
    assert attribute("eol", path) == "lf"


@pytest.mark.parametrize("path", ["picture.png", "archive.cypher.gz", "archive.cypher.gz.age"])
def test_what_is_no_text_stays_as_it_is(path: str) -> None:
    assert attribute("text", path) == "unset"


def test_a_script_stays_as_another_program_wrote_it() -> None:
    scripts = git("ls-files", "tests/unit/archive/foreign/apoc").split()
    assert scripts
    assert {attribute("text", path) for path in scripts} == {"unset"}
