"""The state directory must belong to its user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from neo4j_r2.core.errors import ConfigurationError, NoSpaceError
from neo4j_r2.run.state_directory import (
    open_file,
    remove_leftovers,
    replace_file,
    require_own,
    write_problem,
)
from tests.full_disk import filled, small_disk


def test_a_missing_directory_is_made_for_its_user_alone(tmp_path: Path) -> None:
    require_own(tmp_path / "a" / "state")
    assert (tmp_path / "a" / "state").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "a" / "state").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    with pytest.raises(ConfigurationError, match="belongs to user 12345, and backups are made by"):
        require_own(tmp_path)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(ConfigurationError, match="cannot be used by user"):
        require_own(tmp_path / "state")


def test_a_replacement_that_finds_no_space_leaves_the_old_file_and_nothing_else(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "state"
    with small_disk(directory):
        replace_file(directory / "state.json", "old")
        with filled(directory), pytest.raises(NoSpaceError, match="has no space left"):
            replace_file(directory / "state.json", "new" * 10_000)
        assert [path.name for path in directory.iterdir()] == ["state.json"]
        assert (directory / "state.json").read_text() == "old"


def test_a_full_directory_is_a_problem_until_there_is_room(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    assert write_problem(directory) == ""
    with small_disk(directory):
        assert write_problem(directory) == ""
        with filled(directory):
            assert "has no space left (No space left on device): make" in write_problem(directory)
        assert write_problem(directory) == ""
        assert list(directory.iterdir()) == []


def test_what_killed_processes_left_is_removed_but_not_what_is_being_written(
    tmp_path: Path,
) -> None:
    left, fresh = tmp_path / "state.12.new", tmp_path / "state.13.new"
    for path in (left, fresh):
        path.touch()
    os.utime(left, (1, 1))
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [fresh]


@pytest.mark.parametrize("umask", [0, 0o022, 0o277])
def test_files_have_one_mode_whatever_the_umask_and_the_mode_of_before(
    tmp_path: Path, umask: int
) -> None:
    (tmp_path / "state.json").touch(mode=0o644)
    previous = os.umask(umask)
    try:
        replace_file(tmp_path / "state.json", "{}")
        open_file(tmp_path / "backup.lock").close()
    finally:
        os.umask(previous)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
