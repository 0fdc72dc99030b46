"""The rules that tell from the probe's signs whether the service is healthy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.config.service_settings import ServiceSettings, read_service_settings
from neo4j_r2.monitoring.health_rules import Signs, diagnose, due, missed, next_due
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.start_problem import StartProblem
from neo4j_r2.run.state import Attempt, BackupState, DatabaseState, RunState, State

NO_FILE: dict[str, str] = {}
SINCE = datetime(2025, 10, 7, 12, tzinfo=UTC)
NIGHT = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
"""When the first scheduled run began."""
NOON = datetime(2025, 10, 8, 12, tzinfo=UTC)
RUNNING = RunState(NIGHT, ProcessId(1234, 5678))
SUCCEEDED = replace(RUNNING, finished=NIGHT + timedelta(minutes=4), exit_code=0)
FAILED = replace(SUCCEEDED, exit_code=4, error="R2 bucket not found: no-such")
BACKUP = BackupState(
    NIGHT, NIGHT, "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz", 1000, 3, 2, "A1"
)
NEW = State(SINCE, "0 2 * * *", ("neo4j",))


def backed_up(state: State, backup: BackupState = BACKUP, database: str = "neo4j") -> State:
    """Return the state with another last backup of a database."""
    return state.with_database(database, replace(state.of(database), last_backup=backup))


GOOD = backed_up(replace(NEW, last_run=SUCCEEDED))
DEFAULT = read_service_settings({}, NO_FILE)
TICK = timedelta(microseconds=1)


def problems(
    state: State | None,
    now: datetime = NOON,
    *,
    crond: bool | None = True,
    alive: bool = False,
    configured: ServiceSettings = DEFAULT,
) -> list[str]:
    """Return what is wrong; by default crond is running and the last run has ended."""
    return diagnose(Signs(now, crond, alive, state), configured)


@pytest.mark.parametrize(
    ("state", "now", "alive"),
    [
        (NEW, SINCE, False),
        (NEW, NIGHT, False),
        (GOOD, NOON, False),
        (GOOD, NIGHT + timedelta(days=1, minutes=30), False),
        (replace(NEW, last_run=RUNNING), NIGHT, True),
        (replace(GOOD, last_run=RUNNING), NOON, True),
    ],
    ids=["new", "first due", "succeeded", "due again", "first run", "running"],
)
def test_a_service_that_did_all_that_was_due_is_healthy(
    state: State, now: datetime, alive: bool
) -> None:
    assert problems(state, now, alive=alive) == []


def test_a_service_without_crond_is_unhealthy() -> None:
    assert problems(GOOD, crond=False) == ["crond is not running"]


def test_a_service_that_is_starting_needs_neither_crond_nor_a_state() -> None:
    assert diagnose(Signs(NOON, False, False, None, is_starting=True), DEFAULT) == []
    assert diagnose(Signs(NOON, False, False, GOOD, is_starting=True), DEFAULT) == []


def test_what_is_known_to_be_bad_is_told_while_the_service_is_starting() -> None:
    problem = StartProblem(NIGHT, 4, "Access denied")
    failed = replace(GOOD, last_run=FAILED)
    signs = Signs(NOON, False, False, failed, start_problem=problem, is_starting=True)
    assert [each.partition(" 2025")[0] for each in diagnose(signs, DEFAULT)] == [
        "the service cannot work since",
        "the last run failed at",
    ]


def test_outside_its_container_a_service_needs_no_crond() -> None:
    assert problems(GOOD, crond=None) == []
    (problem,) = problems(GOOD, NOON + timedelta(days=1), crond=None)
    assert problem.startswith("no backup since ")


def test_a_service_without_a_state_is_unhealthy_and_the_directory_and_a_next_step_are_named() -> (
    None
):
    configured = replace(DEFAULT, state_directory=Path("/var/lib/somewhere"))
    (problem,) = problems(None, configured=configured)
    assert "no state in /var/lib/somewhere; make a backup, or give this command" in problem


def test_a_state_directory_that_takes_no_file_is_unhealthy_with_the_reason() -> None:
    full = "BACKUP_STATE_DIR='/state' has no space left"
    signs = Signs(NOON, True, False, GOOD, write_problem=full)
    assert diagnose(signs, DEFAULT) == [full]


def test_a_service_that_cannot_start_is_unhealthy_with_time_exit_code_and_reason() -> None:
    problem = StartProblem(NIGHT, 4, "Access denied")
    signs = Signs(NOON, True, False, GOOD, start_problem=problem)
    assert diagnose(signs, DEFAULT) == [
        "the service cannot work since 2025-10-08T02:00:01+00:00 (exit 4): Access denied"
    ]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (GOOD, None),
        (replace(GOOD, last_run=FAILED), None),
        (replace(NEW, last_run=RUNNING), None),
        (NEW, NIGHT.replace(second=0)),
        (replace(NEW, last_run=replace(FAILED, started=SINCE)), NIGHT.replace(second=0)),
        (replace(NEW, since=NOON), None),
        (backed_up(NEW), None),
    ],
    ids=["made", "failed", "killed", "never", "failed before", "new", "recovered"],
)
def test_a_due_time_without_a_run_was_missed(state: State, expected: datetime | None) -> None:
    assert missed(state, DEFAULT, NOON, NOON) == expected


def test_a_due_time_is_missed_as_soon_as_it_has_come() -> None:
    due_time = NIGHT.replace(second=0)
    assert missed(NEW, DEFAULT, due_time - TICK, NOON) is None
    assert missed(NEW, DEFAULT, due_time, NOON) == due_time


@pytest.mark.parametrize("state", [None, replace(NEW, since=NOON)])
def test_a_due_time_in_the_wait_of_the_first_start_was_missed(state: State | None) -> None:
    assert missed(state, DEFAULT, NOON, SINCE) == NIGHT.replace(second=0)
    assert missed(state, DEFAULT, NOON, NIGHT) is None


def test_a_failed_run_is_shown_with_time_exit_code_and_reason() -> None:
    (problem,) = problems(replace(GOOD, last_run=FAILED))
    assert "failed at 2025-10-08T02:04:01+00:00 (exit 4): R2 bucket not found: no-such" in problem


def test_a_backup_does_not_hide_that_its_run_failed() -> None:
    error = "The backup is safe, but cleaning up failed: Access denied"
    (problem,) = problems(replace(GOOD, last_run=replace(FAILED, error=error)))
    assert error in problem


@pytest.mark.parametrize("exit_code", [1, 2, 3, 4, 5, 130, 143])
def test_every_exit_code_but_0_is_a_failure(exit_code: int) -> None:
    (problem,) = problems(replace(GOOD, last_run=replace(FAILED, exit_code=exit_code)))
    assert f"(exit {exit_code})" in problem


def test_a_run_without_an_end_and_without_a_process_was_killed() -> None:
    (problem,) = problems(replace(GOOD, last_run=RUNNING))
    assert problem == "the run that began at 2025-10-08T02:00:01+00:00 was killed"


def test_a_kill_whose_reason_is_known_is_explained() -> None:
    signs = Signs(
        NOON, True, False, replace(GOOD, last_run=RUNNING), kill_reason="for lack of memory"
    )
    (problem,) = diagnose(signs, DEFAULT)
    assert problem.endswith("02:00:01+00:00 was killed: for lack of memory")


def test_the_next_good_run_makes_the_service_healthy_again() -> None:
    failed = replace(NEW, last_run=FAILED)
    again = NIGHT + timedelta(hours=2)
    succeeded = replace(SUCCEEDED, started=again, finished=again)
    state = backed_up(replace(failed, last_run=succeeded), replace(BACKUP, started=again))
    assert problems(failed, NIGHT) != []
    assert problems(state) == []


def test_a_backup_can_be_overdue_while_its_run_is_under_way() -> None:
    (problem,) = problems(replace(NEW, last_run=RUNNING), alive=True)
    assert "no backup since 2025-10-08T02:00:00+00:00" in problem


@pytest.mark.parametrize(
    ("state", "latest"),
    [(NEW, "there is none yet"), (GOOD, "the last one is of 2025-10-08T02:00:01+00:00")],
    ids=["none", "old"],
)
def test_an_overdue_backup_is_shown_with_the_latest_one(state: State, latest: str) -> None:
    (problem,) = problems(state, NOON + timedelta(days=3))
    assert problem.endswith(f"when one was due; {latest}")


def test_all_problems_are_shown() -> None:
    state = replace(GOOD, last_run=FAILED)
    found = problems(state, NOON + timedelta(days=1), crond=False)
    assert [problem.split(" at ")[0].split(" since ")[0] for problem in found] == [
        "crond is not running",
        "the last run failed",
        "no backup",
    ]
    assert len(problems(None, crond=False)) == 2


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (SINCE, datetime(2025, 10, 9, 2, tzinfo=UTC)),
        (NOON, datetime(2025, 10, 9, 2, tzinfo=UTC)),
        (NOON + timedelta(days=5), datetime(2025, 10, 14, 2, tzinfo=UTC)),
    ],
    ids=["long ago", "after the backup", "after a backup was due"],
)
def test_a_backup_is_due_after_the_last_one_or_a_new_schedule(
    since: datetime, expected: datetime
) -> None:
    state = replace(GOOD, since=since)
    assert due(state, "neo4j", DEFAULT) == expected
    assert problems(state, expected + timedelta(hours=1)) == []
    assert problems(state, expected + timedelta(hours=1) + TICK) != []


def test_an_early_backup_by_hand_does_not_replace_the_one_that_is_due() -> None:
    by_hand = backed_up(GOOD, replace(BACKUP, started=NIGHT - timedelta(seconds=2)))
    assert due(by_hand, "neo4j", DEFAULT) == NIGHT.replace(second=0)


@pytest.mark.parametrize(
    ("schedule", "zone", "since", "expected", "minutes"),
    [
        ("0 2 * * *", "", "2025-10-07T12:00Z", "2025-10-08T02:00Z", 60),
        ("0 2 * * *", "", "2025-10-08T01:59:59Z", "2025-10-08T02:00Z", 60),
        ("0 2 * * *", "", "2025-10-08T02:00Z", "2025-10-09T02:00Z", 1),
        ("*/5 * * * *", "", "2025-10-08T02:00:01Z", "2025-10-08T02:05Z", 5),
        ("@monthly", "", "2025-10-08T02:00Z", "2025-11-01T00:00Z", 99_999),
        ("0 2 * * *", "Europe/Berlin", "2025-10-07T12:00Z", "2025-10-08T00:00Z", 60),
        ("0 2 * * *", "America/New_York", "2025-10-07T12:00Z", "2025-10-08T06:00Z", 60),
        ("0 2 * * *", "Asia/Kathmandu", "2025-10-07T12:00Z", "2025-10-07T20:15Z", 60),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00Z", 60),
        ("0 1 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T00:00Z", 120),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z", 60),
        ("0 1 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-24T23:00Z", 240),
    ],
)
def test_a_backup_is_overdue_when_the_margin_after_its_time_is_over(
    schedule: str, zone: str, since: str, expected: str, minutes: int
) -> None:
    variables = {"BACKUP_SCHEDULE": schedule, "TZ": zone, "BACKUP_OVERDUE_MINUTES": str(minutes)}
    configured = read_service_settings(variables, NO_FILE)
    state = State(datetime.fromisoformat(since), schedule, ("neo4j",))
    limit = datetime.fromisoformat(expected) + timedelta(minutes=minutes)
    assert problems(state, limit, configured=configured) == []
    (problem,) = problems(state, limit + TICK, configured=configured)
    told = re.findall(r"since (\S+),", problem)
    assert [datetime.fromisoformat(each) for each in told] == [datetime.fromisoformat(expected)]


TWO = backed_up(replace(GOOD, expected=("neo4j", "other")), database="other")


def test_each_database_with_an_overdue_backup_is_named() -> None:
    late = replace(BACKUP, started=NIGHT - timedelta(days=1))
    assert problems(TWO) == []
    (problem,) = problems(backed_up(TWO, late, "other"))
    assert problem.startswith("no backup of database other since 2025-10-08T02:00:00+00:00")


def test_a_good_run_of_other_databases_does_not_hide_a_failed_one() -> None:
    failed = Attempt(NIGHT, NIGHT + timedelta(seconds=9), 4, "Access denied")
    state = TWO.with_database("other", replace(TWO.of("other"), attempts=(failed,)))
    (problem,) = problems(state)
    assert problem == (
        "the last backup of database other failed at 2025-10-08T02:00:10+00:00 (exit 4): "
        "Access denied"
    )


def test_a_database_that_is_no_longer_backed_up_is_never_overdue() -> None:
    late = replace(BACKUP, started=NIGHT - timedelta(days=100))
    assert problems(backed_up(GOOD, late, "dropped")) == []


def test_a_newest_backup_that_is_not_complete_any_more_is_named() -> None:
    fault = f"{BACKUP.archive_key}: it has no manifest"
    signs = Signs(NOON, True, False, GOOD, {"neo4j": [fault], "dropped": ["another one"]})
    assert diagnose(signs, DEFAULT) == [f"not complete in the bucket: {fault}"]


def test_the_first_backup_of_a_new_database_is_due_after_it_became_known() -> None:
    state = replace(TWO, expected=("neo4j", "new"))
    state = state.with_database("new", DatabaseState(NOON))
    assert due(state, "new", DEFAULT) == datetime(2025, 10, 9, 2, tzinfo=UTC)
    assert problems(state, NOON + timedelta(hours=1)) == []


def test_the_next_backup_is_the_one_that_is_due_first() -> None:
    later = backed_up(TWO, replace(BACKUP, started=NIGHT + timedelta(days=3)), "other")
    assert next_due(later, DEFAULT) == due(later, "neo4j", DEFAULT)
    assert next_due(replace(later, expected=()), DEFAULT) is None
