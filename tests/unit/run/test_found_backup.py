"""A backup in the bucket that the state does not know."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.run.found_backup import record_found, with_found
from neo4j_r2.run.lock import run_lock
from neo4j_r2.run.state import BackupState, DatabaseState, State, StateFile
from tests.unit.archive.test_manifest import RECORD
from tests.unit.process import TIMEOUT_SECONDS, start

DAY = timedelta(days=1)
TIME = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
FOUND = replace(
    RECORD,
    started="2025-10-08T02:00:01Z",
    finished="2025-10-08T02:00:05Z",
    archive_key="neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz",
)
IDENTITY = FOUND.database_id
KNOWN = replace(BackupState.of(FOUND), started=TIME - DAY, archive_key="older")
STATE = State(
    TIME - DAY, "", (FOUND.database,), databases={FOUND.database: DatabaseState(TIME - DAY, KNOWN)}
)
NONE_YET = replace(STATE, databases={FOUND.database: DatabaseState(TIME - DAY)})


def last_key(state: State | None) -> str | None:
    """Return the key of the last backup that is known."""
    last = state.of(FOUND.database).last_backup if state else None
    return last.archive_key if last else None


@pytest.mark.parametrize(
    ("state", "identity", "is_taken"),
    [
        (STATE, IDENTITY, True),
        (STATE, None, True),
        (NONE_YET, IDENTITY, True),
        (NONE_YET, None, False),
        (STATE, "another", False),
        (
            with_found(
                STATE,
                replace(FOUND, started="2025-10-09T02:00:01Z", archive_key="newest"),
                IDENTITY,
            ),
            None,
            False,
        ),
        (replace(NONE_YET, databases={}, since=TIME + DAY), IDENTITY, False),
    ],
    ids=["newer", "unasked", "first", "anybody's", "of another server", "older", "before the time"],
)
def test_a_newer_backup_of_the_same_database_is_taken_as_the_last_one(
    state: State, identity: str | None, is_taken: bool
) -> None:
    after = with_found(state, FOUND, identity)
    assert (last_key(after) == FOUND.archive_key) == is_taken
    assert is_taken or after == state


def test_a_found_backup_is_recorded_with_and_without_the_lock(tmp_path: Path) -> None:
    for directory in (tmp_path / "one", tmp_path / "two"):
        StateFile(directory).write(STATE)
    record_found(tmp_path / "one", FOUND, None)
    with run_lock(tmp_path / "two"):
        record_found(tmp_path / "two", FOUND, None)
    for directory in (tmp_path / "one", tmp_path / "two"):
        assert last_key(StateFile(directory).read()) == FOUND.archive_key


def test_nothing_is_recorded_while_another_run_is_under_way(tmp_path: Path) -> None:
    StateFile(tmp_path).write(STATE)
    code = """
import sys
from pathlib import Path
from neo4j_r2.run.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""
    with start(code, str(tmp_path)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        record_found(tmp_path, FOUND, None)
        process.communicate(timeout=TIMEOUT_SECONDS)
    assert StateFile(tmp_path).read() == STATE


def test_nothing_is_recorded_where_no_service_has_run(tmp_path: Path) -> None:
    record_found(tmp_path, FOUND, None)
    assert list(tmp_path.iterdir()) == []
