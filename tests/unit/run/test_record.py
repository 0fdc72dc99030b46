"""Runs and their ends are recorded in the state file."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.archive.manifest import (
    CHAIN_FORMAT_VERSION,
    INCREMENTAL,
    Manifest,
    Need,
    timestamp,
)
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.core.errors import (
    BackupError,
    BucketError,
    ConfigurationError,
    CorruptError,
    GraphError,
    Interruption,
    LockedError,
    Side,
    Stalled,
)
from neo4j_r2.run.ending import KEPT
from neo4j_r2.run.memory_limit import known_kills
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.record import (
    RunRecord,
    record_prune,
    recorded,
    with_killed_run,
)
from neo4j_r2.run.report import BackupKind, DatabaseReport, RunReport
from neo4j_r2.run.state import (
    FILE_NAME,
    Attempt,
    BackupState,
    DatabaseState,
    RunState,
    State,
    StateFile,
)
from tests.unit.archive.test_manifest import RECORD
from tests.unit.process import TIMEOUT_SECONDS, run, start

TIME = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz"
MANIFEST = replace(
    RECORD, started="2025-10-08T02:00:01Z", finished="2025-10-08T02:00:05Z", archive_key=KEY
)
FULL = replace(MANIFEST, format_version=CHAIN_FORMAT_VERSION)
INCREMENT = replace(FULL, kind=INCREMENTAL, needs=[Need("older", 9, "00"), Need("old", 1, "00")])
FINISHED = TIME + timedelta(seconds=4)
BACKUP = BackupState(TIME, FINISHED, KEY, 100, 3, 2, "A1")
OLD = TIME - timedelta(days=1)
DATABASE = DatabaseState(
    since=TIME - timedelta(days=30),
    last_backup=replace(BACKUP, started=TIME - timedelta(days=2), archive_key="older"),
    attempts=(Attempt(OLD, OLD, 3, "Neo4j connection failed"),),
    failures={"neo4j": 1},
    stored=Usage(3, 300),
    pause="Paused",
)
BEFORE = State(
    TIME - timedelta(days=30),
    "0 2 * * *",
    ("neo4j",),
    RunState(OLD, ProcessId(1, 1), OLD, 3, "Neo4j connection failed"),
    {"neo4j": 1},
    {"neo4j": DATABASE},
)


DONE = RunState(OLD, ProcessId(1, 1), OLD, 0)


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


def known_of(directory: Path, database: str = "neo4j") -> DatabaseState:
    return state_in(directory).databases[database]


def fail(directory: Path, error: BaseException, *made: Manifest) -> RunState:
    """Let a run end with an error; check that it is raised, and return the record of the run."""

    def attempt() -> None:
        with recorded(directory) as record:
            record.begin(TIME)
            with record.attempt("neo4j") as attempt:
                for manifest in made:
                    attempt.made(manifest)
                raise error

    with pytest.raises(type(error)) as raised:
        attempt()
    assert raised.value is error
    return last_run(directory)


def fail_to_find(directory: Path, database: str) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        record.select([database])
        with record.attempt(database):
            raise GraphError("no such database")


def test_a_run_under_way_is_recorded_with_its_start_and_process(directory: Path) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        begun = RunState(TIME, ProcessId.own(), memory_kills=known_kills())
        assert state_in(directory) == replace(BEFORE, last_run=begun)


def test_a_success_is_recorded_with_its_backup_and_the_usage_of_the_bucket(directory: Path) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    with recorded(directory) as record:
        record.begin(TIME)
        with record.attempt("neo4j") as attempt:
            attempt.made(MANIFEST)
            assert known_of(directory).last_backup == BACKUP
            attempt.pause = ""
            attempt.stored = Usage(4, 400)
    finished = last_run(directory).finished
    assert finished is not None
    assert began <= finished <= datetime.now(UTC)
    known = known_of(directory)
    tried = known.attempts[-1]
    assert tried.started == BACKUP.started
    assert began <= tried.finished <= finished
    assert (tried.exit_code, tried.error, tried.archive_size) == (0, "", 100)
    assert known == replace(
        DATABASE,
        last_backup=BACKUP,
        attempts=(*DATABASE.attempts, tried),
        stored=Usage(4, 400),
        pause="",
    )
    ended = RunState(TIME, ProcessId.own(), finished, 0, "", "neo4j", known_kills())
    assert state_in(directory) == replace(BEFORE, last_run=ended, databases={"neo4j": known})


def test_an_attempt_began_at_the_time_of_its_backup_even_if_that_is_still_to_come(
    directory: Path,
) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    with recorded(directory) as record:
        record.begin(TIME)
        with record.attempt("neo4j") as attempt:
            attempt.made(replace(MANIFEST, started=timestamp(later)))
    tried = known_of(directory).attempts[-1]
    assert (tried.started, tried.seconds) == (later, 0)


def test_the_first_attempt_begins_with_the_run_and_the_others_when_it_is_their_turn(
    directory: Path,
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    with recorded(directory) as record:
        record.begin(TIME)
        for database in ("neo4j", "other"):
            with record.attempt(database):
                pass
    assert known_of(directory).attempts[-1].started == last_run(directory).started == TIME
    assert known_of(directory, "other").attempts[-1].started >= before


@pytest.mark.parametrize(
    ("error", "exit_code", "line", "kind"),
    [
        (BackupError("Failed"), 1, "Failed", "unexpected"),
        (ConfigurationError("Wrong:\n  - A: b\n  - C"), 2, "Wrong: - A: b - C", "configuration"),
        (GraphError("Neo4j failed:\r\n\tx"), 3, "Neo4j failed: x", "neo4j"),
        (BucketError("R2 bucket not found: b"), 4, "R2 bucket not found: b", "r2"),
        (CorruptError("Not “whole”"), 5, "Not “whole”", "corrupt"),
        (Interruption(1), 129, "Interrupted by signal 1", "interrupted"),
        (Interruption(15), 143, "Interrupted by signal 15", "interrupted"),
        (Stalled(Side.NEO4J, 900), 3, "No progress for 900 s while waiting for Neo4j", "neo4j"),
        (Stalled(Side.R2, 900), 4, "No progress for 900 s while waiting for R2", "r2"),
        (KeyError("this may be secret"), 1, "Unexpected error: KeyError", "unexpected"),
        (MemoryError("this may be secret"), 1, "Unexpected error: MemoryError", "unexpected"),
    ],
)
def test_a_failure_is_counted_and_recorded_with_its_exit_code_and_one_line(
    directory: Path, error: BaseException, exit_code: int, line: str, kind: str
) -> None:
    ended = fail(directory, error)
    assert (ended.started, ended.process) == (TIME, ProcessId.own())
    assert ended.finished is not None
    assert (ended.exit_code, ended.error) == (exit_code, line)
    tried = known_of(directory).attempts[-1]
    assert (tried.exit_code, tried.error, tried.archive_size) == (exit_code, line, 0)
    counted = {"neo4j": 1, kind: 1 + (kind == "neo4j")}
    assert state_in(directory).failures == counted
    assert known_of(directory).failures == counted


def test_a_run_that_somebody_ends_with_ctrl_c_is_no_failure(directory: Path) -> None:
    assert fail(directory, Interruption(2)) == BEFORE.last_run
    assert state_in(directory) == BEFORE


def test_a_killed_run_is_recorded_once_however_often_the_next_one_is_ended_with_ctrl_c(
    directory: Path,
) -> None:
    killed = RunState(OLD, ProcessId(1, 1), database="neo4j")
    StateFile(directory).write(replace(BEFORE, last_run=killed))
    for _ in range(3):
        assert fail(directory, Interruption(2)) == killed
    state = state_in(directory)
    assert [each.exit_code for each in state.of("neo4j").attempts] == [3, 137]
    assert with_killed_run(state, directory) == state
    assert state.failures == BEFORE.failures
    reports: list[RunReport] = []
    with recorded(directory, reports.append) as record:
        record.begin(TIME)
    assert [each.killed_before for each in reports] == [OLD]
    assert state_in(directory).failures == {"neo4j": 1, "killed": 1}
    assert len(known_of(directory).attempts) == 2


def test_a_backup_stays_recorded_if_somebody_ends_the_run_after_it(directory: Path) -> None:
    fail(directory, Interruption(2), MANIFEST)
    known = replace(DATABASE, last_backup=BACKUP)
    assert state_in(directory) == replace(BEFORE, databases={"neo4j": known})


def test_a_failure_does_not_change_the_record_of_backups(directory: Path) -> None:
    fail(directory, BucketError("R2 failed"))
    known = known_of(directory)
    assert replace(known, attempts=(), failures={}) == replace(DATABASE, attempts=(), failures={})


def test_a_backup_stays_recorded_if_a_later_step_fails(directory: Path) -> None:
    error = BucketError("The backup is safe, but cleaning up failed: no")
    ended = fail(directory, error, MANIFEST)
    assert (ended.exit_code, ended.error) == (4, str(error))
    assert known_of(directory).last_backup == BACKUP
    assert known_of(directory).attempts[-1].archive_size == 100


def test_only_the_latest_attempts_are_recorded(directory: Path) -> None:
    for _ in range(KEPT):
        fail(directory, BucketError("R2 failed"))
    kept = known_of(directory).attempts
    assert len(kept) == KEPT
    assert {each.error for each in kept} == {"R2 failed"}
    assert known_of(directory).failures == {"neo4j": 1, "r2": KEPT}


def test_the_failure_of_one_database_does_not_change_another_s_record(directory: Path) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        record.select(["neo4j", "other"])
        with pytest.raises(GraphError), record.attempt("neo4j"):
            raise GraphError("gone")
        with record.attempt("other") as attempt:
            attempt.found()
            attempt.made(MANIFEST)
    state = state_in(directory)
    assert state.expected == ("neo4j", "other")
    assert state.of("neo4j").last_backup == DATABASE.last_backup
    assert state.of("neo4j").attempts[-1].error == "gone"
    assert state.of("other").last_backup == BACKUP
    assert state.of("other").since == TIME
    assert state.of("other").failures == {}
    assert record.report().has_failed_before
    reports = record.report().databases
    assert [(each.database, each.attempt.exit_code) for each in reports] == [
        ("neo4j", 3),
        ("other", 0),
    ]
    assert [each.backup for each in reports] == [None, BACKUP]
    assert [each.pause for each in reports] == ["Paused", ""]


def test_the_report_says_what_was_recorded(directory: Path) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        with record.attempt("neo4j") as attempt:
            attempt.made(MANIFEST)
            attempt.pause = "The graph has shrunk"
    report, ended = record.report(), last_run(directory)
    assert (report.started, report.finished) == (ended.started, ended.finished)
    assert (report.exit_code, report.error) == (0, "")
    tried = known_of(directory).attempts[-1]
    assert report.databases == (
        DatabaseReport("neo4j", tried, BACKUP, "The graph has shrunk", was_paused=True),
    )


@pytest.mark.parametrize(
    ("manifest", "kind"),
    [
        (MANIFEST, None),
        (FULL, BackupKind(0, "the archive older is damaged")),
        (INCREMENT, BackupKind(2)),
    ],
    ids=["without increments", "full", "increment"],
)
def test_the_report_says_of_which_kind_a_backup_is(
    directory: Path, manifest: Manifest, kind: BackupKind | None
) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        with record.attempt("neo4j") as attempt:
            if kind and kind.reason:
                attempt.full_because(kind.reason)
            attempt.made(manifest)
    assert [each.kind for each in record.report().databases] == [kind]


@pytest.mark.parametrize(
    ("last", "has_failed"),
    [
        (None, False),
        (replace(DONE, exit_code=0), False),
        (replace(DONE, exit_code=3), True),
        (replace(DONE, finished=None, exit_code=None), True),
    ],
    ids=["none", "good", "failed", "killed"],
)
def test_the_report_says_whether_the_run_before_failed(
    tmp_path: Path, last: RunState | None, has_failed: bool
) -> None:
    StateFile(tmp_path).write(replace(BEFORE, last_run=last))
    with recorded(tmp_path) as record:
        record.begin(TIME)
    assert record.report().has_failed_before == has_failed


def test_a_killed_run_is_counted_by_the_next_one(directory: Path) -> None:
    killed = RunState(OLD, ProcessId(1, 1))
    StateFile(directory).write(replace(BEFORE, last_run=killed))
    for _ in range(2):
        with recorded(directory) as record:
            record.begin(TIME)
    assert state_in(directory).failures == {"neo4j": 1, "killed": 1}


def test_a_killed_run_is_reported_by_the_next_one(directory: Path) -> None:
    StateFile(directory).write(replace(BEFORE, last_run=RunState(OLD, ProcessId(1, 1))))
    reports: list[RunReport] = []
    for _ in range(2):
        with recorded(directory, reports.append) as record:
            record.begin(TIME)
    assert [each.killed_before for each in reports] == [OLD, None]


def test_a_run_that_fails_at_once_does_not_replace_the_record_of_a_run_under_way(
    directory: Path,
) -> None:
    running = RunState(OLD, ProcessId.own())
    StateFile(directory).write(replace(BEFORE, last_run=running))
    before = (directory / FILE_NAME).read_bytes()
    reports: list[RunReport] = []
    with pytest.raises(ConfigurationError), recorded(directory, reports.append):
        raise ConfigurationError("Invalid configuration")
    assert (directory / FILE_NAME).read_bytes() == before
    assert reports == []


def test_the_report_names_databases_that_had_no_attempt(directory: Path) -> None:
    reports: list[RunReport] = []

    def attempt() -> None:
        with recorded(directory, reports.append) as record:
            record.begin(TIME)
            record.select(["neo4j", "other", "third"])
            with record.attempt("neo4j"):
                raise Interruption(15)

    with pytest.raises(Interruption):
        attempt()
    assert reports[0].unreached == ("other", "third")


def test_a_run_of_some_databases_still_expects_the_others(directory: Path) -> None:
    StateFile(directory).write(replace(BEFORE, expected=("neo4j", "other")))
    with recorded(directory) as record:
        record.begin(TIME)
        assert record.expected == ("neo4j", "other")
        record.select(["third", "neo4j"])
        for database in ("third", "neo4j"):
            with record.attempt(database) as attempt:
                attempt.found()
    assert state_in(directory).expected == ("neo4j", "other", "third")


def test_a_database_that_was_only_tried_and_never_existed_is_not_expected(directory: Path) -> None:
    with pytest.raises(GraphError):
        fail_to_find(directory, "neo4jj")
    assert state_in(directory).expected == ("neo4j",)
    assert state_in(directory).of("neo4jj").attempts[-1].error == "no such database"


def test_a_database_that_exists_is_expected_even_if_its_first_backup_fails(
    directory: Path,
) -> None:
    def attempt() -> None:
        with recorded(directory) as record:
            record.begin(TIME)
            with record.attempt("other") as made:
                made.found()
                raise BucketError("R2 failed")

    with pytest.raises(BucketError):
        attempt()
    assert state_in(directory).expected == ("neo4j", "other")
    assert state_in(directory).of("other").since == TIME


def test_a_run_that_fails_before_it_begins_is_recorded_too(directory: Path) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    with pytest.raises(ConfigurationError), recorded(directory) as record:
        raise ConfigurationError("Invalid configuration")
    assert last_run(directory).started >= began
    assert last_run(directory).exit_code == 2
    assert state_in(directory).databases == BEFORE.databases
    assert record.report().databases == ()


def test_the_command_prune_records_what_is_left(directory: Path) -> None:
    record_prune(directory, "neo4j", "", Usage(2, 200))
    known = replace(DATABASE, pause="", stored=Usage(2, 200))
    assert state_in(directory) == replace(BEFORE, databases={"neo4j": known})


def test_a_prune_of_an_unknown_database_is_not_recorded(tmp_path: Path) -> None:
    record_prune(tmp_path, "neo4j", "", Usage(2, 200))
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("content", [None, b"", b"{"], ids=["missing", "empty", "cut off"])
def test_a_run_the_lock_refuses_writes_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / FILE_NAME
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LockedError), recorded(tmp_path):
        raise LockedError("Another backup is running")
    assert (path.read_bytes() if path.exists() else None) == content


def test_a_run_the_lock_refuses_does_not_change_the_record_of_the_running_one(
    directory: Path,
) -> None:
    before = (directory / FILE_NAME).read_bytes()
    with pytest.raises(LockedError), recorded(directory):
        raise LockedError("Another backup is running")
    assert (directory / FILE_NAME).read_bytes() == before


def test_without_a_readable_state_backups_are_expected_from_this_run_on(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"{")
    with recorded(tmp_path) as record:
        record.begin(TIME)
    assert state_in(tmp_path) == State(TIME, last_run=last_run(tmp_path))


def test_a_state_that_cannot_be_written_is_a_warning_and_the_run_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    steps = []
    with recorded(tmp_path / "file") as record:
        record.begin(TIME)
        steps.append("begun")
        with record.attempt("neo4j") as attempt:
            attempt.made(MANIFEST)
            steps.append("made")
    assert steps == ["begun", "made"]
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
from neo4j_r2.core.errors import BucketError
from neo4j_r2.core.log import LogStyle, set_up
from neo4j_r2.run.record import recorded
from neo4j_r2.core.secret import Secret
set_up("info", LogStyle(sys.argv[2]), [Secret("pass \\"word\\" ä")])
with recorded(Path(sys.argv[1])):
    raise BucketError("R2 said: pass \\"word\\" ä is wrong")
"""
    for log_format in ("text", "json"):
        process = run(code, str(tmp_path), log_format)
        assert "BucketError" in process.stderr
        assert last_run(tmp_path).error == "R2 said: ******** is wrong"


def test_a_killed_run_leaves_a_record_with_a_start_and_no_end(tmp_path: Path) -> None:
    code = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from neo4j_r2.run.record import recorded
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


def test_the_run_after_a_killed_one_records_its_attempt_and_tells_why_it_was_killed(
    tmp_path: Path,
) -> None:
    kills = known_kills()
    # As if the kernel had killed one more process since then.
    before = None if kills is None else kills - 1
    killed = RunState(TIME, ProcessId(1, 1), database="neo4j", memory_kills=before)
    StateFile(tmp_path).write(replace(BEFORE, last_run=killed))
    reports: list[RunReport] = []
    with recorded(tmp_path, reports.append) as record:
        record.begin(TIME)
    (report,) = reports
    assert report.killed_before == TIME
    known = known_of(tmp_path)
    assert known.attempts[:-1] == DATABASE.attempts
    attempt = known.attempts[-1]
    assert (attempt.started, attempt.exit_code) == (TIME, 137)
    if kills is not None:
        assert report.kill_reason.startswith("the kernel killed it for lack of memory (signal 9)")
        assert attempt.error == f"killed: {report.kill_reason}"


def test_a_run_under_way_names_the_database_that_it_backs_up(directory: Path) -> None:
    with recorded(directory) as record:
        record.begin(TIME)
        for database in ("neo4j", "other"):
            with record.attempt(database):
                assert last_run(directory).database == database


def test_the_record_of_a_backup_comes_from_its_manifest() -> None:
    assert BackupState.of(MANIFEST) == BACKUP


def test_people_can_read_the_run_in_the_file(directory: Path) -> None:
    record = RunRecord(directory)
    record.begin(TIME)
    record.end(BucketError("R2 failed"))
    content = json.loads((directory / FILE_NAME).read_text(encoding="ascii"))
    shown = content["last_run"]
    assert shown["started"] == "2025-10-08T02:00:01+00:00"
    assert (shown["exit_code"], shown["error"]) == (4, "R2 failed")
