"""What receivers and the monitor get of a drill that has ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from neo4j_r2.config.notify_settings import NotifySettings, requested_notify
from neo4j_r2.monitoring.announce import tell_drill
from neo4j_r2.run.drill_report import DrillReport
from testbed.web_receiver import WebReceiver
from tests.unit.monitoring.test_drill_notification import AFTER_A_KILL, FAILED, RECOVERED, SUCCEEDED


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as receiver:
        yield receiver


def settings(web: WebReceiver, **variables: str) -> NotifySettings:
    """Return the settings of a service with a receiver and a monitor."""
    always = {
        "BACKUP_NOTIFY_URLS": f"json://{web.address}/hook/good",
        "BACKUP_PING_URL": f"http://{web.address}/ping/good",
    }
    return requested_notify({**always, **variables}, {})


def test_a_failed_drill_is_told_to_receivers_and_to_the_monitor_as_a_failure(
    web: WebReceiver,
) -> None:
    tell_drill(settings(web), "vault", FAILED)
    assert sorted(web.targets()) == ["POST /hook/good", "POST /ping/good/fail"]
    bodies = {each.target: each.body for each in web.received}
    assert json.loads(bodies["/hook/good"])["title"] == "Drill failed: neo4j"
    assert "\nHost: vault\n" in json.loads(bodies["/hook/good"])["message"]
    assert bodies["/ping/good/fail"].startswith("Error of a drill (exit 5): The drill failed: ")


@pytest.mark.parametrize("report", [SUCCEEDED, RECOVERED, AFTER_A_KILL])
def test_a_success_pings_nobody(web: WebReceiver, report: DrillReport) -> None:
    tell_drill(settings(web, BACKUP_NOTIFY_ON="always"), "vault", report)
    assert web.targets() == ["POST /hook/good"]


def test_a_success_is_told_only_as_it_is_configured(web: WebReceiver) -> None:
    for when, report in (("failure", RECOVERED), ("recovery", SUCCEEDED)):
        tell_drill(settings(web, BACKUP_NOTIFY_ON=when), "vault", report)
    assert web.targets() == []
    tell_drill(settings(web, BACKUP_NOTIFY_ON="recovery"), "vault", RECOVERED)
    assert json.loads(web.received[0].body)["title"] == "Drill succeeded again: neo4j"


def test_a_receiver_that_is_away_is_a_warning(
    web: WebReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    away = settings(web, BACKUP_NOTIFY_URLS="json://127.0.0.1:1/x", BACKUP_PING_URL="")
    tell_drill(away, "vault", replace(FAILED, exit_code=143))
    own = [each.getMessage() for each in caplog.records if each.name.startswith("neo4j_r2")]
    assert own == ["Notification 1 (json) was not delivered: the connection was refused"]
