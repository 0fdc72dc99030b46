"""The file that remembers of which overdue drills people were told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from neo4j_r2.run.told_overdue import FILE_NAME, ToldOverdue
from tests.full_disk import filled, small_disk

DUE = datetime(2025, 10, 26, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))


def test_what_was_told_is_remembered_for_each_database_with_the_instant(tmp_path: Path) -> None:
    file = ToldOverdue(tmp_path)
    assert file.read() == {}
    file.record({"neo4j": DUE})
    file.record({"movies": DUE.replace(fold=1)})
    told = {name: time.timestamp() for name, time in file.read().items()}
    assert told == {"neo4j": DUE.timestamp(), "movies": DUE.replace(fold=1).timestamp()}


@pytest.mark.parametrize("content", ["", "5", "null", "[]", '{"neo4j": 5}', "[" * 100_000])
def test_a_damaged_file_says_that_nothing_was_told(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content, encoding="utf-8")
    assert ToldOverdue(tmp_path).read() == {}


def test_a_full_disk_is_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    directory = tmp_path / "state"
    with small_disk(directory), filled(directory):
        ToldOverdue(directory).record({"neo4j": DUE})
    (warning,) = caplog.messages
    assert warning.startswith("That people are told of an overdue drill is not recorded: ")
