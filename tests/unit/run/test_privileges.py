"""Root gives up its rights; each test has a process of its own, and only root can run them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.process import ROOT, TIMEOUT_SECONDS

OWNER, GROUP, STRANGER = 12_345, 12_346, 23_456
GROUPS = [4, 24]
UNCHANGED = [[0] * 3, [0] * 3, GROUPS, None]
BECOME = """
import json, os, sys
from pathlib import Path
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.privileges import become_owner
error = None
try:
    exec(sys.argv[2])
    become_owner(Path(sys.argv[1]))
except ConfigurationError as raised:
    error = str(raised)
print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups(), error]))
"""
SETPRIV = str(shutil.which("setpriv"))

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def owned(directory: Path, user: int, group: int) -> Path:
    """Make a directory that belongs to a user."""
    directory.mkdir()
    os.chown(directory, user, group)
    return directory


def become(directory: Path, *prefix: str, before: str = "") -> list[Any]:
    """Let a process of root become the owner; return its ids, groups and error."""
    output = subprocess.run(
        [*prefix, sys.executable, "-c", BECOME, str(directory), before],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        extra_groups=GROUPS,
        stdout=subprocess.PIPE,
        timeout=TIMEOUT_SECONDS,
        check=True,
    ).stdout
    result: list[Any] = json.loads(output)
    return result


def test_root_becomes_the_owner_for_good_and_gives_up_its_groups(tmp_path: Path) -> None:
    directory = owned(tmp_path / "state", OWNER, GROUP)
    assert become(directory) == [[OWNER] * 3, [GROUP] * 3, [], None]


@pytest.mark.parametrize("group", [0, GROUP])
def test_root_stays_root_for_a_directory_of_its_own(tmp_path: Path, group: int) -> None:
    assert become(owned(tmp_path / "state", 0, group)) == UNCHANGED


@pytest.mark.parametrize("path", ["missing", "missing/state", "file"])
def test_root_stays_root_without_a_directory(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    os.chown(tmp_path / "file", OWNER, GROUP)
    assert become(tmp_path / path) == UNCHANGED
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_another_user_stays_who_it_is(tmp_path: Path) -> None:
    ids = f"{STRANGER}, {STRANGER}, {STRANGER}"
    become_stranger = f"os.setresgid({ids}); os.setresuid({ids})"
    result = become(owned(tmp_path / "state", OWNER, GROUP), before=become_stranger)
    assert result == [[STRANGER] * 3, [STRANGER] * 3, GROUPS, None]


@pytest.mark.skipif(SETPRIV == "None", reason="there is no setpriv to take capabilities away")
@pytest.mark.parametrize("lacking", ["-setuid", "-setgid", "-setuid,-setgid"])
def test_the_error_names_the_capabilities_that_root_lacks(tmp_path: Path, lacking: str) -> None:
    directory = owned(tmp_path / "state", OWNER, GROUP)
    options = (f"--bounding-set={lacking}", f"--inh-caps={lacking}")
    ids, _, _, error = become(directory, SETPRIV, *options)
    assert ids == [0] * 3
    assert f"BACKUP_STATE_DIR={str(directory)!r} belongs to user {OWNER}" in error
    assert "the capabilities SETUID and SETGID" in error


def test_root_is_the_owner_for_a_while_and_then_root_again(tmp_path: Path) -> None:
    code = """
import ctypes, json, os, sys
from pathlib import Path
from neo4j_r2.run.privileges import as_owner
is_dumpable = lambda: ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)  # else others cannot use its output
ids = lambda: [os.geteuid(), os.getegid(), is_dumpable()]
seen = []
try:
    with as_owner(Path(sys.argv[1])):
        seen.append(ids())
        raise KeyError
except KeyError:
    seen.append(ids())
with as_owner(Path(sys.argv[1]) / "missing"):
    seen.append(ids())
print(json.dumps(seen))
"""
    directory = owned(tmp_path / "state", OWNER, GROUP)
    output = subprocess.run(
        [sys.executable, "-c", code, str(directory)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=True,
    ).stdout
    assert json.loads(output) == [[OWNER, GROUP, 0], [0, 0, 1], [0, 0, 1]]
