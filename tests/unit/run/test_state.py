"""The state file: it is read as it was written, and never in part."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.bucket.usage import Usage
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import (
    FILE_NAME,
    FORMAT_VERSION,
    Attempt,
    BackupState,
    DatabaseState,
    RunState,
    State,
    StateFile,
)
from testbed.waiting import wait_until

TIME = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
RUN = RunState(TIME, ProcessId(1234, 5678), TIME, 4, "R2 failed: “no”")
BACKUP = BackupState(
    TIME, TIME, "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz", 1000, 3, 2, "A1"
)
DATABASE = DatabaseState(
    TIME, BACKUP, (Attempt(TIME, TIME, 4, "R2 failed", 1000),), {"r2": 1}, Usage(7, 7000), "Paused"
)
STATE = State(TIME, "0 2 * * *", ("neo4j",), RUN, {"r2": 1, "killed": 2}, {"neo4j": DATABASE})
TIMES = st.datetimes(timezones=st.just(UTC))
COUNTS = st.dictionaries(st.text(), st.integers(0))
DATABASES = st.builds(
    DatabaseState,
    TIMES,
    st.none()
    | st.builds(
        BackupState,
        TIMES,
        TIMES,
        st.text(),
        st.integers(0),
        st.integers(0),
        st.integers(0),
        st.text(),
    ),
    st.lists(
        st.builds(Attempt, TIMES, TIMES, st.integers(0, 255), st.text(), st.integers(0)), max_size=3
    ).map(tuple),
    COUNTS,
    st.none() | st.builds(Usage, st.integers(0), st.integers(0)),
    st.text(),
)
STATES = st.builds(
    State,
    TIMES,
    st.text(),
    st.lists(st.text()).map(tuple),
    st.none()
    | st.builds(
        RunState,
        TIMES,
        st.builds(ProcessId, st.integers(1), st.integers(0)),
        st.none() | TIMES,
        st.none() | st.integers(0, 255),
        st.text(),
    ),
    COUNTS,
    st.dictionaries(st.text(), DATABASES, max_size=3),
)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["format_version", "since", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory for all examples of a property."""
    return tmp_path_factory.mktemp("state")


def stored(directory: Path) -> dict[str, Any]:
    """Write a whole state file, and return its content."""
    StateFile(directory).write(STATE)
    content: dict[str, Any] = json.loads((directory / FILE_NAME).read_bytes())
    return content


@given(STATES)
def test_a_state_is_read_as_it_was_written(directory: Path, state: State) -> None:
    StateFile(directory).write(state)
    assert StateFile(directory).read() == state


def test_without_a_file_or_a_directory_there_is_no_state(tmp_path: Path) -> None:
    assert StateFile(tmp_path).read() is None
    assert StateFile(tmp_path / "missing").read() is None


def test_a_file_that_was_cut_off_is_no_state(directory: Path) -> None:
    StateFile(directory).write(STATE)
    whole = (directory / FILE_NAME).read_bytes()
    for length in range(len(whole.rstrip())):
        (directory / FILE_NAME).write_bytes(whole[:length])
        assert StateFile(directory).read() is None


@given(DOCUMENTS)
def test_no_other_document_is_a_state(directory: Path, document: Any) -> None:
    (directory / FILE_NAME).write_text(json.dumps(document))
    assert StateFile(directory).read() is None


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff\xfe", b"[" * 100_000])
def test_bytes_that_are_not_json_are_no_state(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert StateFile(tmp_path).read() is None


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0, None, "1"])
def test_a_state_of_another_format_is_not_read(tmp_path: Path, version: object) -> None:
    content = {**stored(tmp_path), "format_version": version}
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    assert StateFile(tmp_path).read() is None


@pytest.mark.parametrize(
    "name",
    ["since", "schedule", "expected", "last_run", "failures", "databases", "format_version"],
)
def test_a_state_that_lacks_a_field_is_not_read(tmp_path: Path, name: str) -> None:
    content = stored(tmp_path)
    del content[name]
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    assert StateFile(tmp_path).read() is None


@pytest.mark.parametrize(
    "name", ["since", "last_backup", "attempts", "failures", "stored", "pause"]
)
def test_a_database_that_lacks_a_field_is_not_read(tmp_path: Path, name: str) -> None:
    content = stored(tmp_path)
    del content["databases"]["neo4j"][name]
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    assert StateFile(tmp_path).read() is None


def test_backups_of_a_new_database_are_expected_from_then_on() -> None:
    later = TIME + timedelta(days=1)
    state = STATE.expecting(["neo4j", "new"], later)
    assert state.expected == ("neo4j", "new")
    assert state.of("neo4j") == DATABASE
    assert state.of("new") == DatabaseState(later)


def test_a_database_that_is_no_longer_backed_up_is_remembered() -> None:
    later = TIME + timedelta(days=1)
    state = STATE.expecting(["new"], later)
    assert state.of("neo4j") == DATABASE
    again = state.expecting(["new", "neo4j"], later)
    assert again.of("neo4j") == replace(DATABASE, since=later)


def test_backups_of_an_unknown_database_are_expected_since_the_service_was_new() -> None:
    assert STATE.of("other") == DatabaseState(TIME)


def test_fields_of_a_later_version_are_ignored(tmp_path: Path) -> None:
    content = stored(tmp_path)
    database = content["databases"]["neo4j"]
    places = (content, content["last_run"], database, *database["attempts"], database["stored"])
    for place in (*places, database["last_backup"]):
        place["new"] = 1
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    assert StateFile(tmp_path).read() == STATE


@pytest.fixture(params=[0, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set a umask that a user can have, also the most permissive one."""
    previous = os.umask(request.param)
    yield
    os.umask(previous)


@pytest.mark.usefixtures("umask")
def test_only_their_user_can_use_the_file_and_the_directory(tmp_path: Path) -> None:
    directory = tmp_path / "not" / "yet"
    for _ in range(2):
        StateFile(directory).write(STATE)
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / FILE_NAME).stat().st_mode) == 0o600
        assert [path.name for path in directory.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("obstacle", ["state", "state/state.{pid}.new/x", "state/state.json/x"])
def test_a_directory_that_cannot_be_written_is_a_configuration_error(
    tmp_path: Path, obstacle: str
) -> None:
    path = tmp_path / obstacle.format(pid=os.getpid())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    with pytest.raises(ConfigurationError, match=r"_DIR='.*/state' cannot be used by user \d+: \w"):
        StateFile(tmp_path / "state").write(STATE)


def test_a_failed_write_keeps_the_old_state(tmp_path: Path) -> None:
    StateFile(tmp_path).write(STATE)
    (tmp_path / f"state.{os.getpid()}.new").mkdir()
    with pytest.raises(ConfigurationError):
        StateFile(tmp_path).write(replace(STATE, last_run=None))
    assert StateFile(tmp_path).read() == STATE


def test_a_reader_never_sees_a_half_written_state(tmp_path: Path) -> None:
    states = [STATE, replace(STATE, last_run=replace(RUN, error="x" * 100_000))]
    StateFile(tmp_path).write(STATE)
    is_over = threading.Event()

    def write() -> None:
        while not is_over.is_set():
            for state in states:
                StateFile(tmp_path).write(state)

    seen: list[State | None] = []

    def has_seen_both() -> bool:
        seen.extend(StateFile(tmp_path).read() for _ in range(100))
        return all(seen.count(state) > 50 for state in states)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        wait_until(has_seen_both, seconds=30, what="reads of both states")
    finally:
        is_over.set()
        writer.join()
    assert all(state in states for state in seen)
