"""Whether a backup or a drill begins with the service."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.commands.missed_jobs import is_backup_wanted_now, is_drill_wanted_now
from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.run.drill_state import DrillRun, DrillState
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import State

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
"""Between the times at which the schedules here are due."""
LONG_AGO = NOW - timedelta(days=2)
"""Since then, the daily schedule has been due."""
MAKING_IT = ["INFO The backup that was due at … was missed: making it now"]
LEAVING_IT_OUT = ["WARNING The backup that was due at … was missed"]


@pytest.mark.parametrize(
    ("since", "started", "variables", "is_wanted", "said"),
    [
        (LONG_AGO, NOW, {}, True, MAKING_IT),
        (LONG_AGO, NOW, {"BACKUP_CATCH_UP": "false"}, False, LEAVING_IT_OUT),
        (LONG_AGO, NOW, {"RUN_IMMEDIATE_BACKUP": "true"}, True, []),
        (NOW, NOW, {}, False, []),
        (None, NOW, {}, False, []),
        (NOW, LONG_AGO, {}, True, MAKING_IT),
        (None, LONG_AGO, {}, True, MAKING_IT),
    ],
    ids=[
        "stopped",
        "no catch-up",
        "immediate",
        "nothing due",
        "new",
        "waited for Neo4j at the first start",
        "waited at the first start, in vain",
    ],
)
def test_a_backup_that_was_missed_begins_with_the_service_unless_told_otherwise(
    caplog: pytest.LogCaptureFixture,
    *,
    since: datetime | None,
    started: datetime,
    variables: dict[str, str],
    is_wanted: bool,
    said: list[str],
) -> None:
    caplog.set_level(logging.INFO)
    settings = read_service_settings(variables, {})
    state = State(since) if since else None
    assert is_backup_wanted_now(settings, state, started=started, now=NOW) == is_wanted
    logged = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    assert logged[0].startswith("INFO At the start: ")
    assert [re.sub(r"at \S+ was", "at … was", line) for line in logged[1:]] == said


@pytest.mark.parametrize(
    ("since", "variables", "is_wanted", "said"),
    [
        (LONG_AGO, {}, True, ["INFO The drill that was due at … was missed: making it in 60 s"]),
        (
            LONG_AGO,
            {"BACKUP_CATCH_UP": "false"},
            False,
            ["WARNING The drill that was due at … was missed"],
        ),
        (LONG_AGO, {"DRILL_SCHEDULE": ""}, False, []),
        (LONG_AGO, {"RUN_IMMEDIATE_BACKUP": "true", "DRILL_SCHEDULE": ""}, False, []),
        (NOW, {}, False, []),
        (None, {}, False, []),
    ],
    ids=["stopped", "no catch-up", "no schedule", "immediate backup", "nothing due", "new"],
)
def test_a_drill_that_was_missed_begins_soon_after_the_service_unless_told_otherwise(
    caplog: pytest.LogCaptureFixture,
    *,
    since: datetime | None,
    variables: dict[str, str],
    is_wanted: bool,
    said: list[str],
) -> None:
    caplog.set_level(logging.INFO)
    settings = read_service_settings({"DRILL_SCHEDULE": "0 4 * * *", **variables}, {})
    drills = DrillState(since) if since else None
    assert is_drill_wanted_now(settings, drills, now=NOW) == is_wanted
    logged = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    assert [re.sub(r"at \S+ was", "at … was", line) for line in logged] == said


@pytest.mark.parametrize("catches_up", [True, False])
def test_a_drill_that_was_cut_short_is_made_again_in_the_same_way(
    caplog: pytest.LogCaptureFixture, *, catches_up: bool
) -> None:
    caplog.set_level(logging.INFO)
    variables = {"DRILL_SCHEDULE": "@yearly", "BACKUP_CATCH_UP": str(catches_up)}
    drills = DrillState(NOW, run=DrillRun(NOW, ProcessId(1234, 5678), database="neo4j"))
    assert is_drill_wanted_now(read_service_settings(variables, {}), drills, now=NOW) == catches_up
    told = f"The drill that began at {NOW.isoformat()} was cut short"
    assert caplog.messages == [f"{told}: making it in 60 s" if catches_up else told]
