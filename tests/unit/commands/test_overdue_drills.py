"""When a backup run tells people that a drill is overdue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.commands.overdue_drills import overdue_drills_told
from neo4j_r2.config.settings import Config, read_config
from neo4j_r2.core.errors import BucketError, Interruption
from neo4j_r2.monitoring.notification import Notification
from neo4j_r2.run.drill_state import DrillFile, DrillState
from neo4j_r2.run.lock import drill_lock
from neo4j_r2.run.state import BackupState, State, StateFile
from tests.unit.commands.test_commands import REQUIRED

LONG_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
"""Since then, a daily drill has been due."""


def config(directory: Path, **variables: str) -> Config:
    """Return the configuration of a service with drills and a receiver."""
    drills = {
        "DRILL_SCHEDULE": "0 4 * * *",
        "DRILL_NEO4J_URI": "bolt://scratch:7687",
        "RESTORE_NEO4J_PASSWORD": "scratch-pass-word",
        "BACKUP_NOTIFY_URLS": "json://receiver/hook",
        "BACKUP_STATE_DIR": str(directory),
    }
    return read_config({**REQUIRED, **drills, **variables}, {})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state directory of a service that has a backup, and no drill since long ago."""
    backup = BackupState(LONG_AGO, LONG_AGO, "neo4j-backup/key", 1, 1, 0, "A1")
    known = State(LONG_AGO, expected=("neo4j",))
    known = known.with_database("neo4j", replace(known.of("neo4j"), last_backup=backup))
    StateFile(tmp_path).write(known)
    DrillFile(tmp_path).write(DrillState(LONG_AGO, "0 4 * * * UTC"))
    return tmp_path


def test_an_overdue_drill_is_told_by_one_run_and_not_by_the_next(state: Path) -> None:
    told: list[Notification] = []
    for _ in range(2):
        with overdue_drills_told(config(state), told.append):
            pass
    (notification,) = told
    assert notification.title == "Drill overdue: neo4j"


def test_a_run_on_a_host_without_the_service_expects_drills_from_then_on(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    for schedule in ("0 4 * * *", "0 4 * * *", "0 5 * * *"):
        with overdue_drills_told(config(tmp_path, DRILL_SCHEDULE=schedule), _nobody):
            known = DrillFile(tmp_path).read()
        assert known is not None
        assert known.schedule == f"{schedule} UTC"
        assert known.since >= before


def test_a_drill_under_way_does_not_hold_up_a_run(state: Path) -> None:
    with (
        drill_lock(state),
        overdue_drills_told(config(state, DRILL_SCHEDULE="0 5 * * *"), lambda _: None),
    ):
        known = DrillFile(state).read()
    assert known is not None
    assert known.schedule == "0 4 * * * UTC"


def _nobody(_: Notification) -> None:
    raise AssertionError("nothing is overdue")


def test_a_monitor_alone_is_told_too(state: Path) -> None:
    told: list[Notification] = []
    monitored = {"BACKUP_NOTIFY_URLS": "", "BACKUP_PING_URL": "https://monitor/ping"}
    with overdue_drills_told(config(state, **monitored), told.append):
        pass
    assert len(told) == 1


def test_a_run_that_fails_tells_it_too(state: Path) -> None:
    told: list[Notification] = []
    with (
        pytest.raises(BucketError, match="Access denied"),
        overdue_drills_told(config(state), told.append),
    ):
        raise BucketError("Access denied")
    assert len(told) == 1


def test_a_run_that_is_told_to_end_leaves_it_to_the_next(state: Path) -> None:
    told: list[Notification] = []
    with pytest.raises(Interruption), overdue_drills_told(config(state), told.append):
        raise Interruption(15)
    assert told == []
    with overdue_drills_told(config(state), told.append):
        pass
    assert len(told) == 1


@pytest.mark.parametrize(
    "variables",
    [
        {"DRILL_SCHEDULE": ""},
        {"DRILL_OVERDUE_MINUTES": "99999"},
        {"BACKUP_NOTIFY_URLS": ""},
    ],
    ids=["no schedule", "not yet late", "no receiver"],
)
def test_nothing_is_told_without_need(state: Path, variables: dict[str, str]) -> None:
    told: list[Notification] = []
    with overdue_drills_told(config(state, **variables), told.append):
        pass
    assert told == []
    with overdue_drills_told(config(state), told.append):
        pass
    # Whoever takes the schedule away and gives it back waits for drills anew.
    assert len(told) == (0 if "DRILL_SCHEDULE" in variables else 1)


@pytest.mark.parametrize("name", ["state.json", "drills.json"])
def test_without_a_state_nothing_is_known_to_be_overdue(state: Path, name: str) -> None:
    (state / name).unlink()
    told: list[Notification] = []
    with overdue_drills_told(config(state), told.append):
        pass
    assert told == []
