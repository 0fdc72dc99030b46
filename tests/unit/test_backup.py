"""The command line, before it reaches any server."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import backup
from neo4j_r2 import __version__
from neo4j_r2.main import main
from tests.unit.process import ROOT, run, run_program

COMMANDS = (
    "backup",
    "list",
    "prune",
    "restore",
    "verify",
    "notify",
    "check",
    "wait",
    "supervise",
    "health",
)
REQUIRED_OPTIONS = {"notify": ["--test"]}


def test_a_wrong_configuration_ends_with_2_and_names_every_wrong_variable(tmp_path: Path) -> None:
    process = run_program(tmp_path, HOME=str(tmp_path), BACKUP_RETENTION_DAYS="-1")
    assert process.returncode == 2
    for name in ("NEO4J_PASSWORD", "R2_ACCOUNT_ID", "R2_BUCKET_NAME", "BACKUP_RETENTION_DAYS"):
        assert name in process.stderr
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_the_other_commands_name_the_wrong_variable(tmp_path: Path, command: str) -> None:
    arguments = [command, *REQUIRED_OPTIONS.get(command, [])]
    process = run_program(tmp_path, *arguments, HOME=str(tmp_path), BACKUP_SCHEDULE="0 25 * * *")
    assert process.returncode == 2
    assert "  - BACKUP_SCHEDULE='0 25 * * *': accepted is" in process.stderr
    assert process.stderr.count("[ERROR]") == 1
    assert process.stdout == ""


def test_a_signal_at_the_very_end_does_not_change_the_exit_code() -> None:
    code = """
import atexit, os, signal, sys
import backup

def signal_all():
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)

atexit.register(signal_all)
os.environ["BACKUP_SCHEDULE"] = "never"
sys.exit(backup.main(["check"]))
"""
    process = run(code)
    assert process.returncode == 2
    assert "Traceback" not in process.stderr


def test_the_installed_command_is_the_same_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (script,) = project["project"]["scripts"].values()
    module, _, function = script.partition(":")
    assert getattr(import_module(module), function) is vars(backup)["main"]


def test_the_installed_command_takes_its_name_and_arguments_from_the_process() -> None:
    code = "import sys; from neo4j_r2.main import main; sys.argv = sys.argv[1:]; sys.exit(main())"
    process = run(code, "/usr/local/bin/neo4j-r2-backup", "destroy")
    assert process.returncode == 2
    assert process.stderr.startswith("usage: neo4j-r2-backup [-h]")


def test_the_version_is_named_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "neo4j_r2/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_an_unknown_command_ends_with_2(tmp_path: Path) -> None:
    process = run_program(tmp_path, "destroy")
    assert process.returncode == 2
    assert "usage" in process.stderr


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_help_lists_all_commands(tmp_path: Path, option: str) -> None:
    process = run_program(tmp_path, option)
    listed = re.findall(r"^ {4}(\w+)", process.stdout, re.MULTILINE)
    assert (process.returncode, process.stderr) == (0, "")
    assert sorted(set(listed) & set(COMMANDS)) == sorted(COMMANDS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (("restore", "KEY", "--from-file", "PATH"), "leave out KEY and --at"),
        (("restore", "--at", "2025-10-08", "--from-file", "PATH"), "leave out KEY and --at"),
        (("restore", "KEY", "--at", "2025-10-08"), "leave out KEY"),
        (("restore", "--to-database", "system"), "argument --to-database"),
        (("restore", ""), "key is empty"),
        (("restore", "--from-file", ""), "from-file is empty"),
        (("restore", "--to-uri", ""), "to-uri is empty"),
        (("verify", "--drill", ""), "drill is empty"),
        (("notify",), "required: --test"),
        (("verify", "KEY", "--all"), "no KEY and no --drill"),
        (("verify", "--all", "--drill", "bolt://scratch"), "no KEY and no --drill"),
    ],
)
def test_options_that_do_not_go_together_end_with_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], phrase: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert phrase in printed.err
    assert "Traceback" not in printed.err
