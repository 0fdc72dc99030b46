"""What the monitor gets at the end of a run that has found more than how it went itself."""

from __future__ import annotations

import pytest

from neo4j_r2.config.notify_settings import requested_notify
from neo4j_r2.monitoring.announce import Announcer
from neo4j_r2.monitoring.notification import FAILURE, Notification
from neo4j_r2.run.report import RunReport
from testbed.web_receiver import WebReceiver
from tests.unit.monitoring.test_notification import FAILED, SUCCEEDED

OVERDUE = Notification("Drill overdue: neo4j", "Database: neo4j", FAILURE)


@pytest.mark.parametrize(
    ("report", "found", "pings"),
    [
        (SUCCEEDED, [OVERDUE], [("GET /ping/good", ""), ("POST /ping/good/fail", OVERDUE.title)]),
        (FAILED, [OVERDUE], [("POST /ping/good/fail", "Error (exit 4): Access denied")]),
        (SUCCEEDED, [], [("GET /ping/good", "")]),
    ],
    ids=["after a success", "after a failure", "nothing"],
)
def test_an_overdue_drill_is_told_to_the_monitor_after_the_success_of_the_backup(
    report: RunReport, found: list[Notification], pings: list[tuple[str, str]]
) -> None:
    with WebReceiver() as web:
        ping_url = f"http://{web.address}/ping/good"
        announcer = Announcer(requested_notify({"BACKUP_PING_URL": ping_url}, {}))
        for each in found:
            announcer.found(each)
        announcer.ended(report)
        announcer.announce()
    assert web.targets() == [target for target, _ in pings]
    for received, (_, text) in zip(web.received, pings, strict=True):
        assert received.body.startswith(text)
