"""The commands that ask no server: what `check` shows, and what `health` says and loads."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.commands.check import banner
from neo4j_r2.config.settings import read_config
from neo4j_r2.run.drill_state import DrillFile, DrillState
from neo4j_r2.run.state import BackupState, DatabaseState, State, StateFile
from testbed.web_receiver import WebReceiver
from tests.keys import KeyPair
from tests.unit.process import run_program

NO_FILE: dict[str, str] = {}
REQUIRED = {
    "NEO4J_PASSWORD": "graph-pass-word",
    "R2_ACCOUNT_ID": "abc123",
    "R2_ACCESS_KEY_ID": "access-key-id",
    "R2_SECRET_ACCESS_KEY": "secret-access-key",
    "R2_BUCKET_NAME": "graphiti-neo4j-backup",
}
DRILLS = {
    "DRILL_SCHEDULE": "0 4 * * 0",
    "DRILL_NEO4J_URI": "bolt://neo4j-drill:7687",
    "RESTORE_NEO4J_PASSWORD": "scratch-pass-word",
}
SECRETS = ("NEO4J_PASSWORD", "R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY")
RULE = "=" * 60
BANNER = f"""\
[INFO] {RULE}
[INFO] Neo4j to R2 Backup Service
[INFO] {RULE}
[INFO] Configuration:
  - Backup schedule: 0 2 * * *
  - Retention days: 7
  - Compression: true
  - R2 Bucket: graphiti-neo4j-backup
  - Neo4j Host: neo4j
  - Neo4j Database: neo4j
  - Encryption: off, backups are not encrypted
[INFO] {RULE}
"""
"""The lines of the specification, and whether backups are encrypted."""
HEAVY = {"apprise", "boto3", "botocore", "isal", "neo4j", "requests"}
BACKUP_KEY = "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz"


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """A whole configuration; its state directory does not exist yet."""
    return {**REQUIRED, "BACKUP_STATE_DIR": str(tmp_path / "state")}


def write_state(settings: dict[str, str], *, age: timedelta) -> datetime:
    """Write the state of a service whose last backup has this age; return when it began."""
    taken = datetime.now(UTC).replace(microsecond=0) - age
    backup = BackupState(taken, taken, BACKUP_KEY, 1, 1, 0, "A1")
    known = {"neo4j": DatabaseState(taken, backup)}
    state = State(taken, "0 2 * * *", ("neo4j",), databases=known)
    StateFile(Path(settings["BACKUP_STATE_DIR"])).write(state)
    return taken


def test_check_shows_the_specification_s_banner_and_says_that_it_is_ok(
    settings: dict[str, str], tmp_path: Path
) -> None:
    process = run_program(tmp_path, "check", **settings)
    assert process.stderr == f"{BANNER}[INFO] The configuration is OK\n"
    assert process.stdout == ""
    assert process.returncode == 0


def test_check_prints_the_jobs_for_the_entrypoint(settings: dict[str, str], tmp_path: Path) -> None:
    process = run_program(tmp_path, "check", "--at-start", **settings)
    assert process.stderr == BANNER
    assert process.stdout == "0 2 * * * JOB backup\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("BACKUP_SCHEDULE", " 0  */6 * * mon-FRI", "Backup schedule: 0 */6 * * mon-FRI"),
        ("BACKUP_SCHEDULE", "@daily", "Backup schedule: @daily"),
        ("BACKUP_RETENTION_DAYS", "0", "Retention days: 0"),
        ("BACKUP_COMPRESSION", "FALSE", "Compression: false"),
        ("R2_BUCKET_NAME", "other", "R2 Bucket: other"),
        ("NEO4J_HOST", "10.0.0.7", "Neo4j Host: 10.0.0.7"),
        ("NEO4J_HOST", "::1", "Neo4j Host: ::1"),
        ("NEO4J_URI", "bolt://graph.example.org:7688", "Neo4j Host: graph.example.org"),
        ("NEO4J_URI", "neo4j+s://graph.example.org", "Neo4j Host: graph.example.org"),
        ("NEO4J_URI", "bolt+ssc://[fd00::7]:7687/", "Neo4j Host: fd00::7"),
        ("NEO4J_DATABASE", "graph.one", "Neo4j Database: graph.one"),
    ],
)
def test_the_banner_shows_what_is_configured(name: str, value: str, line: str) -> None:
    default = banner(read_config(REQUIRED, NO_FILE))
    shown = banner(read_config({**REQUIRED, name: value}, NO_FILE))
    assert set(shown) - set(default) == {line}
    assert [each.partition(":")[0] for each in shown] == [
        each.partition(":")[0] for each in default
    ]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("METRICS_PORT", "9412", "Metrics port: 9412"),
        ("TZ", "Europe/Berlin", "Time zone: Europe/Berlin"),
        ("BACKUP_EXPORT_METHOD", "manual", "Export method: manual"),
        ("BACKUP_VERIFY", "after", "Verify: after each backup"),
        ("BACKUP_UPLOAD_LIMIT", "10mbit", "Upload limit: 1.25 MB/s"),
        ("RUN_IMMEDIATE_BACKUP", "true", "Backup at the start: on"),
        ("BACKUP_CATCH_UP", "false", "Missed backups: left out"),
        ("R2_ENDPOINT_URL", "http://s3:80/", "R2 Endpoint: http://s3:80"),
        (
            "R2_ENDPOINT_URL",
            "https://abc123.eu.r2.cloudflarestorage.com",
            "R2 Endpoint: https://abc123.eu.r2.cloudflarestorage.com",
        ),
        (
            "R2_ACCOUNT_ID",
            "abc123.eu.r2.cloudflarestorage.com",
            "R2 Endpoint: https://abc123.eu.r2.cloudflarestorage.com",
        ),
    ],
)
def test_the_banner_shows_what_is_on(name: str, value: str, line: str) -> None:
    default = banner(read_config(REQUIRED, NO_FILE))
    shown = banner(read_config({**REQUIRED, name: value}, NO_FILE))
    assert [each for each in shown if each not in default] == [line]
    assert [each for each in shown if each in default] == default


def test_the_banner_shows_where_drills_go_if_they_are_scheduled() -> None:
    default = banner(read_config(REQUIRED, NO_FILE))
    shown = banner(read_config({**REQUIRED, **DRILLS, "BACKUP_VERIFY": "after"}, NO_FILE))
    assert shown == [
        *default,
        "Verify: after each backup",
        "Drills: 0 4 * * 0 into bolt://neo4j-drill:7687",
    ]
    assert banner(read_config({**REQUIRED, **DRILLS, "DRILL_SCHEDULE": ""}, NO_FILE)) == default


def test_check_counts_the_questions_of_drills_and_names_a_wrong_file(
    settings: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "checks.cypher"
    question = (
        "// check: there are entities\n// expect: count > 0\nMATCH (n) RETURN count(n) AS count;"
    )
    path.write_text(f"{question}\n{question.replace('are', 'were')}\n", encoding="utf-8")
    drills = {**settings, **DRILLS, "DRILL_CHECKS": str(path)}
    good = run_program(tmp_path, "check", **drills)
    assert "into bolt://neo4j-drill:7687\n  - Drill checks: 2\n" in good.stderr, good.stderr
    path.unlink()
    wrong = run_program(tmp_path, "check", **drills)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("[ERROR] DRILL_CHECKS: ")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"DRILL_CHECKS": "/nowhere/checks.cypher"}, "DRILL_CHECKS: "),
        ({"DRILL_IDENTITY_FILE": "/nowhere/key.txt"}, "DRILL_IDENTITY_FILE: "),
        (
            {"RESTORE_NEO4J_PASSWORD": ""},
            "Invalid configuration:\n  - RESTORE_NEO4J_PASSWORD (or ",
        ),
    ],
    ids=["questions", "keys", "password"],
)
def test_what_is_wrong_with_drills_keeps_no_service_from_starting(
    settings: dict[str, str], tmp_path: Path, changes: dict[str, str], problem: str
) -> None:
    wrong = {**settings, **DRILLS, **changes}
    by_hand = run_program(tmp_path, "check", **wrong)
    assert by_hand.returncode == 2
    assert by_hand.stderr.startswith(f"[ERROR] {problem}")
    process = run_program(tmp_path, "check", "--at-start", **wrong)
    assert process.returncode == 0, process.stderr
    assert process.stderr.startswith(f"[ERROR] Drills will fail: {problem}")
    assert process.stdout == "0 2 * * * JOB backup\n0 4 * * 0 JOB drill\n"


def test_check_warns_of_drills_that_cannot_open_encrypted_backups(
    settings: dict[str, str], tmp_path: Path
) -> None:
    encrypted = {**settings, **DRILLS, "BACKUP_ENCRYPTION_RECIPIENTS": KeyPair.new().public}
    process = run_program(tmp_path, "check", **encrypted)
    assert process.returncode == 0
    assert process.stderr.startswith(
        "[WARNING] Drills cannot open encrypted backups: set DRILL_IDENTITY_FILE, or run "
        "`backup.py drill --identity` where the key is\n"
    )


def test_the_banner_shows_the_retention_rules_that_are_set() -> None:
    rules = {"BACKUP_RETENTION_DAYS": "none", "BACKUP_KEEP_DAILY": "7", "BACKUP_KEEP_MINIMUM": "3"}
    settings = {**REQUIRED, **rules, "BACKUP_PRUNE_DRY_RUN": "true"}
    settings["BACKUP_SHRINK_PERCENT"] = "20"
    assert banner(read_config(settings, NO_FILE))[1:5] == [
        "Retention days: none",
        "Retention rules: daily 7, minimum 3",
        "Shrink alarm: more than 20%",
        "Prune: dry run",
    ]


def test_the_banner_counts_receivers_and_shows_no_address() -> None:
    default = banner(read_config(REQUIRED, NO_FILE))
    settings = {
        "BACKUP_NOTIFY_URLS": "json://secret-a mailto://secret-b",
        "BACKUP_NOTIFY_ON": "always",
    }
    shown = banner(read_config({**REQUIRED, **settings, "BACKUP_PING_URL": "https://x/y"}, NO_FILE))
    assert shown == [*default, "Notifications: 2 (always)", "Ping: on"]


def test_a_backup_without_receivers_and_monitor_does_not_load_their_clients(
    settings: dict[str, str], tmp_path: Path
) -> None:
    wrong = {**settings, "BACKUP_SCHEDULE": "wrong"}
    process = run_program(tmp_path, "backup", **wrong, PYTHONPROFILEIMPORTTIME="1")
    assert process.returncode == 2
    lines = re.findall(r"^import time: .*\| +(\S+)$", process.stderr, re.MULTILINE)
    assert {line.partition(".")[0] for line in lines} & {"apprise", "requests"} == set()


def test_verify_tells_a_wrong_configuration_in_its_document_too(
    settings: dict[str, str], tmp_path: Path
) -> None:
    wrong = {**settings, "R2_BUCKET_NAME": ""}
    process = run_program(tmp_path, "verify", "--json", **wrong)
    assert process.returncode == 2
    content = json.loads(process.stdout)
    assert (content["exit_code"], content["backups"]) == (2, [])
    assert content["error"].startswith("Invalid configuration:")
    assert "R2_BUCKET_NAME is required" in content["error"]


@pytest.mark.parametrize(("number", "line"), [(1, "1 recipient"), (2, "2 recipients")])
def test_the_banner_counts_the_recipients(number: int, line: str) -> None:
    keys = ",".join(KeyPair.new().public for _ in range(number))
    config = read_config({**REQUIRED, "BACKUP_ENCRYPTION_RECIPIENTS": keys}, NO_FILE)
    shown = banner(config)
    assert f"Encryption: {line}" in shown
    assert not any("not encrypted" in each for each in shown)


@pytest.mark.parametrize("variables", [{}, {"BACKUP_ENCRYPTION_RECIPIENTS": "none"}])
def test_the_banner_says_that_backups_are_not_encrypted(variables: dict[str, str]) -> None:
    shown = banner(read_config({**REQUIRED, **variables}, NO_FILE))
    assert "Encryption: off, backups are not encrypted" in shown


def test_a_wrong_configuration_is_told_once_when_the_service_starts_and_then_shown(
    settings: dict[str, str], tmp_path: Path
) -> None:
    with WebReceiver() as web:
        wrong = {**settings, "TZ": "Europe/Atlantis", "COMPOSE_PROJECT_NAME": "graph"}
        wrong["BACKUP_NOTIFY_URLS"] = f"json://{web.address}/hook/good"
        assert run_program(tmp_path, "check", **wrong).returncode == 2
        for _ in range(2):
            process = run_program(tmp_path, "check", "--at-start", **wrong)
            assert process.returncode == 2
            assert process.stderr.startswith("[ERROR] Invalid configuration:\n  - TZ=")
            assert process.stdout == ""
        (posted,) = [json.loads(each.body) for each in web.received]
    assert posted["title"] == "Backup service cannot work"
    assert posted["message"].startswith("Error (exit 2): Invalid configuration: - TZ=")
    assert "\nHost: graph/neo4j-backup\n" in posted["message"]
    health = run_program(tmp_path, "health", **settings)
    assert health.returncode == 1
    assert "(exit 2): Invalid configuration: - TZ=" in health.stderr


def test_a_failed_start_that_nobody_can_record_is_still_one_line(
    settings: dict[str, str], tmp_path: Path
) -> None:
    wrong = {**settings, "BACKUP_STATE_DIR": "/dev/null/state"}
    process = run_program(tmp_path, "check", "--at-start", **wrong)
    assert process.returncode == 2
    assert process.stderr.count("[ERROR]") == 1
    assert "Traceback" not in process.stderr


def test_check_shows_no_secret(settings: dict[str, str], tmp_path: Path) -> None:
    for changes in ({}, {"LOG_FORMAT": "json"}, {"LOG_LEVEL": "debug", "NEO4J_URI": "bolt://x"}):
        process = run_program(tmp_path, "check", **{**settings, **changes})
        assert process.returncode == 0
        assert not any(REQUIRED[name] in process.stderr + process.stdout for name in SECRETS)


def test_a_quiet_check_still_prints_the_jobs(settings: dict[str, str], tmp_path: Path) -> None:
    process = run_program(tmp_path, "check", "--at-start", **settings, LOG_LEVEL="error")
    assert (process.stdout, process.stderr) == ("0 2 * * * JOB backup\n", "")


def test_check_shows_the_drills_and_prints_their_job(
    settings: dict[str, str], tmp_path: Path
) -> None:
    drills = {**DRILLS, "DRILL_SCHEDULE": " 0 4  * * sun "}
    process = run_program(tmp_path, "check", "--at-start", **settings, **drills)
    assert process.stdout == "0 2 * * * JOB backup\n0 4 * * sun JOB drill\n"
    assert "\n  - Drills: 0 4 * * sun into bolt://neo4j-drill:7687\n" in process.stderr
    assert DRILLS["RESTORE_NEO4J_PASSWORD"] not in process.stderr


def test_a_state_directory_that_cannot_be_used_ends_the_check(
    settings: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "state").touch()
    process = run_program(tmp_path, "check", **settings)
    assert process.returncode == 2
    assert re.fullmatch(r"\[ERROR\] BACKUP_STATE_DIR='.*/state' .*\n", process.stderr)
    assert process.stdout == ""


@pytest.mark.parametrize(
    ("command", "changes", "levels"),
    [
        ("check", {}, ["info"] * 6),
        ("check", {"BACKUP_SCHEDULE": "never", "NEO4J_PASSWORD": ""}, ["error"]),
        ("health", {}, ["error"]),
        ("health", {"TZ": "Europe/Atlantis"}, ["error"]),
    ],
)
def test_a_json_log_is_one_object_per_line(
    settings: dict[str, str],
    tmp_path: Path,
    command: str,
    changes: dict[str, str],
    levels: list[str],
) -> None:
    process = run_program(tmp_path, command, **{**settings, **changes, "LOG_FORMAT": "json"})
    entries = [json.loads(line) for line in process.stderr.splitlines()]
    assert [entry["level"] for entry in entries] == levels
    assert all(entry.keys() == {"time", "level", "message"} for entry in entries)


def test_outside_the_container_a_recent_backup_is_enough_to_be_healthy(
    settings: dict[str, str], tmp_path: Path
) -> None:
    taken = write_state(settings, age=timedelta(0))
    process = run_program(tmp_path, "health", **settings, BACKUP_SCHEDULE="@yearly")
    new_year = f"{taken.year + 1}-01-01T00:00:00+00:00"
    assert process.stderr == f"[INFO] Healthy: last backup {BACKUP_KEY}, due next at {new_year}\n"
    assert (process.returncode, process.stdout) == (0, "")


def test_a_service_with_an_old_backup_is_unhealthy(
    settings: dict[str, str], tmp_path: Path
) -> None:
    write_state(settings, age=timedelta(days=3))
    process = run_program(tmp_path, "health", **settings)
    assert process.returncode == 1
    assert process.stderr.startswith("[ERROR] Unhealthy: no backup since ")
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize("days", [0, 400])
def test_the_health_is_a_document_for_programs(
    settings: dict[str, str], tmp_path: Path, days: int
) -> None:
    taken = write_state(settings, age=timedelta(days=days))
    variables = {**settings, "BACKUP_SCHEDULE": "@yearly"}
    process = run_program(tmp_path, "health", "--json", **variables)
    content = json.loads(process.stdout)
    assert (process.returncode, process.stderr) == (1 if days else 0, "")
    assert content["healthy"] == (days == 0)
    assert [each.split(" since ")[0] for each in content["problems"]] == (
        ["no backup"] if days else []
    )
    assert content["due"] == f"{taken.year + 1}-01-01T00:00:00+00:00"
    assert content["drill_due"] is None


def test_the_health_tells_when_the_next_drill_is_due_and_that_one_is_late(
    settings: dict[str, str], tmp_path: Path
) -> None:
    taken = write_state(settings, age=timedelta(days=3))
    DrillFile(Path(settings["BACKUP_STATE_DIR"])).write(DrillState(taken, "0 4 * * * UTC"))
    variables = {**settings, **DRILLS, "DRILL_SCHEDULE": "0 4 * * *", "BACKUP_SCHEDULE": "@yearly"}
    process = run_program(tmp_path, "health", "--json", **variables)
    content = json.loads(process.stdout)
    assert process.returncode == 1
    (problem,) = content["problems"]
    due = datetime.fromisoformat(content["drill_due"])
    assert taken < due <= taken + timedelta(days=1)
    assert problem == (
        f"no drill of database neo4j has succeeded since {due.isoformat()}, when one was due; "
        "there is none yet"
    )


def test_the_probe_needs_no_secret_and_changes_nothing(
    settings: dict[str, str], tmp_path: Path
) -> None:
    directory = settings["BACKUP_STATE_DIR"]
    process = run_program(tmp_path, "health", BACKUP_STATE_DIR=directory)
    assert process.returncode == 1
    assert f"no state in {directory}" in process.stderr
    assert os.listdir(tmp_path) == []


def test_the_probe_loads_neither_the_driver_nor_the_s3_client(
    settings: dict[str, str], tmp_path: Path
) -> None:
    write_state(settings, age=timedelta(0))
    process = run_program(tmp_path, "health", **settings, PYTHONPROFILEIMPORTTIME="1")
    lines = re.findall(r"^import time: .*\| +(\S+)$", process.stderr, re.MULTILINE)
    loaded = {line.partition(".")[0] for line in lines}
    assert "healthy" in process.stderr.lower()
    assert "neo4j_r2" in loaded
    assert loaded & HEAVY == set()
