"""How often people are told that the service cannot start, and that it can again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from neo4j_r2.commands.configure import own_state_directory
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.commands.report_start import report_failure, report_success
from neo4j_r2.commands.unusable_state import UnusableState
from neo4j_r2.config.unknown_names import CONTAINER_MARK
from neo4j_r2.core.errors import (
    BackupError,
    BucketError,
    ConfigurationError,
    GraphUnavailableError,
    LoginRefusedError,
)
from neo4j_r2.run.state import State, StateFile
from testbed.web_receiver import WebReceiver

CANNOT, CAN = "Backup service cannot work", "Backup service works again"
REFUSED, DENIED = LoginRefusedError("Neo4j refused the login"), BucketError("Access denied by R2")
AWAY = GraphUnavailableError("Neo4j was not ready")


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as receiver:
        yield receiver


def service(web: WebReceiver, state: Path, **variables: str) -> Invocation[Options]:
    """Return a start of a service with a receiver and a state directory."""
    urls = f"json://{web.address}/hook/good"
    always = {"BACKUP_NOTIFY_URLS": urls, "BACKUP_STATE_DIR": str(state)}
    return Invocation(Options(), {**always, **variables}, {})


def titles(web: WebReceiver) -> list[str]:
    """Return the titles of the notifications so far."""
    return [json.loads(each.body)["title"] for each in web.received]


def test_each_of_several_problems_is_told_once_and_told_as_over_when_the_service_starts(
    web: WebReceiver, tmp_path: Path
) -> None:
    start = service(web, tmp_path)
    for error in (DENIED, REFUSED, DENIED, REFUSED):
        report_failure(start, error)
    assert titles(web) == [CANNOT, CANNOT]

    for _ in range(2):
        report_success(start)

    assert titles(web) == [CANNOT, CANNOT, CAN]
    message = json.loads(web.received[-1].body)["message"]
    assert "\nOver (exit 4): Access denied by R2\n" in message
    assert "\nOver (exit 3): Neo4j refused the login\n" in message


def test_a_problem_that_shows_when_another_one_with_its_exit_code_is_mended_is_told_too(
    web: WebReceiver, tmp_path: Path
) -> None:
    start = service(web, tmp_path)
    clocks = [BucketError(f"This machine's clock is {minutes} min ahead") for minutes in (8, 12)]
    for error in (DENIED, DENIED, *clocks):
        report_failure(start, error)
    assert titles(web) == [CANNOT, CANNOT]


@pytest.mark.parametrize("second", [AWAY, GraphUnavailableError("Neo4j does not answer")])
def test_what_may_pass_is_told_at_the_second_look_and_its_end_too(
    web: WebReceiver, tmp_path: Path, second: BackupError
) -> None:
    start = service(web, tmp_path)
    report_failure(start, AWAY, may_pass=True)
    assert titles(web) == []
    report_success(start)
    assert titles(web) == []
    for error in (AWAY, second, AWAY):
        report_failure(start, error, may_pass=True)
    report_success(start)
    assert titles(web) == [CANNOT, CAN]


@pytest.mark.parametrize(
    ("container", "told"),
    [({CONTAINER_MARK: "true"}, [CANNOT, CAN, CANNOT]), ({}, [CANNOT])],
    ids=["in a container", "on a host, where it can be another service"],
)
def test_a_mistyped_bucket_of_a_service_that_already_ran_is_told_each_time_and_its_end_too(
    web: WebReceiver, tmp_path: Path, container: dict[str, str], told: list[str]
) -> None:
    good = service(web, tmp_path, R2_ACCOUNT_ID="a" * 32, R2_BUCKET_NAME="bucket", **container)
    bad = replace(good, environment={**good.environment, "R2_BUCKET_NAME": "bukket"})
    for start in (good, bad):  # a run of the mistyped service has failed
        StateFile(own_state_directory(start, writes_state=True)).write(State(datetime.now(UTC)))
    for _ in range(2):
        report_success(good)
        report_failure(bad, DENIED)
        report_failure(bad, DENIED)
    assert titles(web) == told


@pytest.mark.parametrize(("error", "may_pass"), [(AWAY, True), (DENIED, False)])
def test_what_cannot_be_recorded_is_told_at_once(
    web: WebReceiver, tmp_path: Path, error: BackupError, may_pass: bool
) -> None:
    (tmp_path / "state").touch()
    report_failure(service(web, tmp_path / "state"), error, may_pass=may_pass)
    assert titles(web) == [CANNOT]


def test_an_unusable_state_directory_is_told_once_and_its_end_too(
    web: WebReceiver, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.touch()  # no directory, so root cannot use it either
    start = service(web, state)
    report_failure(start, ConfigurationError("BACKUP_STATE_DIR cannot be used"))
    unusable = UnusableState.behind(start, 2)
    assert unusable is not None
    assert not unusable.is_mended()

    state.unlink()
    state.mkdir(mode=0o700)

    assert unusable.is_mended()
    assert UnusableState.behind(start, 2) is None
    report_success(start)
    assert titles(web) == [CANNOT, CAN]


def test_a_failure_that_is_recorded_or_was_not_told_keeps_no_service_from_its_next_start(
    web: WebReceiver, tmp_path: Path
) -> None:
    start = service(web, tmp_path / "state")
    for exit_code in (1, 137):
        assert UnusableState.behind(start, exit_code) is None
    report_failure(start, DENIED)
    assert UnusableState.behind(start, 4) is None
