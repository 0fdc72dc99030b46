"""Receivers and monitors are told how runs end, and a failing one never hides the result."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testbed.fault_proxy import FaultProxy
from testbed.mail_server import PASSWORD, MailServer
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK, free_port
from testbed.s3_server import S3Server
from testbed.waiting import wait_until
from testbed.web_receiver import WebReceiver
from tests.integration.later import wait_for_next_second
from tests.integration.outcome import assert_secretless, assert_told
from tests.service import BACKUP, Run, Service, finish
from tests.terminal import Shown, run_on_terminal

TOKEN = "0fcd4e3a-7d4a-4b0c-9a0e-2d9a5d1a8f3c"
WRONG = "this-is-not-the-secret"
HELD_SECONDS = 60


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with WebReceiver() as receiver:
        yield receiver


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def service(graph: Neo4jServer, s3: S3Server, bucket: str, tmp_path: Path) -> Service:
    return Service.configured(graph, s3, bucket, tmp_path)


def hook(web: WebReceiver, mode: str = "good") -> str:
    """Return the Apprise URL of a web hook, with a token and a login in it."""
    return f"json://hook-user:hook-pass-word@{web.address}/{TOKEN}/{mode}"


def ping(web: WebReceiver, mode: str = "good") -> str:
    return f"http://{web.address}/{TOKEN}/{mode}"


def notifications(web: WebReceiver) -> list[dict[str, Any]]:
    """Return what was posted to a web hook, without the pings."""
    return [json.loads(each.body) for each in web.received if each.body.startswith("{")]


def assert_discreet(service: Service, *texts: str) -> None:
    """Check that no text holds a secret of the service, or of a receiver's address."""
    for text in texts:
        assert_secretless(service, text)
        for secret in (TOKEN, "hook-user", "hook-pass-word", PASSWORD, "://u", WRONG):
            assert secret not in text


def told(service: Service, run: Run) -> str:
    """Check that a run's log and state file hold no secret, and return the log."""
    state = service.state_directory / "state.json"
    assert_discreet(service, run.log, state.read_text(encoding="utf-8") if state.exists() else "")
    return run.log


def failing(service: Service) -> Service:
    return service.with_variables(R2_SECRET_ACCESS_KEY=WRONG)


def test_a_failure_is_received_by_mail_and_by_a_web_hook(
    service: Service, mail: MailServer, web: WebReceiver
) -> None:
    urls = f"{mail.url()} , {hook(web)}"
    wrong = failing(service).with_variables(BACKUP_NOTIFY_URLS=urls)

    run = wrong.run()

    assert_told(wrong, run, 4, "Access denied")
    assert "not delivered" not in told(wrong, run)
    (message,) = mail.messages
    (posted,) = notifications(web)
    assert message["Subject"] == posted["title"] == "Backup failed: neo4j"
    assert posted["type"] == "failure"
    text = message.get_content()
    assert text.split() == posted["message"].split()
    error = run.log.partition("[ERROR] ")[2].strip()
    assert posted["message"].startswith(f"Database: neo4j\nError (exit 4): {error}\nDuration: ")
    assert "\nWhere to look: docker-compose logs neo4j-backup; " in posted["message"]
    assert_discreet(wrong, str(message), posted["message"])


def test_a_recovery_is_notified_once_and_other_successes_are_not(
    service: Service, web: WebReceiver
) -> None:
    told_of = service.with_variables(BACKUP_NOTIFY_URLS=hook(web))
    failing(told_of).run()
    backup = told_of.backup()
    told_of.backup()

    failed, recovered = notifications(web)

    assert failed["title"] == "Backup failed: neo4j"
    assert recovered["title"] == "Backup succeeded again: neo4j"
    assert recovered["type"] == "success"
    size = f"{len(backup.archive) / 1e6:.2f} MB"
    assert recovered["message"].startswith(
        f"Database: neo4j\nKey: {backup.manifest['archive_key']}\nSize: {size}\n"
        "Nodes: 1\nRelationships: 0\nDuration: "
    )


@pytest.mark.parametrize(
    ("when", "titles"), [("always", ["Backup succeeded: neo4j"]), ("failure", [])]
)
def test_a_success_is_notified_if_configured(
    service: Service, web: WebReceiver, when: str, titles: list[str]
) -> None:
    service.with_variables(BACKUP_NOTIFY_URLS=hook(web), BACKUP_NOTIFY_ON=when).backup()

    assert [each["title"] for each in notifications(web)] == titles


def test_where_increments_are_made_a_notification_says_of_which_kind_the_backup_is(
    service: Service, web: WebReceiver
) -> None:
    chained = service.with_variables(
        BACKUP_FULL_EVERY_DAYS="7", BACKUP_NOTIFY_URLS=hook(web), BACKUP_NOTIFY_ON="always"
    )
    for options in ((), (), ("--full",)):
        wait_for_next_second(chained.keys())
        run = chained.run("backup", *options)
        assert run.exit_code == 0, told(chained, run)

    kinds = [re.findall("\nKind: (.*)\n", each["message"]) for each in notifications(web)]

    assert kinds == [
        [
            "full, because this host has no record of the last backup's rows "
            "(yet, or since a restore or damage)"
        ],
        ["incremental, needs 1 more archive"],
        ["full, because --full asks for one"],
    ]


def test_the_notification_names_the_database_that_failed(
    service: Service, web: WebReceiver
) -> None:
    several = service.with_variables(
        NEO4J_DATABASE="neo4j,missing", BACKUP_NOTIFY_URLS=hook(web), BACKUP_PING_URL=ping(web)
    )

    run = several.run()

    assert run.exit_code == 3, told(several, run)
    (posted,) = notifications(web)
    assert posted["title"] == "Backup failed: missing"
    run_error, good, bad, _ = posted["message"].split("\n\n")
    assert run_error == "Error (exit 3): 1 of 2 databases failed: missing (exit 3)"
    assert good.startswith(f"Database: neo4j\nKey: {service.backups()[0].manifest['archive_key']}")
    assert bad.startswith("Database: missing\nError (exit 3): ")
    failure = next(each for each in web.received if "/fail" in each.target)
    assert failure.body.startswith(f"{run_error}\n")
    assert failure.body.splitlines()[1].startswith("missing: ")


def test_a_lost_graph_is_notified_although_the_run_succeeds(
    service: Service, web: WebReceiver, graph: Neo4jServer
) -> None:
    told_of = service.with_variables(BACKUP_NOTIFY_URLS=hook(web), BACKUP_NOTIFY_ON="failure")
    told_of.backup()
    with graph.driver() as driver:
        driver.execute_query("MATCH (n) DELETE n")
        told_of.backup()
        driver.execute_query("CREATE (:Lonely)")

    (posted,) = notifications(web)

    assert posted["title"] == "Backup succeeded, but nothing is removed: neo4j"
    assert posted["type"] == "warning"
    assert "\nPause: The newest backup of database neo4j is of an empty graph" in posted["message"]


def test_a_monitor_is_pinged_at_the_start_and_at_the_end(
    service: Service, web: WebReceiver
) -> None:
    watched = service.with_variables(BACKUP_PING_URL=f"{ping(web)}?rid=7")
    watched.backup()
    run = failing(watched).run()

    assert run.exit_code == 4
    assert "not delivered" not in told(failing(watched), run)
    path = f"/{TOKEN}/good"
    assert web.targets() == [
        f"GET {path}/start?rid=7",
        f"GET {path}?rid=7",
        f"GET {path}/start?rid=7",
        f"POST {path}/fail?rid=7",
    ]
    error = run.log.partition("[ERROR] ")[2].strip()
    assert web.received[-1].body == f"Error (exit 4): {error}"
    assert_discreet(watched, web.received[-1].body)


def on_terminal(service: Service, ends_at: threading.Event | None = None) -> Shown:
    environment = {**os.environ, **service.variables}
    directory = service.directory
    return run_on_terminal(
        BACKUP, "backup", directory=directory, environment=environment, ends_at=ends_at
    )


def test_a_monitor_is_not_told_of_a_run_that_somebody_ends_with_ctrl_c(
    service: Service, web: WebReceiver, proxy: FaultProxy
) -> None:
    watched = service.through(proxy).with_variables(BACKUP_PING_URL=ping(web))
    hold = proxy.hold("CreateMultipartUpload")
    ended = on_terminal(watched, hold.reached)
    assert ended.exit_code == 130, ended.lines
    assert web.targets() == []

    assert on_terminal(service.with_variables(BACKUP_PING_URL=ping(web))).exit_code == 0
    assert web.targets() == [f"GET /{TOKEN}/good"]


def test_a_configuration_error_is_notified_too(service: Service, web: WebReceiver) -> None:
    wrong = service.with_variables(
        R2_BUCKET_NAME="", BACKUP_NOTIFY_URLS=hook(web), BACKUP_PING_URL=ping(web)
    )

    run = wrong.run()

    assert run.exit_code == 2
    assert "not delivered" not in told(wrong, run)
    assert sorted(web.targets()) == [f"POST /{TOKEN}/good", f"POST /{TOKEN}/good/fail"]
    (posted,) = notifications(web)
    assert posted["title"] == "Backup failed"
    assert "R2_BUCKET_NAME is required" in posted["message"]


def test_a_run_that_the_lock_refuses_sends_no_notification(
    service: Service, web: WebReceiver, proxy: FaultProxy
) -> None:
    watched = service.through(proxy).with_variables(
        BACKUP_NOTIFY_URLS=hook(web), BACKUP_PING_URL=ping(web), BACKUP_NOTIFY_ON="always"
    )
    hold = proxy.hold("CreateMultipartUpload")
    with watched.start() as process:
        assert hold.reached.wait(HELD_SECONDS)
        wait_until(lambda: len(web.received) == 1, seconds=HELD_SECONDS, what="the start ping")

        assert watched.run().exit_code == 6

        assert web.targets() == [f"GET /{TOKEN}/good/start"]
        hold.release.set()
        finish(process)


@pytest.mark.parametrize("mode", ["silent", "drip"])
def test_silent_receivers_delay_a_run_no_longer_than_configured(
    service: Service, web: WebReceiver, mode: str
) -> None:
    wrong = failing(service)
    started = time.monotonic()
    assert wrong.run().exit_code == 4
    without = time.monotonic() - started
    mute = wrong.with_variables(
        BACKUP_NOTIFY_URLS=f"{hook(web, mode)} {hook(web)}",
        BACKUP_PING_URL=ping(web, mode),
        BACKUP_NOTIFY_SECONDS="4",
    )
    started = time.monotonic()

    run = mute.run()

    assert time.monotonic() - started < without + 4 + 2
    assert_told(mute, run, 4, "Access denied")
    lines = told(mute, run).splitlines()
    ended = next(number for number, line in enumerate(lines) if line.startswith("[ERROR]"))
    warnings = lines[ended + 1 :]
    assert [re.sub(r"\d s$", "N s", line) for line in warnings] == [
        "[WARNING] Ping (start) was not delivered: no end after N s",
        "[WARNING] Ping (fail) was not delivered: no end after N s",
        "[WARNING] Notification 1 (json) was not delivered: no end after N s",
    ]
    assert [each["title"] for each in notifications(web)] == ["Backup failed: neo4j"] * 2
    assert f"POST /{TOKEN}/{mode}/fail" in web.targets()


def test_a_silent_monitor_does_not_delay_the_export(service: Service, web: WebReceiver) -> None:
    watched = service.with_variables(BACKUP_PING_URL=ping(web, "silent"), BACKUP_NOTIFY_SECONDS="1")

    run = watched.run()

    assert run.exit_code == 0
    before = run.log.partition("[INFO] Backup completed successfully!")[0]
    assert "WARNING" not in before


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("500", "it answered with HTTP status 500"),
        ("403", "it answered with HTTP status 403"),
        ("redirect", "it answered with HTTP status 302"),
    ],
)
def test_a_receiver_that_refuses_is_a_warning(
    service: Service, web: WebReceiver, mode: str, problem: str
) -> None:
    refused = service.with_variables(
        BACKUP_NOTIFY_URLS=hook(web, mode),
        BACKUP_PING_URL=ping(web, mode),
        BACKUP_NOTIFY_ON="always",
    )

    run = refused.run()

    assert run.exit_code == 0
    warnings = re.findall(r"^\[WARNING\] (.*)$", told(refused, run), re.MULTILINE)
    assert warnings == [
        f"Ping (start) was not delivered: {problem}",
        f"Ping (success) was not delivered: {problem}",
        f"Notification 1 (json) was not delivered: {problem}",
    ]
    assert not any("elsewhere" in target for target in web.targets())


def test_a_refused_start_ping_is_no_warning(service: Service, web: WebReceiver) -> None:
    run = service.with_variables(BACKUP_PING_URL=ping(web, "404")).run()

    assert run.exit_code == 0
    assert re.findall(r"^\[WARNING\] (.*)$", run.log, re.MULTILINE) == [
        "Ping (success) was not delivered: it answered with HTTP status 404"
    ]


def test_a_passing_failure_of_a_monitor_is_tried_once_more(
    service: Service, web: WebReceiver
) -> None:
    service.with_variables(BACKUP_PING_URL=ping(web, "503")).backup()

    path = f"GET /{TOKEN}/503"
    assert web.targets() == [f"{path}/start", f"{path}/start", path, path]


def test_a_run_that_a_signal_ends_is_notified(
    service: Service, web: WebReceiver, proxy: FaultProxy
) -> None:
    watched = service.through(proxy).with_variables(
        BACKUP_NOTIFY_URLS=hook(web), BACKUP_PING_URL=ping(web)
    )
    hold = proxy.hold("CreateMultipartUpload")
    with watched.start() as process:
        assert hold.reached.wait(HELD_SECONDS)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        run = finish(process)

    assert time.monotonic() - started < 5
    assert run.exit_code == 143
    assert "not delivered" not in told(watched, run)
    (posted,) = notifications(web)
    assert "Error (exit 143): Interrupted by signal 15" in posted["message"]
    assert f"POST /{TOKEN}/good/fail" in web.targets()


def test_a_signalled_run_waits_at_most_five_seconds_for_a_silent_receiver(
    service: Service, web: WebReceiver, proxy: FaultProxy
) -> None:
    watched = service.through(proxy).with_variables(
        BACKUP_NOTIFY_URLS=hook(web, "drip"), BACKUP_NOTIFY_SECONDS="60"
    )
    hold = proxy.hold("CreateMultipartUpload")
    with watched.start() as process:
        assert hold.reached.wait(HELD_SECONDS)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        run = finish(process)

    assert 4 < time.monotonic() - started < 8
    assert run.exit_code == 143
    assert "[WARNING] Notification 1 (json) was not delivered: no end after 5 s" in run.log


def test_a_signal_during_notification_ends_it_at_once_and_keeps_the_exit_code(
    service: Service, web: WebReceiver
) -> None:
    wrong = failing(service).with_variables(
        BACKUP_NOTIFY_URLS=hook(web, "drip"), BACKUP_NOTIFY_SECONDS="60"
    )
    with wrong.start() as process:
        wait_until(lambda: bool(web.received), seconds=HELD_SECONDS, what="the notification")
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        run = finish(process)

    assert time.monotonic() - started < 2
    assert run.exit_code == 4
    assert "[WARNING] Told to end: " in told(wrong, run)


def test_notify_says_for_each_receiver_whether_it_accepted_the_test(
    service: Service, mail: MailServer, web: WebReceiver
) -> None:
    urls = {
        mail.url(): None,
        hook(web): None,
        hook(web, "slow"): None,
        hook(web, "500"): "it answered with HTTP status 500",
        hook(web, "drip"): "no end after 3 s",
        mail.url("wrong-pass-word"): "it answered with SMTP code 535",
        f"json://{LOOPBACK}:{free_port()}/{TOKEN}": "the connection was refused",
        f"jsons://{web.address}/{TOKEN}/good": "the encryption failed",
        f"jsons://no-such-host.invalid/{TOKEN}": "no such host",
    }
    tested = service.with_variables(
        BACKUP_NOTIFY_URLS="\n".join(urls), BACKUP_NOTIFY_SECONDS="3", BACKUP_PING_URL=ping(web)
    )

    run = tested.run("notify", "--test")

    assert run.exit_code == 1
    assert told(tested, run).splitlines() == [
        f"[ERROR] Notification {number} ({url.partition(':')[0]}) was not delivered: {problem}"
        if problem
        else f"[INFO] Notification {number} ({url.partition(':')[0]}) was delivered"
        for number, (url, problem) in enumerate(urls.items(), 1)
    ]
    assert mail.messages[0]["Subject"] == "Backup test: this is no backup"
    assert not any(request.method == "GET" for request in web.received)


def test_notify_succeeds_without_the_rest_of_the_configuration(
    service: Service, web: WebReceiver
) -> None:
    alone = service.with_variables(**dict.fromkeys(service.variables, ""))

    run = alone.with_variables(BACKUP_NOTIFY_URLS=hook(web)).run("notify", "--test")

    assert (run.exit_code, run.log) == (0, "[INFO] Notification 1 (json) was delivered\n")


def test_a_certificate_that_nobody_trusts_is_refused_unless_the_url_takes_any(
    service: Service,
) -> None:
    with WebReceiver(tls=True) as web:
        address = f"jsons://{web.address}/{TOKEN}/good"
        wrong = service.with_variables(
            BACKUP_NOTIFY_URLS=f"{address} {address}?verify=no",
            BACKUP_NOTIFY_ON="always",
            BACKUP_PING_URL=f"https://{web.address}/{TOKEN}/good",
        )
        run = wrong.run()

        assert run.exit_code == 0
        assert [line for line in told(wrong, run).splitlines() if "[INFO]" not in line] == [
            "[WARNING] Ping (start) was not delivered: its certificate is not trusted",
            "[WARNING] Ping (success) was not delivered: its certificate is not trusted",
            "[WARNING] Notification 1 (jsons) was not delivered: its certificate is not trusted",
        ]
        assert len(notifications(web)) == 1


def test_check_refuses_a_receiver_that_apprise_does_not_know(
    service: Service, web: WebReceiver
) -> None:
    wrong = service.with_variables(BACKUP_NOTIFY_URLS=f"{hook(web)} slak://{TOKEN}")

    run = wrong.run("check")

    assert_told(wrong, run, 2, "Invalid configuration")
    assert "URL 2 (slak) is none that Apprise knows" in told(wrong, run)


def test_no_process_has_a_receivers_address_in_its_arguments(
    service: Service, web: WebReceiver
) -> None:
    wrong = failing(service).with_variables(
        BACKUP_NOTIFY_URLS=hook(web, "drip"), BACKUP_NOTIFY_SECONDS="60"
    )
    with wrong.cold_start() as process:
        wait_until(lambda: bool(web.received), seconds=HELD_SECONDS, what="the notification")
        arguments = Path("/proc", str(process.pid), "cmdline").read_bytes()
        children = Path("/proc", str(process.pid), "task", str(process.pid), "children")
        assert TOKEN.encode() not in arguments
        assert children.read_text(encoding="ascii") == ""
        os.kill(process.pid, signal.SIGTERM)
        finish(process)
