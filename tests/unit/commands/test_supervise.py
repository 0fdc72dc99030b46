"""Whether a backup begins with the service, and what the log says of it."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.commands.supervise import is_backup_wanted_now
from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.run.state import State

NOW = datetime.now(UTC)
MISSED = State(since=NOW - timedelta(days=2))
"""A service of the daily schedule that was stopped for two days."""
NOT_MISSED = State(since=NOW)


@pytest.mark.parametrize(
    ("state", "variables", "is_wanted", "said"),
    [
        (MISSED, {}, True, ["INFO The backup that was due at … was missed: making it now"]),
        (
            MISSED,
            {"BACKUP_CATCH_UP": "false"},
            False,
            ["WARNING The backup that was due at … was missed"],
        ),
        (MISSED, {"RUN_IMMEDIATE_BACKUP": "true"}, True, []),
        (NOT_MISSED, {}, False, []),
        (None, {}, False, []),
    ],
)
def test_a_backup_that_was_missed_begins_with_the_service_unless_told_otherwise(
    caplog: pytest.LogCaptureFixture,
    state: State | None,
    variables: dict[str, str],
    is_wanted: bool,
    said: list[str],
) -> None:
    caplog.set_level(logging.INFO)
    assert is_backup_wanted_now(read_service_settings(variables, {}), state) == is_wanted
    logged = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    assert logged[0].startswith("INFO At the start: ")
    assert [re.sub(r"at \S+ was", "at … was", line) for line in logged[1:]] == said
