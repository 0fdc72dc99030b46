"""When a notification is due, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.monitoring.notification import (
    FAILURE,
    SUCCESS,
    WARNING,
    is_due,
    notification_of,
    reason_of,
    trial,
)
from neo4j_r2.run.report import BackupKind, DatabaseReport, RunReport
from neo4j_r2.run.state import Attempt, BackupState

START = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
END = START + timedelta(seconds=18)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz"
BACKUP = BackupState(START, END, KEY, 6_000_000, 10_000, 24_518, "A1")
GOOD = DatabaseReport("neo4j", Attempt(START, END, 0, "", 6_000_000), BACKUP, "")
DENIED = "Access denied to the bucket"
BAD = DatabaseReport("other", Attempt(START, END, 4, DENIED), None, "")
PAUSE = "The newest backup is of an empty graph, older ones are not: nothing is removed"


def run_of(
    *databases: DatabaseReport, exit_code: int = 0, error: str = "", has_failed: bool = False
) -> RunReport:
    return RunReport(START, END, exit_code, error, has_failed, databases)


SUCCEEDED = run_of(GOOD)
RECOVERED = run_of(GOOD, has_failed=True)
PAUSED = run_of(replace(GOOD, pause=PAUSE))
FAILED = run_of(BAD, exit_code=4, error=DENIED)
FAILED_AGAIN = replace(FAILED, has_failed_before=True)
AFTER_A_KILL = replace(RECOVERED, killed_before=START - timedelta(days=1))
AFTER_A_PAUSE = run_of(replace(GOOD, was_paused=True))


@pytest.mark.parametrize(
    ("report", "told"),
    [
        (SUCCEEDED, {"always"}),
        (RECOVERED, {"recovery", "always"}),
        (PAUSED, {"failure", "recovery", "always"}),
        (FAILED, {"failure", "recovery", "always"}),
        (FAILED_AGAIN, {"failure", "recovery", "always"}),
        (AFTER_A_KILL, {"failure", "recovery", "always"}),
        (AFTER_A_PAUSE, {"recovery", "always"}),
    ],
    ids=[
        "success",
        "recovery",
        "pause",
        "failure",
        "another failure",
        "after a kill",
        "after a pause",
    ],
)
def test_a_notification_is_due_as_it_is_configured(report: RunReport, told: set[str]) -> None:
    assert {when for when in ("failure", "recovery", "always") if is_due(report, when)} == told


def test_the_next_run_tells_of_a_killed_run() -> None:
    notification = notification_of(AFTER_A_KILL, "vault")
    assert notification.title == "Backup succeeded again: neo4j"
    assert notification.body.startswith(
        "The run that began at 2025-10-07 02:00:00 UTC was killed\n\nDatabase: neo4j\n"
    )


def test_a_notification_tells_that_a_pause_is_over() -> None:
    assert (
        "\nPause: over, old backups are removed again\n" in notification_of(AFTER_A_PAUSE, "").body
    )


def test_a_notification_names_databases_that_had_no_attempt() -> None:
    notification = notification_of(replace(FAILED, unreached=("movies", "people")), "vault")
    assert notification.title == "Backup failed: other, movies, people"
    assert "\n\nNot backed up: movies, people\n\n" in notification.body


def test_a_success_shows_database_key_size_counts_and_duration() -> None:
    notification = notification_of(SUCCEEDED, "vault")
    assert notification.title == "Backup succeeded: neo4j"
    assert notification.kind == SUCCESS
    assert notification.body == (
        "Database: neo4j\n"
        f"Key: {KEY}\n"
        "Size: 6.00 MB\n"
        "Nodes: 10,000\n"
        "Relationships: 24,518\n"
        "Duration: 18 s\n"
        "\n"
        "Host: vault\n"
        "Finished: 2025-10-08 02:00:18 UTC"
    )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (BackupKind(needs=1), "incremental, needs 1 more archive"),
        (BackupKind(needs=3), "incremental, needs 3 more archives"),
        (BackupKind(needs=0), "full"),
        (BackupKind(0, "--full asks for one"), "full, because --full asks for one"),
    ],
)
def test_where_increments_are_made_a_success_shows_its_kind(kind: BackupKind, text: str) -> None:
    body = notification_of(run_of(replace(GOOD, kind=kind)), "vault").body
    assert f"Key: {KEY}\nKind: {text}\nSize: 6.00 MB\n" in body


def test_a_failure_shows_its_error_in_one_line_and_where_to_look() -> None:
    notification = notification_of(FAILED, "vault")
    assert notification.title == "Backup failed: other"
    assert notification.kind == FAILURE
    assert notification.body == (
        "Database: other\n"
        "Error (exit 4): Access denied to the bucket\n"
        "Duration: 18 s\n"
        "\n"
        "Where to look: docker-compose logs neo4j-backup; Exit codes in README.md\n"
        "Host: vault\n"
        "Finished: 2025-10-08 02:00:18 UTC"
    )


def test_the_first_success_after_a_failure_says_so() -> None:
    assert notification_of(RECOVERED, "vault").title == "Backup succeeded again: neo4j"


def test_a_run_that_reached_no_database_shows_why() -> None:
    report = run_of(exit_code=2, error="Invalid configuration: - NEO4J_PASSWORD is required")
    notification = notification_of(report, "vault")
    assert notification.title == "Backup failed"
    assert notification.body.startswith(
        "Error (exit 2): Invalid configuration: - NEO4J_PASSWORD is required\n\nWhere to look: "
    )


def test_one_message_names_each_database_that_failed() -> None:
    report = run_of(GOOD, BAD, exit_code=4, error="1 of 2 databases failed: other (exit 4)")
    notification = notification_of(report, "vault")
    assert notification.title == "Backup failed: other"
    paragraphs = notification.body.split("\n\n")
    assert paragraphs[0] == "Error (exit 4): 1 of 2 databases failed: other (exit 4)"
    assert paragraphs[1].startswith(f"Database: neo4j\nKey: {KEY}\n")
    assert paragraphs[2] == (
        "Database: other\nError (exit 4): Access denied to the bucket\nDuration: 18 s"
    )


def test_a_failed_prune_does_not_hide_the_backup_that_was_made() -> None:
    error = "The backup is safe, but cleaning up failed: no"
    safe = replace(GOOD, attempt=Attempt(START, END, 4, error))
    notification = notification_of(run_of(safe, exit_code=4, error=error), "vault")
    assert notification.title == "Backup failed: neo4j"
    assert f"Error (exit 4): {error}\nKey: {KEY}\n" in notification.body


def test_a_run_that_fails_after_its_database_succeeded_shows_why() -> None:
    report = run_of(GOOD, exit_code=143, error="Interrupted by signal 15")
    notification = notification_of(report, "vault")
    assert notification.title == "Backup failed"
    assert notification.body.startswith("Error (exit 143): Interrupted by signal 15\n\nDatabase: ")


def test_a_pause_is_a_warning_with_its_reason() -> None:
    notification = notification_of(PAUSED, "vault")
    assert notification.title == "Backup succeeded, but nothing is removed: neo4j"
    assert notification.kind == WARNING
    assert f"Pause: {PAUSE}" in notification.body
    assert "Where to look" in notification.body


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3_599, "59 min 59 s"), (7_260, "2 h 1 min")],
)
def test_a_duration_is_easy_to_read(seconds: int, text: str) -> None:
    attempt = Attempt(START, START + timedelta(seconds=seconds), 0)
    body = notification_of(run_of(replace(GOOD, attempt=attempt)), "vault").body
    assert f"Duration: {text}\n" in body


def test_a_message_has_no_control_characters_but_line_ends() -> None:
    error = "Failed: \x1b[31mred\u202e\x00\r\nBcc: everybody"
    bad = replace(BAD, attempt=Attempt(START, END, 4, error))
    report = run_of(bad, exit_code=4, error=error)
    texts = (notification_of(report, "va\nult").body, reason_of(report))
    for text in texts:
        assert all(line.isprintable() for line in text.split("\n"))
        assert "\nBcc" not in text
    assert "Host: va ult\n" in texts[0]


def test_a_message_stays_short_with_long_names_and_errors() -> None:
    many = [
        replace(BAD, database=f"database-{number}" * 4, attempt=Attempt(START, END, 4, "x" * 9_000))
        for number in range(200)
    ]
    notification = notification_of(run_of(*many, exit_code=4, error="y" * 9_000), "vault")
    assert len(notification.title) < 200
    assert len(notification.body) < 20_000
    assert "and 180 more databases" in notification.body


def test_a_reason_has_a_line_for_the_run_and_one_for_each_database_that_failed() -> None:
    assert reason_of(FAILED) == "Error (exit 4): Access denied to the bucket"
    report = run_of(GOOD, BAD, exit_code=4, error="1 of 2 databases failed: other (exit 4)")
    assert reason_of(report) == (
        "Error (exit 4): 1 of 2 databases failed: other (exit 4)\n"
        "other: Access denied to the bucket"
    )


def test_a_test_notification_says_that_it_is_no_backup() -> None:
    assert trial("vault").title == "Backup test: this is no backup"
    assert "vault" in trial("vault").body
