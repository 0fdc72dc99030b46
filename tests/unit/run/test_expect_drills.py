"""Since when drills are expected, as the start of the service records it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from neo4j_r2.config.service_settings import ServiceSettings, read_service_settings
from neo4j_r2.run.drill_state import DrillFile, DrillState
from neo4j_r2.run.expect_drills import expect_drills
from neo4j_r2.run.lock import drill_lock
from tests.full_disk import filled, small_disk

LONG_AGO = datetime(2025, 10, 7, 12, tzinfo=UTC)


def service(directory: Path, schedule: str = "0 4 * * *", **variables: str) -> ServiceSettings:
    given = {"BACKUP_STATE_DIR": str(directory), "DRILL_SCHEDULE": schedule, **variables}
    return read_service_settings(given, {})


def known(directory: Path, schedule: str) -> DrillState:
    """Write and return what a service knows that has a schedule since long ago."""
    state = DrillState(LONG_AGO, schedule)
    DrillFile(directory).write(state)
    return state


def test_a_service_with_a_schedule_expects_drills_from_its_first_start_on(tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    expect_drills(service(tmp_path))
    state = DrillFile(tmp_path).read()
    assert state is not None
    assert before <= state.since <= datetime.now(UTC)
    assert state.schedule == "0 4 * * * UTC"
    expect_drills(service(tmp_path))
    assert DrillFile(tmp_path).read() == state


def test_a_service_without_a_schedule_makes_no_file(tmp_path: Path) -> None:
    expect_drills(service(tmp_path, ""))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("schedule", "zone", "recorded"),
    [
        ("0 5 * * *", "UTC", "0 5 * * * UTC"),
        ("0 4 * * *", "Europe/Berlin", "0 4 * * * Europe/Berlin"),
        ("", "UTC", ""),
    ],
    ids=["another time", "another time zone", "no more drills"],
)
def test_a_new_schedule_begins_now_and_forgets_nothing(
    tmp_path: Path, schedule: str, zone: str, recorded: str
) -> None:
    before = known(tmp_path, "0 4 * * * UTC")
    expect_drills(service(tmp_path, schedule, TZ=zone))
    after = DrillFile(tmp_path).read()
    assert after is not None
    assert after.since > LONG_AGO
    assert after == replace(before, schedule=recorded, since=after.since)


def test_the_same_schedule_with_other_blanks_is_not_new(tmp_path: Path) -> None:
    before = known(tmp_path, "0 4 * * * UTC")
    expect_drills(service(tmp_path, " 0  4 * * *"))
    assert DrillFile(tmp_path).read() == before


def test_a_drill_under_way_keeps_its_file(tmp_path: Path) -> None:
    before = known(tmp_path, "0 4 * * * UTC")
    with drill_lock(tmp_path):
        expect_drills(service(tmp_path, "0 5 * * *"))
        assert DrillFile(tmp_path).read() == before
    expect_drills(service(tmp_path, "0 5 * * *"))
    assert DrillFile(tmp_path).read() != before


def test_a_full_state_directory_keeps_no_service_from_starting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "state"
    with small_disk(directory), filled(directory):
        expect_drills(service(directory))
    assert caplog.messages[-1].startswith(
        "The schedule of drills is not recorded: BACKUP_STATE_DIR="
    )
