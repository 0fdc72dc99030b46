"""Drills and their ends are recorded in their own file."""

from __future__ import annotations

import logging
import os
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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
    StillLockedError,
)
from neo4j_r2.run.drill_record import recorded_drill
from neo4j_r2.run.drill_report import DrilledReport, DrillReport
from neo4j_r2.run.drill_state import (
    Claim,
    Drill,
    DrilledDatabase,
    DrillFile,
    DrillRun,
    DrillState,
    ProofState,
)
from neo4j_r2.run.ending import KEPT
from neo4j_r2.run.lock import drill_lock
from neo4j_r2.run.processes import ProcessId
from tests.full_disk import filled, small_disk

TIME = datetime(2025, 10, 8, 4, 0, 1, tzinfo=UTC)
OLD = TIME - timedelta(days=7)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"
PROOF = ProofState(TIME, TIME, KEY, TIME, 250.1, 3, 2, is_stored=True)
OLD_PROOF = replace(PROOF, started=OLD, finished=OLD, archive_key="older")
DATABASE = DrilledDatabase(OLD, OLD_PROOF, (Drill(OLD, OLD, 3, "Gone"),), {"neo4j": 1})
CLAIM = Claim("bolt://neo4j-drill:7687", "D1")
DONE = DrillRun(OLD, ProcessId(1, 1), OLD, 0)
KILLED = DrillRun(OLD, ProcessId(1, 1), database="neo4j", phase="restore")
BEFORE = DrillState(OLD, "0 4 * * 0 UTC", "token", CLAIM, DONE, {"neo4j": 1}, {"neo4j": DATABASE})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The state directory of a service that has drilled before."""
    DrillFile(tmp_path).write(BEFORE)
    return tmp_path


def state_in(directory: Path) -> DrillState:
    state = DrillFile(directory).read()
    assert state is not None
    return state


def run_in(directory: Path) -> DrillRun:
    run = state_in(directory).run
    assert run is not None
    return run


def report_of(directory: Path, error: BaseException | None = None) -> DrillReport | None:
    """Let a drill end, and return its report; None if there is none."""
    reports: list[DrillReport] = []

    def drill() -> None:
        with recorded_drill(directory, reports.append) as record:
            record.begin(TIME)
            with record.drill("neo4j") as drill:
                drill.begin(KEY)
                if error:
                    raise error

    if error:
        with pytest.raises(type(error)):
            drill()
    else:
        drill()
    return reports[0] if reports else None


def test_a_drill_under_way_is_recorded_with_its_process_its_database_and_its_phase(
    directory: Path,
) -> None:
    with recorded_drill(directory) as record:
        record.begin(TIME)
        begun = run_in(directory)
        assert (begun.started, begun.process, begun.finished) == (TIME, ProcessId.own(), None)
        with record.drill("neo4j") as drill:
            for phase in ("check", "restore"):
                with drill.phases.phase(phase):
                    now = run_in(directory)
                    assert (now.database, now.phase) == ("neo4j", phase)


def test_a_good_drill_is_recorded_with_the_seconds_of_its_phases(directory: Path) -> None:
    with recorded_drill(directory) as record:
        record.begin(TIME)
        with record.drill("neo4j") as drill:
            drill.begin(KEY)
            for phase in ("check", "restore", "compare"):
                with drill.phases.phase(phase):
                    pass
            drill.questions_asked = 2
            assert drill.phases.restore_seconds == pytest.approx(
                drill.phases.seconds["check"] + drill.phases.seconds["restore"]
            )
    ended = run_in(directory)
    assert (ended.exit_code, ended.error, ended.phase) == (0, "", "")
    known = state_in(directory).of("neo4j")
    last = known.drills[-1]
    assert (last.started, last.exit_code, last.archive_key) == (TIME, 0, KEY)
    assert list(last.seconds) == ["check", "restore", "compare"]
    assert (last.questions_asked, last.questions_failed) == (2, ())
    assert known.failures == DATABASE.failures


def test_a_proof_is_recorded_at_once_and_stays_if_a_later_step_fails(directory: Path) -> None:
    def drill() -> None:
        with recorded_drill(directory) as record:
            record.begin(TIME)
            with record.drill("neo4j") as drill:
                drill.proved(PROOF)
                assert state_in(directory).of("neo4j").last_proof == PROOF
                raise GraphError("The backup is proved, but emptying failed")

    with pytest.raises(GraphError):
        drill()
    known = state_in(directory).of("neo4j")
    assert known.last_proof == PROOF
    assert known.drills[-1].exit_code == 3


@pytest.mark.parametrize(
    ("error", "exit_code", "kind"),
    [
        (BackupError("Failed"), 1, "unexpected"),
        (ConfigurationError("Wrong"), 2, "configuration"),
        (GraphError("Gone"), 3, "neo4j"),
        (BucketError("Gone"), 4, "r2"),
        (CorruptError("The drill failed"), 5, "corrupt"),
        (Interruption(15), 143, "interrupted"),
        (Stalled(Side.NEO4J, 900), 3, "neo4j"),
        (KeyError("this may be secret"), 1, "unexpected"),
    ],
)
def test_a_failure_is_counted_recorded_and_reported_with_one_line(
    directory: Path, error: BaseException, exit_code: int, kind: str
) -> None:
    report = report_of(directory, error)
    state = state_in(directory)
    drill = state.of("neo4j").drills[-1]
    line = str(error) if kind != "unexpected" or isinstance(error, BackupError) else ""
    line = line or "Unexpected error: KeyError"
    assert (drill.exit_code, drill.error, drill.archive_key) == (exit_code, line, KEY)
    assert (run_in(directory).exit_code, run_in(directory).error) == (exit_code, line)
    counts = {"neo4j": 1, kind: 1 + (kind == "neo4j")}
    assert state.failures == counts
    assert state.of("neo4j").failures == counts
    assert report is not None
    assert (report.exit_code, report.error) == (exit_code, line)
    assert report.databases == (DrilledReport("neo4j", drill, OLD_PROOF),)


def test_a_wrong_configuration_is_recorded_and_reported_before_the_drill_begins(
    directory: Path,
) -> None:
    reports: list[DrillReport] = []
    with pytest.raises(ConfigurationError), recorded_drill(directory, reports.append):
        raise ConfigurationError("Wrong")
    assert run_in(directory).exit_code == 2
    assert [(each.exit_code, each.databases) for each in reports] == [(2, ())]


def test_to_wait_in_vain_for_the_end_of_a_run_is_a_failure_of_the_drill(directory: Path) -> None:
    reports: list[DrillReport] = []
    with pytest.raises(StillLockedError), recorded_drill(directory, reports.append):
        raise StillLockedError("A run was under way for 3 h 0 min; no drill was made")
    assert run_in(directory).exit_code == 6
    assert state_in(directory).failures == {"neo4j": 1, "locked": 1}
    assert [each.exit_code for each in reports] == [6]


def test_a_drill_beside_another_one_is_neither_recorded_nor_reported(directory: Path) -> None:
    def tell(_: DrillReport) -> None:
        pytest.fail("somebody was told")

    with drill_lock(directory):
        before = state_in(directory)
        with (
            pytest.raises(LockedError, match=rf"\(process {os.getpid()}\)"),
            recorded_drill(directory, tell),
        ):
            pytest.fail("two drills were under way")
        assert state_in(directory) == before


def test_a_drill_that_somebody_ends_with_ctrl_c_is_no_failure_and_its_claim_stays(
    directory: Path,
) -> None:
    other = Claim("bolt://other:7687", "D2")

    def drill() -> None:
        with recorded_drill(directory, lambda _: pytest.fail("somebody was told")) as record:
            record.begin(TIME)
            with record.drill("neo4j"):
                record.set_claim(other)
                raise Interruption(2)

    with pytest.raises(Interruption):
        drill()
    assert state_in(directory) == replace(BEFORE, claim=other)


@pytest.mark.parametrize("last", [DONE, replace(DONE, exit_code=5), KILLED])
@pytest.mark.parametrize("error", [None, CorruptError("The drill failed")], ids=["good", "bad"])
def test_a_drill_of_a_named_backup_is_told_but_counts_for_nothing_afterwards(
    directory: Path, last: DrillRun, error: Exception | None
) -> None:
    before = replace(BEFORE, run=last)
    DrillFile(directory).write(before)
    reports: list[DrillReport] = []
    proof = replace(PROOF, archive_key="named")

    def drill() -> None:
        with recorded_drill(directory, reports.append, counts=False) as record:
            record.begin(TIME)
            assert run_in(directory).process == ProcessId.own()
            with record.drill("neo4j") as drill:
                drill.begin("named")
                if error:
                    raise error
                drill.proved(proof)

    with pytest.raises(CorruptError) if error else nullcontext():
        drill()
    assert state_in(directory) == before
    (report,) = reports
    assert (report.exit_code, report.has_failed_before) == (5 if error else 0, False)
    assert report.killed_before is None
    assert [each.last_proof for each in report.databases] == [OLD_PROOF if error else proof]


def test_a_wrong_configuration_for_a_named_backup_is_told_but_not_recorded(
    directory: Path,
) -> None:
    reports: list[DrillReport] = []
    with (
        pytest.raises(ConfigurationError),
        recorded_drill(directory, reports.append, counts=False),
    ):
        raise ConfigurationError("Wrong")
    assert state_in(directory) == BEFORE
    assert [each.exit_code for each in reports] == [2]


def test_a_killed_drill_is_counted_recorded_and_told_by_the_next_one(directory: Path) -> None:
    DrillFile(directory).write(replace(BEFORE, run=KILLED))
    report = report_of(directory)
    assert report is not None
    assert report.killed_before == OLD
    assert report.has_failed_before
    state = state_in(directory)
    assert state.failures == {"neo4j": 1, "killed": 1}
    known = state.of("neo4j")
    assert [each.exit_code for each in known.drills] == [3, 137, 0]
    assert known.failures == {"neo4j": 1, "killed": 1}


def test_a_killed_drill_is_recorded_once_however_often_the_next_one_is_ended_with_ctrl_c(
    directory: Path,
) -> None:
    DrillFile(directory).write(replace(BEFORE, run=KILLED))
    for _ in range(3):
        assert report_of(directory, Interruption(2)) is None
        assert run_in(directory) == KILLED
    report_of(directory)
    state = state_in(directory)
    assert state.failures == {"neo4j": 1, "killed": 1}
    assert [each.exit_code for each in state.of("neo4j").drills] == [3, 137, 0]
    assert state.of("neo4j").failures == {"neo4j": 1, "killed": 1}


@pytest.mark.parametrize(
    ("last", "has_failed"),
    [(None, False), (DONE, False), (replace(DONE, exit_code=5), True), (KILLED, True)],
    ids=["none", "good", "failed", "killed"],
)
def test_the_report_says_whether_the_drill_before_failed(
    tmp_path: Path, last: DrillRun | None, has_failed: bool
) -> None:
    DrillFile(tmp_path).write(replace(BEFORE, run=last))
    report = report_of(tmp_path)
    assert report is not None
    assert report.has_failed_before == has_failed


def test_without_a_backup_a_drill_is_due_again_later_and_nothing_is_reported_of_the_database(
    directory: Path,
) -> None:
    reports: list[DrillReport] = []
    began = datetime.now(UTC).replace(microsecond=0)
    with recorded_drill(directory, reports.append) as record:
        record.begin(TIME)
        with record.drill("new") as drill:
            drill.has_backup = False
    known = state_in(directory).of("new")
    assert known == DrilledDatabase(known.since)
    assert known.since >= began
    assert [(each.exit_code, each.databases) for each in reports] == [(0, ())]


def test_a_backup_that_takes_another_s_place_is_recorded_alone_with_a_begin_of_its_own(
    directory: Path,
) -> None:
    again = datetime.now(UTC).replace(microsecond=0)
    with recorded_drill(directory) as record:
        record.begin(TIME)
        with record.drill("neo4j") as drill:
            drill.begin("removed")
            assert drill.started == TIME
            with drill.phases.phase("check"):
                pass
            drill.begin(KEY)
    last = state_in(directory).of("neo4j").drills[-1]
    assert (last.archive_key, last.seconds) == (KEY, {})
    assert last.started >= again


def test_the_failure_of_one_database_does_not_change_another_s_record(directory: Path) -> None:
    reports: list[DrillReport] = []

    def drill() -> None:
        with recorded_drill(directory, reports.append) as record:
            record.begin(TIME)
            with pytest.raises(GraphError), record.drill("neo4j"):
                raise GraphError("gone")
            with record.drill("other") as drill:
                drill.begin(KEY)
                drill.proved(PROOF)
            raise GraphError("1 of 2 databases failed: neo4j (exit 3)")

    with pytest.raises(GraphError):
        drill()
    state = state_in(directory)
    assert state.of("neo4j").last_proof == OLD_PROOF
    assert state.of("other").last_proof == PROOF
    assert state.of("other").failures == {}
    assert [(each.database, each.drill.exit_code) for each in reports[0].databases] == [
        ("neo4j", 3),
        ("other", 0),
    ]


def test_only_the_latest_drills_are_recorded(directory: Path) -> None:
    for _ in range(KEPT):
        report_of(directory, BucketError("R2 failed"))
    kept = state_in(directory).of("neo4j").drills
    assert len(kept) == KEPT
    assert {each.error for each in kept} == {"R2 failed"}


def test_the_claim_is_recorded_at_once_and_the_token_stays(directory: Path) -> None:
    with recorded_drill(directory) as record:
        assert (record.token, record.claim) == ("token", CLAIM)
        record.set_claim(None)
        assert state_in(directory).claim is None
        record.begin(TIME)
        assert state_in(directory).token == "token"


def test_a_first_drill_makes_a_token_and_keeps_it(tmp_path: Path) -> None:
    with recorded_drill(tmp_path) as record:
        record.begin(TIME)
        first = record.token
    assert state_in(tmp_path).token == first
    with recorded_drill(tmp_path) as record:
        assert record.token == first


def test_a_full_disk_does_not_stop_a_drill_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "state"
    reports: list[DrillReport] = []
    with small_disk(directory):
        DrillFile(directory).write(BEFORE)
        with drill_lock(directory):
            pass
        with filled(directory), caplog.at_level(logging.WARNING):
            with recorded_drill(directory, reports.append) as record:
                record.begin(TIME)
                with record.drill("neo4j") as drill:
                    drill.proved(PROOF)
            assert state_in(directory) == BEFORE
    assert [each.databases[0].last_proof for each in reports] == [PROOF]
    told = [each for each in caplog.messages if each.startswith("This drill is not recorded: ")]
    assert len(told) == 1


def test_a_drill_ends_after_it_began_even_if_the_clock_goes_back(directory: Path) -> None:
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=1)
    with recorded_drill(directory) as record:
        record.begin(later)
        with record.drill("neo4j"):
            pass
    last = state_in(directory).of("neo4j").drills[-1]
    assert (last.started, last.finished) == (later, later)
