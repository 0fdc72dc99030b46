"""The file that remembers why the service could not start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from neo4j_r2.run.record import recorded
from neo4j_r2.run.report import RunReport
from neo4j_r2.run.start_problem import FILE_NAME, StartProblem, StartProblemFile

PROBLEM = StartProblem(datetime(2025, 10, 8, 2, tzinfo=UTC), 4, "R2 failed: “no”")


def test_a_problem_is_remembered_until_it_is_over(tmp_path: Path) -> None:
    file = StartProblemFile(tmp_path / "not" / "yet")
    assert file.read() == file.remove() == []
    assert file.latest() is None
    assert file.write(PROBLEM)
    assert file.read() == [PROBLEM]
    assert file.latest() == PROBLEM
    assert file.remove() == [PROBLEM]
    assert file.read() == []


def test_a_second_problem_does_not_replace_the_first_one(tmp_path: Path) -> None:
    file = StartProblemFile(tmp_path)
    other, again = replace(PROBLEM, exit_code=3), replace(PROBLEM, error="R2 failed again")
    file.write(PROBLEM)
    file.write(other)
    assert file.latest() == other
    assert file.read() == [PROBLEM, other]
    file.write(again)
    assert file.remove() == [other, again]


@pytest.mark.parametrize("content", ["", "5", "null", "{}", '[{"since": 5}]', "[" * 100_000])
def test_a_damaged_file_tells_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert StartProblemFile(tmp_path).read() == []


def test_a_problem_that_cannot_be_recorded_is_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    assert not StartProblemFile(tmp_path / "file").write(PROBLEM)
    assert "is not recorded" in caplog.text


def test_a_run_that_succeeds_ends_the_problem_and_is_told_as_a_recovery(tmp_path: Path) -> None:
    StartProblemFile(tmp_path).write(PROBLEM)
    reports: list[RunReport] = []
    with pytest.raises(KeyError), recorded(tmp_path, reports.append):
        raise KeyError
    assert StartProblemFile(tmp_path).read() == [PROBLEM]
    for _ in range(2):
        with recorded(tmp_path, reports.append):
            pass
    assert StartProblemFile(tmp_path).read() == []
    assert [each.has_failed_before for each in reports] == [False, True, False]


def test_a_problem_that_nobody_was_told_of_is_no_recovery(tmp_path: Path) -> None:
    StartProblemFile(tmp_path).write(replace(PROBLEM, is_told=False))
    reports: list[RunReport] = []
    with recorded(tmp_path, reports.append):
        pass
    assert StartProblemFile(tmp_path).read() == []
    assert not reports[0].has_failed_before
