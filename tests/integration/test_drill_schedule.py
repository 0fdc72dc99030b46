"""Scheduled drills as the service expects them: since when, and what it tells of a late one."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from neo4j_r2.run.drill_state import DrillFile, DrillRun, DrillState
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import StateFile
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK, free_port
from testbed.s3_server import S3Server
from testbed.waiting import wait_until
from testbed.web_receiver import WebReceiver
from tests.integration.outcome import assert_secretless
from tests.integration.restoring import count_nodes
from tests.service import BACKUP, Service, finish

LONG_AGO = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
"""Since then, a daily drill has been due."""
SLOW_QUESTION = BACKUP.parent / "tests" / "container" / "slow_question.cypher"


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


def notifications(web: WebReceiver) -> list[dict[str, str]]:
    """Return what receivers got, without the pings."""
    return [json.loads(each.body) for each in web.received if each.target.startswith("/hook/")]


def titles(web: WebReceiver) -> list[str]:
    return [each["title"] for each in notifications(web)]


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


def test_a_failed_drill_is_told_and_shown_until_the_next_one_and_a_monitor_hears_no_success(
    service: Service, target: Neo4jServer, web: WebReceiver
) -> None:
    drilling = service.with_variables(
        DRILL_NEO4J_URI=target.uri,
        RESTORE_NEO4J_PASSWORD=target.password,
        BACKUP_PING_URL=f"http://{web.address}/ping/good",
        BACKUP_RETRY_SECONDS="1",
    )
    assert drilling.run("wait").exit_code == 0
    key = service.backup().manifest["archive_key"]
    away = drilling.with_variables(DRILL_NEO4J_URI=f"bolt://{LOOPBACK}:{free_port()}")

    assert away.run("drill").exit_code == 3

    assert sorted(web.targets()) == ["POST /hook/good", "POST /ping/good/fail"]
    assert titles(web) == ["Drill failed: neo4j"]
    assert f"\nKey: {key}\n" in notifications(web)[0]["message"]
    (ping,) = [each for each in web.received if each.target.startswith("/ping/")]
    assert ping.body.startswith("Error of a drill (exit 3): ")
    assert "the last drill of database neo4j failed at " in drilling.run("health").log

    for _ in range(2):
        succeeded = drilling.run("drill")
        assert succeeded.exit_code == 0, succeeded.log
    assert titles(web) == ["Drill failed: neo4j", "Drill succeeded again: neo4j"]
    assert len(web.received) == 3
    assert "\nTime to restore: " in notifications(web)[1]["message"]
    assert drilling.run("health").exit_code == 0


def test_a_signal_ends_a_drill_at_once_while_the_server_thinks_about_a_question(
    service: Service, target: Neo4jServer
) -> None:
    drilling = service.with_variables(
        DRILL_NEO4J_URI=target.uri, RESTORE_NEO4J_PASSWORD=target.password
    )
    service.backup()
    asking = drilling.with_variables(DRILL_CHECKS=str(SLOW_QUESTION)).start("drill")
    wait_until(lambda: phase_of(drilling) == "ask", seconds=60, what="the question")

    asking.send_signal(signal.SIGTERM)

    ended = finish(asking, seconds=10)
    assert ended.exit_code == 143, ended.log
    assert count_nodes(target) == 1
    again = drilling.run("drill")
    assert again.exit_code == 0, again.log
    assert " of what an earlier drill of this service has left there\n" in again.log
    assert count_nodes(target) == 0


def phase_of(service: Service) -> str:
    drills = drills_of(service)
    return drills.run.phase if drills and drills.run else ""


def test_without_a_schedule_nothing_of_drills_is_written_and_told(
    service: Service, web: WebReceiver
) -> None:
    unscheduled = service.with_variables(DRILL_SCHEDULE="")
    assert unscheduled.run("wait").exit_code == 0
    unscheduled.backup()
    assert drills_of(service) is None
    assert titles(web) == []
    assert not (service.state_directory / "drill.lock").exists()
