"""The lines that `status` shows of a state and of a bucket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import RenderableType

from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.core.printable import printable
from neo4j_r2.core.tables import plain, terminal
from neo4j_r2.monitoring.status_text import (
    SHOWN_ATTEMPTS,
    database_lines,
    fault_lines,
    schedule_lines,
    storage_lines,
)
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import Attempt, DatabaseState, RunState, State

NIGHT = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
NOON = datetime(2025, 10, 8, 12, tzinfo=UTC)
SETTINGS = read_service_settings({}, {})
BERLIN = read_service_settings({"TZ": "Europe/Berlin", "BACKUP_SCHEDULE": "30 1 * * *"}, {})
ENDED = RunState(NIGHT, ProcessId(1, 1), NIGHT + timedelta(seconds=75), 0)

PRICE = "at R2's $0.015 per GB and month"
FREE = "the account's first 10 GB are free"


def attempt(day: int, seconds: int, size: int, exit_code: int = 0, error: str = "") -> Attempt:
    """Return an attempt in the night of a day in October."""
    started = NIGHT.replace(day=day)
    return Attempt(started, started + timedelta(seconds=seconds), exit_code, error, size)


def lines_of(section: RenderableType) -> list[str]:
    """Return the lines that a pipe gets."""
    return plain(section).splitlines()


def last_run(run: RunState | None) -> str:
    lines = lines_of(schedule_lines(SETTINGS, State(NIGHT, last_run=run), NOON, is_scheduled=True))
    return lines[-1].removeprefix("Last run  ")


def test_the_next_run_is_shown_in_the_schedule_s_time_zone() -> None:
    assert lines_of(schedule_lines(BERLIN, None, NOON, is_scheduled=True)) == [
        "Schedule  30 1 * * * (Europe/Berlin)",
        "Next run  2025-10-09 01:30 Europe/Berlin, in 11 h 30 min",
        "Last run  none is known",
    ]


def test_the_time_to_the_next_run_is_right_when_the_clock_changes() -> None:
    before = datetime(2025, 10, 25, 12, tzinfo=UTC)
    assert lines_of(schedule_lines(BERLIN, None, before, is_scheduled=True))[1].endswith(
        "in 11 h 30 min"
    )
    late = read_service_settings({"TZ": "Europe/Berlin", "BACKUP_SCHEDULE": "0 4 * * *"}, {})
    assert lines_of(schedule_lines(late, None, before, is_scheduled=True))[1] == (
        "Next run  2025-10-26 04:00 Europe/Berlin, in 15 h 0 min"
    )


def test_no_next_run_is_announced_where_nothing_is_scheduled() -> None:
    assert lines_of(schedule_lines(BERLIN, None, NOON, is_scheduled=False)) == [
        "Schedule  30 1 * * * (Europe/Berlin)",
        "Next run  this service schedules none here: cron or a timer has to start it",
        "Last run  none is known",
    ]


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (ENDED, "2025-10-08 02:00:01 UTC, succeeded in 1 min 15 s"),
        (
            replace(ENDED, exit_code=4, error="Access denied"),
            "2025-10-08 02:00:01 UTC, failed (exit 4): Access denied",
        ),
        (
            replace(ENDED, finished=None, exit_code=None),
            "2025-10-08 02:00:01 UTC, was killed",
        ),
        (
            replace(ENDED, finished=None, exit_code=None, process=ProcessId.own()),
            "2025-10-08 02:00:01 UTC, is under way",
        ),
    ],
    ids=["succeeded", "failed", "killed", "running"],
)
def test_the_last_run_is_shown_with_its_end(run: RunState, text: str) -> None:
    assert last_run(run) == text


def test_the_last_attempts_are_a_chart_of_durations_and_sizes() -> None:
    known = DatabaseState(
        NIGHT,
        attempts=(
            attempt(5, 18, 5_990_000),
            attempt(6, 1, 0, 4, "R2 failed: \x1b[31m“no”"),
            attempt(7, 9, 1_000_000),
            attempt(8, 75, 6_000_000, 4, "The backup is safe, but cleaning up failed"),
        ),
    )
    assert lines_of(database_lines("neo4j", known, UTC)) == [
        "Database neo4j",
        "STARTED (UTC)          DURATION                 SIZE",
        "2025-10-05 02:00:01        18 s  ━━╸         5.99 MB  ━━━━━━━━━━",
        "2025-10-06 02:00:01         1 s  ╸                    "
        "failed (exit 4): R2 failed: \\x1b[31m\\u201cno\\u201d",
        "2025-10-07 02:00:01         9 s  ━           1.00 MB  ━╸",
        "2025-10-08 02:00:01  1 min 15 s  ━━━━━━━━━━  6.00 MB  "
        "failed (exit 4): The backup is safe, but cleaning up failed",
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/Argentina/Buenos_Aires"])
def test_a_terminal_of_80_columns_shows_all_of_a_cause_without_a_wider_line(zone: str) -> None:
    cause = "Neo4j connection failed: bolt://127.0.0.1:7687: refused; check that Neo4j is up"
    failed = f"failed (exit 3): {cause}"
    known = DatabaseState(NIGHT, attempts=(attempt(8, 75, 0, 3, cause),), pause=f"Shrunk: {cause}")
    run = replace(ENDED, exit_code=3, error=cause)
    for section, causes in (
        (database_lines("neo4j", known, ZoneInfo(zone)), (f"paused: Shrunk: {cause}", failed)),
        (schedule_lines(SETTINGS, State(NIGHT, last_run=run), NOON, is_scheduled=True), (failed,)),
    ):
        text = plain(section, console=terminal(80))
        assert max(map(len, text.splitlines())) <= 80
        assert all(each in " ".join(text.split()) for each in causes)


def test_only_the_latest_attempts_are_shown() -> None:
    attempts = tuple(attempt(day, day, day) for day in range(1, 31))
    lines = lines_of(database_lines("neo4j", DatabaseState(NIGHT, attempts=attempts), UTC))
    assert len(lines) == SHOWN_ATTEMPTS + 2
    assert lines[2].startswith("2025-10-21 ")
    assert lines[-1].startswith("2025-10-30 ")


def test_times_are_in_the_schedule_s_time_zone() -> None:
    known = DatabaseState(NIGHT, attempts=(attempt(8, 1, 1),))
    lines = lines_of(database_lines("neo4j", known, BERLIN.time_zone))
    assert lines[-1].startswith("2025-10-08 04:00:01 ")


def test_newest_backups_that_are_not_complete_are_named_in_full() -> None:
    fault = f"neo4j-backup/{'é' * 300}: it has no manifest"
    heading, line = lines_of(fault_lines([fault]))
    assert heading == "Not complete in the bucket:"
    assert line == fault.replace("é", "\\xe9")


def test_a_database_without_an_attempt_says_so() -> None:
    assert lines_of(database_lines("new", DatabaseState(NIGHT), UTC)) == [
        "Database new",
        "No run is known",
    ]


def test_a_pause_is_shown() -> None:
    lines = lines_of(
        database_lines("neo4j", DatabaseState(NIGHT, pause="The graph has shrunk"), UTC)
    )
    assert lines[1] == "Pruning is paused: The graph has shrunk"


@pytest.mark.parametrize(
    ("size", "cost"),
    [
        (0, f"$0.00 {PRICE}; {FREE}"),
        (10_000_000_000, f"$0.15 {PRICE}; {FREE}"),
        (1_000_000_000_000, f"$15.00 {PRICE}; {FREE}"),
    ],
)
def test_storage_has_its_monthly_price(size: int, cost: str) -> None:
    lines = lines_of(storage_lines("s3://b/p/", {"neo4j": Usage(7, size)}))
    assert lines[-1] == f"Monthly cost     {cost}"


def test_storage_is_shown_for_each_database_and_in_total() -> None:
    stored = {"a.b": Usage(7, 1_500_000_000), "neo4j": Usage(1, 500_000)}
    assert lines_of(storage_lines("s3://b/p/", stored))[:-1] == [
        "Stored of a.b    1.50 GB, 7 backups",
        "Stored of neo4j  500.00 kB, 1 backup",
        "Stored in all    1.50 GB in s3://b/p/",
    ]


@given(st.text(), st.text())
def test_no_cause_is_cut_off_or_holds_control_characters(error: str, pause: str) -> None:
    known = DatabaseState(NIGHT, attempts=(attempt(8, 9, 0, 3, error),), pause=pause)
    state = State(NIGHT, last_run=replace(ENDED, exit_code=3, error=error))
    of_database = lines_of(database_lines("neo4j", known, UTC))
    of_run = lines_of(schedule_lines(SETTINGS, state, NOON, is_scheduled=True))
    assert of_database[-1].endswith(f"failed (exit 3): {printable(error)}".rstrip())
    assert of_run[-1].endswith(f"failed (exit 3): {printable(error)}".rstrip())
    assert not pause or of_database[1] == f"Pruning is paused: {printable(pause)}".rstrip()
    for line in (*of_database, *of_run):
        assert line.replace("━", "").isascii()
        assert line.isprintable()
