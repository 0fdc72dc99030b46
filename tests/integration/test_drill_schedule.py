"""Scheduled drills as the service expects them: since when, and what it tells of a late one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.run.drill_state import DrillFile, DrillRun, DrillState
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import StateFile
from testbed.neo4j_server import Neo4jServer
from testbed.s3_server import S3Server
from testbed.web_receiver import WebReceiver
from tests.integration.outcome import assert_secretless
from tests.service import Service

LONG_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
"""Since then, a daily drill has been due."""


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as receiver:
        yield receiver


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, web: WebReceiver, tmp_path: Path
) -> Service:
    """A service with daily drills, whose scratch server does not matter, and with a receiver."""
    return Service.configured(graph, s3, bucket, tmp_path).with_variables(
        DRILL_SCHEDULE="0 4 * * *",
        DRILL_NEO4J_URI="bolt://scratch.invalid:7687",
        RESTORE_NEO4J_PASSWORD="scratch-pass-word",
        BACKUP_NOTIFY_URLS=f"json://{web.address}/hook/good",
    )


def drills_of(service: Service) -> DrillState | None:
    return DrillFile(service.state_directory).read()


def since_long_ago(service: Service, run: DrillRun | None = None) -> None:
    """Let backups and drills be expected since long ago."""
    file = StateFile(service.state_directory)
    state = file.read()
    assert state is not None
    known = {name: replace(each, since=LONG_AGO) for name, each in state.databases.items()}
    file.write(replace(state, since=LONG_AGO, databases=known))
    DrillFile(service.state_directory).write(DrillState(LONG_AGO, "0 4 * * * UTC", run=run))


def titles(web: WebReceiver) -> list[str]:
    return [json.loads(each.body)["title"] for each in web.received]


def test_a_service_expects_drills_from_its_first_start_on(service: Service) -> None:
    ready = service.run("wait")

    assert ready.exit_code == 0, ready.log
    drills = drills_of(service)
    assert drills is not None
    assert drills.schedule == "0 4 * * * UTC"
    assert datetime.now(UTC) - drills.since < timedelta(minutes=1)
    again = service.run("wait")
    assert again.exit_code == 0, again.log
    assert drills_of(service) == drills
    assert service.run("health").exit_code == 0


def test_a_backup_run_tells_of_an_overdue_drill_once_and_health_shows_it_until_one_succeeds(
    service: Service, web: WebReceiver
) -> None:
    service.backup()
    since_long_ago(service)
    assert titles(web) == []
    for _ in range(2):
        service.backup()
        assert titles(web) == ["Drill overdue: neo4j"]
    message = json.loads(web.received[0].body)["message"]
    assert_secretless(service, message)
    assert "\nLast proved: never\n" in message

    health = service.run("health")

    assert health.exit_code == 1
    assert "no drill of database neo4j has succeeded since " in health.log
    assert health.log.endswith("; there is none yet\n")


def test_a_failed_backup_and_an_overdue_drill_are_told_side_by_side(
    service: Service, web: WebReceiver
) -> None:
    service.backup()
    since_long_ago(service)
    failed = service.with_variables(R2_SECRET_ACCESS_KEY="this-is-not-the-secret").run()
    assert failed.exit_code == 4
    assert sorted(titles(web)) == ["Backup failed: neo4j", "Drill overdue: neo4j"]


def test_a_killed_drill_makes_the_service_unhealthy_at_once(service: Service) -> None:
    service.backup()
    since_long_ago(service, DrillRun(LONG_AGO, ProcessId(999_999_999, 1), database="neo4j"))
    health = service.run("health")
    assert health.exit_code == 1
    assert f"the drill that began at {LONG_AGO.isoformat()} was killed" in health.log


def test_without_a_schedule_nothing_of_drills_is_written_and_told(
    service: Service, web: WebReceiver
) -> None:
    unscheduled = service.with_variables(DRILL_SCHEDULE="")
    assert unscheduled.run("wait").exit_code == 0
    unscheduled.backup()
    assert drills_of(service) is None
    assert titles(web) == []
    assert not (service.state_directory / "drill.lock").exists()
