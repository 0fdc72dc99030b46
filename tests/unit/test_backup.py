"""The command line, before it reaches any server."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import backup
from neo4j_r2 import __version__
from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.main import main
from tests.keys import KeyPair
from tests.unit.process import ROOT, run, run_program

COMMANDS = (
    "backup",
    "list",
    "prune",
    "restore",
    "verify",
    "fetch",
    "diff",
    "drill",
    "proof",
    "notify",
    "check",
    "wait",
    "supervise",
    "metrics",
    "health",
)
REQUIRED_OPTIONS = {"notify": ["--test"], "diff": ["one", "two"]}


def test_a_wrong_configuration_ends_with_2_and_names_every_wrong_variable(tmp_path: Path) -> None:
    process = run_program(tmp_path, HOME=str(tmp_path), BACKUP_RETENTION_DAYS="-1")
    assert process.returncode == 2
    for name in ("NEO4J_PASSWORD", "R2_ACCOUNT_ID", "R2_BUCKET_NAME", "BACKUP_RETENTION_DAYS"):
        assert name in process.stderr
    assert "Traceback" not in process.stderr


@pytest.mark.parametrize("command", COMMANDS[1:])
def test_the_other_commands_name_the_wrong_variable(tmp_path: Path, command: str) -> None:
    arguments = [command, *REQUIRED_OPTIONS.get(command, [])]
    # The supervisor runs only in the container.
    variables = {"HOME": str(tmp_path), "BACKUP_CONTAINER": "true"}
    process = run_program(tmp_path, *arguments, **variables, BACKUP_SCHEDULE="0 25 * * *")
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


def test_the_version_is_named_once_in_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["hatch"]["version"]["path"] == "neo4j_r2/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_the_label_of_the_image_has_the_version() -> None:
    label = f'org.opencontainers.image.version="{__version__}"'
    assert label in (ROOT / "Dockerfile").read_text(encoding="utf-8")


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


def test_outside_of_its_environment_the_program_says_so_in_one_line(tmp_path: Path) -> None:
    without_packages = [sys.executable, "-S", str(ROOT / "backup.py")]
    process = subprocess.run(
        without_packages, capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert process.returncode == 2
    assert process.stderr.startswith("[ERROR] A Python package is missing or too old (No module")
    assert "run this program with the Python of its environment" in process.stderr
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13)])
def test_an_older_python_is_told_that_it_is_too_old(version: tuple[int, ...]) -> None:
    code = "import runpy, sys; sys.version_info = eval(sys.argv[1]); runpy.run_path('backup.py')"
    process = run(code, repr(version))
    assert process.returncode == 2
    assert process.stderr == (
        f"[ERROR] This is Python 3.{version[1]}, and backup.py needs 3.11 or newer\n"
    )


@pytest.mark.parametrize("minor", [6, 7, 8, 9, 10])
def test_an_older_python_can_read_the_file_that_tells_it(minor: int) -> None:
    text = (ROOT / "backup.py").read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, minor))
    assert "__future__" not in text  # Python 3.6 has no `annotations` there


@pytest.mark.parametrize("arguments", [[], ["--failed", "2"]], ids=["to start", "failed"])
def test_on_a_host_the_supervisor_says_what_to_use_and_starts_no_crond(
    tmp_path: Path, arguments: list[str]
) -> None:
    crond = tmp_path / "crond"
    crond.write_text('#!/bin/sh\n: >"$HOME/started"\n')
    crond.chmod(0o700)
    process = run_program(tmp_path, "supervise", *arguments, HOME=str(tmp_path), PATH=str(tmp_path))
    assert process.returncode == 2
    assert process.stderr.startswith("[ERROR] supervise is the container's first process; ")
    assert "systemd timer" in process.stderr
    assert process.stderr.count("\n") == 1
    assert not (tmp_path / "started").exists()


def test_a_container_without_crond_says_so_in_one_line(tmp_path: Path) -> None:
    home = str(tmp_path)
    process = run_program(tmp_path, "supervise", HOME=home, PATH=home, BACKUP_CONTAINER="true")
    assert process.returncode == 2
    errors = [line for line in process.stderr.splitlines() if not line.startswith("[INFO]")]
    assert [line.partition(":")[0] for line in errors] == [
        "[ERROR] crond cannot be started (No such file or directory)"
    ]


@pytest.mark.parametrize("name", ["gone.cypher", "x" * 5000])
def test_a_file_that_is_not_there_is_told_before_anything_is_asked_for(
    tmp_path: Path, name: str
) -> None:
    process = run_program(tmp_path, "restore", "--from-file", name, HOME=str(tmp_path))
    assert process.returncode == 2
    assert process.stderr.startswith(f"[ERROR] {name} cannot be read: ")
    assert process.stderr.count("\n") == 1


def test_the_version_is_told(tmp_path: Path) -> None:
    process = run_program(tmp_path, "--version")
    assert (process.returncode, process.stdout) == (0, f"backup.py {__version__}\n")


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_shell_gets_its_completion_if_the_library_is_there(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    pytest.importorskip("shtab", reason="the optional dependency shtab is not installed")
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", shell])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(command in printed for command in COMMANDS)
    assert "--drill" in printed


def test_without_the_library_of_completion_it_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    with pytest.raises(SystemExit) as ended:
        main(["--print-completion", "bash"])
    assert ended.value.code == 2
    assert capsys.readouterr().err.endswith(
        "--print-completion needs the optional dependency: pip install '.[completion]'\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example_that_it_accepts(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert not [line for line in printed.splitlines() if line != line.rstrip()]
    (example,) = re.findall(r"^Example:\n  (.*)\n {4}\S", printed, re.MULTILINE)
    _, *arguments = shlex.split(example)
    assert arguments[0] == command
    assert parse_arguments(arguments)[0] == command


PRIVATE = KeyPair.new().private


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "--identity", PRIVATE),
        ("restore", f"--identity={PRIVATE.lower()}"),
        ("restore", "--identity", f"# public key: age1\n{PRIVATE}"),
        ("restore", "--identity=-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r"),
        ("verify", PRIVATE),
        ("verify", "latest", PRIVATE),
        ("restore", "--from-file", PRIVATE[:-1]),
        ("restore", "--to-database", PRIVATE),
        ("list", "--database", PRIVATE),
        (PRIVATE,),
    ],
)
def test_a_private_key_on_the_command_line_is_refused_and_not_shown(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert "error: an argument holds a private key" in printed.err
    assert PRIVATE[20:40].lower() not in (printed.out + printed.err).lower()
    assert "b3BlbnNzaC1r" not in printed.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("verify", "latest", "bolt://neo4j:pass-word@scratch"),
        ("bolt://neo4j:pass-word@scratch",),
        ("list", "--database", "bolt://neo4j:pass-word@scratch"),
    ],
)
def test_a_password_in_a_misplaced_url_is_not_shown(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert "error: " in printed.err
    assert "pass-word" not in printed.out + printed.err


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
