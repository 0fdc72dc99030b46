"""The package that `pip install .` builds and installs, in an environment of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import pytest

from neo4j_r2 import __version__
from tests.unit.process import ROOT, TIMEOUT_SECONDS

COMPLETE = """
source "$1"
COMP_WORDS=(neo4j-r2-backup "${@:2}")
COMP_CWORD=$(($# - 1))
"$(complete -p neo4j-r2-backup | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def pip(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=3 * TIMEOUT_SECONDS, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that pip builds of this tree."""
    directory = tmp_path_factory.mktemp("wheel")
    built = pip("wheel", "--no-deps", "--wheel-dir", directory, ROOT)
    if "No matching distribution found for hatchling" in built.stderr:
        pytest.skip("the package index cannot be reached")
    assert built.returncode == 0, built.stderr
    (path,) = directory.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the programs of an environment into which the wheel is installed.

    It shares the other packages of this environment, which saves a minute.
    """
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, symlinks=True)
    python = directory / "bin" / "python"
    done = pip("--python", python, "install", "--no-deps", "--no-index", wheel)
    assert done.returncode == 0, done.stderr
    (packages,) = directory.glob("lib/python*/site-packages")
    (packages / "shared.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return python.parent


def run(
    installed: Path, directory: Path, *arguments: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the installed program in a directory that has nothing of this tree."""
    return subprocess.run(
        [installed / "neo4j-r2-backup", *arguments],
        cwd=directory,
        env={"PATH": os.environ["PATH"], "HOME": str(directory), **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def test_the_wheel_holds_the_package_with_its_types_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    information = f"neo4j_r2_backup-{__version__}.dist-info/"
    package = {name for name in names if not name.startswith(information)}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "neo4j_r2").rglob("*.py")}
    assert package == modules | {"neo4j_r2/py.typed"}
    assert f"{information}licenses/LICENSE" in names


def test_the_wheel_offers_shell_completion_as_an_extra(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("dist-info/METADATA")]
        metadata = message_from_string(archive.read(name).decode())
    assert metadata["Version"] == __version__
    assert metadata.get_all("Provides-Extra") == ["completion"]
    optional = [each for each in metadata.get_all("Requires-Dist", []) if "extra" in each]
    assert [re.split(r"[^a-z]", each)[0] for each in optional] == ["shtab"]


def test_the_installed_program_tells_its_version(installed: Path, tmp_path: Path) -> None:
    process = run(installed, tmp_path, "--version")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == f"neo4j-r2-backup {__version__}\n"


def test_the_installed_program_runs_its_commands(installed: Path, tmp_path: Path) -> None:
    variables = ("NEO4J_PASSWORD", "R2_ACCOUNT_ID", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY")
    right = {**dict.fromkeys(variables, "value"), "R2_BUCKET_NAME": "backups"}
    process = run(installed, tmp_path, "check", **right)
    assert (process.returncode, process.stdout) == (0, ""), process.stderr
    assert "[INFO] The configuration is OK\n" in process.stderr


def completed(script: Path, *words: str) -> set[str]:
    """Return what bash offers for the last of the words, with the printed script."""
    process = subprocess.run(
        ["/bin/bash", "-c", COMPLETE, "bash", script, *words],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    assert process.stderr == ""
    return set(process.stdout.split())


def test_bash_completes_the_commands_and_options_of_the_installed_program(
    installed: Path, tmp_path: Path
) -> None:
    pytest.importorskip("shtab", reason="the optional dependency shtab is not installed")
    process = run(installed, tmp_path, "--print-completion", "bash")
    assert process.returncode == 0, process.stderr
    script = tmp_path / "completion"
    script.write_text(process.stdout)
    assert completed(script, "ver") == {"verify"}
    assert {"list", "status", "restore"} <= completed(script, "")
    assert completed(script, "restore", "--to") == {"--to-uri", "--to-database"}
