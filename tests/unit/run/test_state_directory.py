"""The state directory must belong to its user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.state_directory import require_own


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
