"""The file that remembers the restore points of each database."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from neo4j_r2.run.restore_points import FILE_NAME, RestorePoints, RestorePointsFile
from testbed.made_up_state import lively

NOW = datetime(2025, 10, 8, 12, tzinfo=UTC)


def points() -> RestorePoints:
    made = lively(NOW, ("movies", "people")).points
    assert made is not None
    return made


def test_what_was_written_is_read(tmp_path: Path) -> None:
    file = RestorePointsFile(tmp_path / "state")
    assert file.read() is None
    file.write(points())
    assert file.read() == points()
    file.write(replace(points(), databases={}))
    assert file.read() == replace(points(), databases={})


def test_the_newest_is_one_that_no_restore_made() -> None:
    known = points().databases["movies"]
    safety = replace(known.points[-1], taken=NOW, is_before_restore=True)
    assert replace(known, points=(*known.points, safety)).newest == known.points[-1]
    assert replace(known, points=(safety,)).newest is None
    assert replace(known, points=()).newest is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format_version": 2}', "[" * 100_000])
def test_a_damaged_file_tells_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="ascii")
    assert RestorePointsFile(tmp_path).read() is None


@pytest.mark.parametrize(
    "change",
    [
        {"format_version": 2},
        {"looked": "2025-10-08T12:00:00"},
        {"looked": None},
        {"bucket": 5},
        {"databases": []},
        {"databases": {"movies": {"points": [[]], "backups": 1, "size": 1}}},
        {"databases": {"movies": {"points": [], "backups": True, "size": 1}}},
        {
            "databases": {
                "movies": {"points": [["x", "k", 1, "full", True, False]], "backups": 1, "size": 1}
            }
        },
    ],
)
def test_values_of_other_types_tell_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    RestorePointsFile(tmp_path).write(points())
    content = json.loads((tmp_path / FILE_NAME).read_bytes())
    (tmp_path / FILE_NAME).write_text(json.dumps({**content, **change}), encoding="ascii")
    assert RestorePointsFile(tmp_path).read() is None
