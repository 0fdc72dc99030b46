"""Whether a drill waits for a backup that is due at the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.commands.drill import is_about_to_begin
from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import RunState, State

DUE = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
"""By the schedule in another time zone."""
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("began", "time", "is_about"),
    [
        (DUE - DAY, DUE, True),
        (None, DUE + SECOND, True),
        (DUE - SECOND, DUE + SECOND, True),
        (DUE - DAY, DUE - SECOND, False),
        (DUE, DUE + SECOND, False),
        (DUE + SECOND, DUE + 2 * SECOND, False),
        (DUE - DAY, DUE + timedelta(minutes=2), False),
    ],
    ids=["due", "first", "early one", "not due yet", "begun", "begun later", "long ago"],
)
def test_a_backup_is_about_to_begin_if_it_was_due_just_now_and_has_not_begun(
    began: datetime | None, time: datetime, *, is_about: bool
) -> None:
    service = read_service_settings({"BACKUP_SCHEDULE": "0 4 * * *", "TZ": "Europe/Berlin"}, {})
    run = RunState(began, ProcessId(1, 1)) if began else None
    assert is_about_to_begin(State(DUE - DAY, last_run=run), service, time) is is_about


def test_no_backup_is_about_to_begin_where_none_was_ever_expected() -> None:
    service = read_service_settings({"BACKUP_SCHEDULE": "0 2 * * *"}, {})
    assert not is_about_to_begin(None, service, DUE)
