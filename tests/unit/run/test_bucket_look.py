"""The file that remembers the last look at the bucket."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from neo4j_r2.run.bucket_look import FILE_NAME, BucketLook
from neo4j_r2.run.state import State, StateFile

FAULT = "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz: it has no manifest"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The state directory of a service that has run."""
    StateFile(tmp_path).write(State(datetime(2025, 10, 8, tzinfo=UTC)))
    return tmp_path


def test_the_faults_of_each_database_are_kept_until_the_next_look_at_it(directory: Path) -> None:
    look = BucketLook(directory)
    assert look.read() == {}
    look.record("neo4j", [FAULT])
    look.record("movies", ["another"])
    assert look.read() == {"neo4j": [FAULT], "movies": ["another"]}
    look.record("neo4j", [])
    assert look.read() == {"neo4j": [], "movies": ["another"]}


def test_nothing_is_written_where_no_service_has_run(tmp_path: Path) -> None:
    BucketLook(tmp_path / "missing").record("neo4j", [FAULT])
    BucketLook(tmp_path).record("neo4j", [FAULT])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "null", '{"neo4j": 5}', "[" * 100_000, '"x"'])
def test_a_damaged_file_tells_nothing(directory: Path, content: str) -> None:
    (directory / FILE_NAME).write_text(content)
    assert BucketLook(directory).read() == {}


def test_a_look_that_cannot_be_recorded_is_a_warning(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (directory / FILE_NAME).mkdir()
    (directory / FILE_NAME / "obstacle").touch()
    BucketLook(directory).record("neo4j", [FAULT])
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "is not recorded" in record.message
