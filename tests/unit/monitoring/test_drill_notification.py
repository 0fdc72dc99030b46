"""When a notification of a drill is due, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from neo4j_r2.monitoring.drill_notification import (
    drills_overdue,
    is_drill_due,
    notification_of_drill,
    reason_of_drill,
)
from neo4j_r2.monitoring.drill_rules import OverdueDrill
from neo4j_r2.monitoring.notification import FAILURE, SUCCESS
from neo4j_r2.run.drill_report import DrilledReport, DrillReport
from neo4j_r2.run.drill_state import Drill, ProofState

START = datetime(2025, 10, 8, 4, 0, 2, tzinfo=UTC)
END = START + timedelta(minutes=6, seconds=29)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"
EARLIER = ProofState(
    started=datetime(2025, 10, 7, 3, tzinfo=UTC),
    finished=datetime(2025, 10, 7, 3, 12, 4, tzinfo=UTC),
    archive_key="neo4j-backup/neo4j_2025-10-07_02-00-00.cypher.gz.age",
    backup_started=datetime(2025, 10, 7, 2, tzinfo=UTC),
    restore_seconds=240.0,
    nodes=10_000,
    relationships=24_518,
    is_stored=True,
)
PROOF = replace(EARLIER, started=START, finished=END, archive_key=KEY, restore_seconds=250.1)
GOOD = DrilledReport("neo4j", Drill(START, END, 0, "", KEY, questions_asked=6), PROOF)
ERROR = "The drill failed: 1 of 6 questions: every entity has a name"
BAD = DrilledReport(
    "neo4j",
    Drill(
        START,
        END,
        5,
        ERROR,
        KEY,
        questions_asked=6,
        questions_failed=("every entity has a name",),
    ),
    EARLIER,
)


def run_of(
    *databases: DrilledReport, exit_code: int = 0, error: str = "", has_failed: bool = False
) -> DrillReport:
    return DrillReport(START, END, exit_code, error, has_failed, databases)


SUCCEEDED = run_of(GOOD)
RECOVERED = run_of(GOOD, has_failed=True)
FAILED = run_of(BAD, exit_code=5, error=ERROR)
AFTER_A_KILL = replace(RECOVERED, killed_before=START - timedelta(days=1))
LOCKED = run_of(exit_code=6, error="A run was under way for 3 h 0 min; no drill was made")


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (SUCCEEDED, {"always"}),
        (RECOVERED, {"recovery", "always"}),
        (FAILED, {"failure", "recovery", "always"}),
        (replace(FAILED, has_failed_before=True), {"failure", "recovery", "always"}),
        (AFTER_A_KILL, {"failure", "recovery", "always"}),
        (LOCKED, {"failure", "recovery", "always"}),
        (run_of(), set()),
    ],
    ids=["success", "recovery", "failure", "failed again", "after a kill", "locked", "no backup"],
)
def test_a_failed_drill_is_told_and_its_recovery_once(report: DrillReport, told: set[str]) -> None:
    choices = ("failure", "recovery", "always")
    assert {when for when in choices if is_drill_due(report, when)} == told


def test_a_failure_shows_its_error_the_backup_and_what_was_proved_last() -> None:
    notification = notification_of_drill(FAILED, "graph/neo4j-backup")
    assert notification.title == "Drill failed: neo4j"
    assert notification.kind == FAILURE
    assert notification.body == (
        "Database: neo4j\n"
        f"Error (exit 5): {ERROR}\n"
        f"Key: {KEY}\n"
        "Last proved: 2025-10-07 03:12:04 UTC (neo4j_2025-10-07_02-00-00)\n"
        "Questions: 6, 1 failed\n"
        "Duration: 6 min 29 s\n"
        "\n"
        "Where to look: docker-compose logs neo4j-backup; Exit codes in README.md\n"
        "Host: graph/neo4j-backup\n"
        "Finished: 2025-10-08 04:06:31 UTC"
    )


def test_a_success_shows_the_time_to_restore() -> None:
    notification = notification_of_drill(SUCCEEDED, "vault")
    assert notification.title == "Drill succeeded: neo4j"
    assert notification.kind == SUCCESS
    assert notification.body == (
        "Database: neo4j\n"
        f"Key: {KEY}\n"
        "Time to restore: 4 min 10 s\n"
        "Questions: 6, 0 failed\n"
        "Duration: 6 min 29 s\n"
        "\n"
        "Host: vault\n"
        "Finished: 2025-10-08 04:06:31 UTC"
    )


def test_the_first_success_after_a_failure_says_so_and_tells_of_a_killed_drill() -> None:
    reason = "the kernel killed it for lack of memory (signal 9)"
    notification = notification_of_drill(replace(AFTER_A_KILL, kill_reason=reason), "vault")
    assert notification.title == "Drill succeeded again: neo4j"
    assert notification.body.startswith(
        f"The drill that began at 2025-10-07 04:00:02 UTC was killed: {reason}\n\nDatabase: neo4j\n"
    )


def test_a_drill_that_came_to_no_database_shows_why() -> None:
    notification = notification_of_drill(LOCKED, "vault")
    assert notification.title == "Drill failed"
    assert notification.body.startswith(
        "Error (exit 6): A run was under way for 3 h 0 min; no drill was made\n\nWhere to look: "
    )


def test_one_message_names_each_database_that_failed() -> None:
    never = replace(BAD, database="movies", last_proof=None)
    error = "1 of 2 databases failed: movies (exit 5)"
    notification = notification_of_drill(run_of(GOOD, never, exit_code=5, error=error), "vault")
    assert notification.title == "Drill failed: movies"
    paragraphs = notification.body.split("\n\n")
    assert paragraphs[0] == f"Error (exit 5): {error}"
    assert paragraphs[1].startswith(f"Database: neo4j\nKey: {KEY}\n")
    assert "Last proved: never\n" in paragraphs[2]


def test_a_proof_that_could_not_be_stored_is_a_failure_that_names_the_backup_as_proved() -> None:
    error = "The backup is proved, but its proof could not be stored: Access denied"
    refused = replace(GOOD, drill=Drill(START, END, 4, error, KEY))
    body = notification_of_drill(run_of(refused, exit_code=4, error=error), "vault").body
    assert f"Error (exit 4): {error}\n" in body
    assert "Last proved: 2025-10-08 04:06:31 UTC (neo4j_2025-10-08_02-00-00)\n" in body


def test_a_message_has_no_control_characters_but_line_ends_and_stays_short() -> None:
    error = "Failed: \x1b[31mred\u202e\x00\r\nBcc: everybody" + "x" * 9_000
    bad = replace(BAD, drill=replace(BAD.drill, error=error))
    many = [replace(bad, database=f"database-{number}" * 4) for number in range(200)]
    report = run_of(*many, exit_code=5, error=error)
    notification = notification_of_drill(report, "va\nult")
    for text in (notification.body, reason_of_drill(report)):
        assert all(line.isprintable() for line in text.split("\n"))
        assert "\nBcc" not in text
    assert len(notification.title) < 200
    assert len(notification.body) < 25_000
    assert "and 180 more databases" in notification.body


def test_the_monitor_is_told_that_it_is_a_drill_that_failed() -> None:
    assert reason_of_drill(FAILED) == f"Error of a drill (exit 5): {ERROR}"


def test_an_overdue_drill_is_told_with_what_was_proved_last_in_utc() -> None:
    due = datetime(2025, 10, 8, 6, tzinfo=ZoneInfo("Europe/Berlin"))
    overdue = [OverdueDrill("neo4j", due, EARLIER), OverdueDrill("movies", due, None)]
    notification = drills_overdue(overdue, "vault", END)
    assert notification.title == "Drill overdue: neo4j, movies"
    assert notification.kind == FAILURE
    assert notification.body == (
        "Database: neo4j\n"
        "No drill has succeeded since 2025-10-08 04:00:00 UTC, when one was due\n"
        "Last proved: 2025-10-07 03:12:04 UTC (neo4j_2025-10-07_02-00-00)\n"
        "\n"
        "Database: movies\n"
        "No drill has succeeded since 2025-10-08 04:00:00 UTC, when one was due\n"
        "Last proved: never\n"
        "\n"
        "Where to look: docker-compose logs neo4j-backup; Exit codes in README.md\n"
        "Host: vault\n"
        "Time: 2025-10-08 04:06:31 UTC"
    )
