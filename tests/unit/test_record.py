"""How the end of a run gets into the state file."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.catalog import FORMAT_VERSION, ExportSummary, Manifest
from neo4j_r2.errors import (
    BackupError,
    BucketError,
    ConfigurationError,
    CorruptError,
    GraphError,
    Interruption,
    LockedError,
    Stalled,
)
from neo4j_r2.processes import ProcessIdentity
from neo4j_r2.record import RunRecord, backup_state, recorded
from neo4j_r2.state import FILE_NAME, BackupState, RunState, State, StateFile
from tests.unit.process import TIMEOUT_SECONDS, run, start

TIME = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz"
MANIFEST = Manifest(
    format_version=FORMAT_VERSION,
    service_version="0.1.0",
    database="neo4j",
    database_id="A1",
    server_version="5.26.19",
    server_edition="community",
    started="2025-10-08T02:00:01Z",
    finished="2025-10-08T02:00:05Z",
    export=ExportSummary("manual", 3, 2, {}, {}, 1, 4, True, 0),
    identity={},
    archive_key=KEY,
    archive_size=100,
    archive_sha256="00",
    text_size=300,
    blocks=[],
)
BACKUP = BackupState(TIME, KEY, 100, "A1")
BEFORE = State(
    TIME - timedelta(days=30),
    "0 2 * * *",
    RunState(TIME - timedelta(days=1), ProcessIdentity(1, 1), TIME, 3, "Neo4j connection failed"),
    replace(BACKUP, started=TIME - timedelta(days=2), archive_key="older"),
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The state directory of a service that has run before."""
    StateFile(tmp_path).write(BEFORE)
    return tmp_path


def state_in(directory: Path) -> State:
    state = StateFile(directory).read()
    assert state is not None
    return state


def last_run(directory: Path) -> RunState:
    recorded_run = state_in(directory).last_run
    assert recorded_run is not None
    return recorded_run


def fail(directory: Path, error: BaseException, *stored: Manifest) -> RunState:
    """Return what is recorded of a run that ends with an error, which has to stay that error."""

    def attempt() -> None:
        with recorded(directory) as record:
            record.begin(TIME)
            for manifest in stored:
                record.stored(manifest)
            raise error

    with pytest.raises(type(error)) as raised:
        attempt()
    assert raised.value is error
    return last_run(directory)


def test_a_run_under_way_is_recorded_with_its_start_and_process(directory: Path) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        assert state_in(directory) == replace(
            BEFORE, last_run=RunState(TIME, ProcessIdentity.own())
        )


def test_a_success_is_recorded_with_its_backup(directory: Path) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    with recorded(directory) as record:
        record.begin(TIME)
        record.stored(MANIFEST)
    finished = last_run(directory).finished
    assert finished is not None
    assert began <= finished <= datetime.now(UTC)
    ended = RunState(TIME, ProcessIdentity.own(), finished, 0)
    assert state_in(directory) == replace(BEFORE, last_run=ended, last_backup=BACKUP)


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (BackupError("Failed"), 1, "Failed"),
        (ConfigurationError("Wrong:\n  - A: b\n  - C"), 2, "Wrong: - A: b - C"),
        (GraphError("Neo4j failed:\r\n\tx"), 3, "Neo4j failed: x"),
        (BucketError("R2 bucket not found: b"), 4, "R2 bucket not found: b"),
        (CorruptError("Not “whole”"), 5, "Not “whole”"),
        (Interruption(2), 130, "Interrupted by signal 2"),
        (Interruption(15), 143, "Interrupted by signal 15"),
        (Stalled("Neo4j", 900), 3, "No progress for 900 s while waiting for Neo4j"),
        (Stalled("R2", 900), 4, "No progress for 900 s while waiting for R2"),
        (KeyError("this may be secret"), 1, "Unexpected error: KeyError"),
        (MemoryError("this may be secret"), 1, "Unexpected error: MemoryError"),
    ],
)
def test_a_failure_is_recorded_with_its_exit_code_and_one_line(
    directory: Path, error: BaseException, exit_code: int, line: str
) -> None:
    ended = fail(directory, error)
    assert (ended.started, ended.process) == (TIME, ProcessIdentity.own())
    assert ended.finished is not None
    assert (ended.exit_code, ended.error) == (exit_code, line)


def test_a_failure_leaves_what_is_known_of_backups(directory: Path) -> None:
    ended = fail(directory, BucketError("R2 failed"))
    assert state_in(directory) == replace(BEFORE, last_run=ended)


def test_a_backup_that_is_stored_survives_the_failure_after_it(directory: Path) -> None:
    error = BucketError("The backup is safe, but cleaning up failed: no")
    ended = fail(directory, error, MANIFEST)
    assert (ended.exit_code, ended.error) == (4, str(error))
    assert state_in(directory).last_backup == BACKUP


def test_a_run_that_fails_before_it_begins_is_recorded_too(directory: Path) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    with pytest.raises(ConfigurationError), recorded(directory):
        raise ConfigurationError("Invalid configuration")
    assert last_run(directory).started >= began
    assert last_run(directory).exit_code == 2


@pytest.mark.parametrize("content", [None, b"", b"{"], ids=["missing", "empty", "cut off"])
def test_a_run_the_lock_refuses_writes_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / FILE_NAME
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LockedError), recorded(tmp_path):
        raise LockedError("Another backup is running")
    assert (path.read_bytes() if path.exists() else None) == content


def test_a_run_the_lock_refuses_leaves_what_the_running_one_recorded(directory: Path) -> None:
    before = (directory / FILE_NAME).read_bytes()
    with pytest.raises(LockedError), recorded(directory):
        raise LockedError("Another backup is running")
    assert (directory / FILE_NAME).read_bytes() == before


def test_without_a_readable_state_backups_are_expected_from_the_run_on(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{")
    with recorded(tmp_path) as record:
        record.begin(TIME)
    assert state_in(tmp_path) == State(TIME, "", last_run(tmp_path), None)


def test_a_state_that_cannot_be_written_is_a_warning_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    steps = []
    with recorded(tmp_path / "file") as record:
        record.begin(TIME)
        steps.append("begun")
        record.stored(MANIFEST)
        steps.append("stored")
    assert steps == ["begun", "stored"]
    assert {each.levelno for each in caplog.records} == {logging.WARNING}
    assert all("This run is not recorded: BACKUP_STATE_DIR" in line for line in caplog.messages)
    assert caplog.messages


def test_a_state_that_cannot_be_written_does_not_hide_why_a_run_failed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(GraphError, match="refused the login"), recorded(tmp_path / "file"):
        raise GraphError("refused the login")


def test_a_secret_in_an_error_is_masked(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from neo4j_r2.errors import BucketError
from neo4j_r2.log import set_up
from neo4j_r2.record import recorded
from neo4j_r2.secret import Secret
set_up("info", sys.argv[2], [Secret("pass \\"word\\" ä")])
with recorded(Path(sys.argv[1])):
    raise BucketError("R2 said: pass \\"word\\" ä is wrong")
"""
    for log_format in ("text", "json"):
        process = run(code, str(tmp_path), log_format)
        assert "BucketError" in process.stderr
        assert last_run(tmp_path).error == "R2 said: ******** is wrong"


def test_a_run_that_is_killed_leaves_a_start_without_an_end(tmp_path: Path) -> None:
    code = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from neo4j_r2.record import recorded
with recorded(Path(sys.argv[1])) as record:
    record.begin(datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC))
    print("begun", flush=True)
    sys.stdin.read()
"""
    with start(code, str(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        assert last_run(tmp_path).process.is_alive()
        process.kill()
        process.wait(TIMEOUT_SECONDS)
    left = last_run(tmp_path)
    assert (left.started, left.finished, left.exit_code) == (TIME, None, None)
    assert left.process.pid == process.pid
    assert not left.process.is_alive()


def test_the_state_of_a_backup_is_what_its_manifest_says() -> None:
    assert backup_state(MANIFEST) == BACKUP


def test_the_file_shows_the_run_to_people(directory: Path) -> None:
    record = RunRecord(directory)
    record.begin(TIME)
    record.end(4, "R2 failed")
    content = json.loads((directory / FILE_NAME).read_text(encoding="ascii"))
    shown = content["last_run"]
    assert shown["started"] == "2025-10-08T02:00:01+00:00"
    assert (shown["exit_code"], shown["error"]) == (4, "R2 failed")
