"""What the service records of its runs: the state file, the probe, and the wait for Neo4j."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from neo4j_r2.archive.manifest import timestamp
from testbed.fault_proxy import Fault, FaultProxy, Status
from testbed.neo4j_server import Neo4jServer
from testbed.ports import LOOPBACK, free_port
from testbed.s3_server import S3Server
from testbed.web_receiver import WebReceiver
from tests.full_disk import filled, small_disk, without_inodes
from tests.integration.old_backups import days_ago, put_archive, put_backup, stem
from tests.integration.outcome import assert_secretless, assert_told
from tests.integration.relay import relay
from tests.service import Backup, Run, Service, finish
from tests.warm_start import WarmProcess

AT_ONCE = 10
HELD_SECONDS = 60
LONG = "60"
"""Seconds that the service may wait for Neo4j, in tests where it should not wait."""
LONG_AGO = "2025-10-08T02:00:01+00:00"
READY = "[INFO] Waiting for Neo4j to be ready...\n[INFO] Neo4j is ready!\n"


@pytest.fixture
def service(
    graph: Neo4jServer, s3: S3Server, bucket: str, proxy: FaultProxy, tmp_path: Path
) -> Service:
    """The service, with the proxy between it and the bucket."""
    configured = Service.configured(graph, s3, bucket, tmp_path).through(proxy)
    return configured.with_variables(BACKUP_EXPORT_METHOD="manual", NEO4J_WAIT_SECONDS=LONG)


@pytest.fixture(scope="module")
def example(graph: Neo4jServer, s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Backup:
    """A backup of the same database, in another bucket."""
    s3.create_bucket("example-of-state")
    directory = tmp_path_factory.mktemp("example")
    return Service.configured(graph, s3, "example-of-state", directory).backup()


def state_file(service: Service) -> Path:
    return service.state_directory / "state.json"


def state_of(service: Service) -> dict[str, Any]:
    """Return the content of the state file, which has no secret."""
    text = state_file(service).read_text(encoding="ascii")
    assert_secretless(service, text)
    content: dict[str, Any] = json.loads(text)
    assert content["format_version"] == 2
    return content


def known_of(service: Service) -> dict[str, Any]:
    """Return what the state file says of the database."""
    known: dict[str, Any] = state_of(service)["databases"]["neo4j"]
    return known


def complaint(service: Service) -> str:
    """Return what the health probe complains of, in its one line."""
    run = service.run("health")
    assert_secretless(service, run.log)
    match = re.fullmatch(r"\[INFO\] Healthy: .*\n|\[ERROR\] Unhealthy: (.*)\n", run.log)
    assert match is not None, run.log
    assert run.exit_code == (1 if match[1] else 0)
    return match[1] or ""


def time_of(text: str) -> datetime:
    """Parse a time of the state file, which is one in UTC."""
    parsed = datetime.fromisoformat(text)
    assert parsed.utcoffset() == timedelta(0)
    return parsed


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def summary(backup: Backup) -> dict[str, Any]:
    """Return what the state file should say of a backup."""
    manifest = backup.manifest
    return {
        "started": manifest["started"].replace("Z", "+00:00"),
        "finished": manifest["finished"].replace("Z", "+00:00"),
        "archive_key": manifest["archive_key"],
        "archive_size": len(backup.archive),
        "nodes": manifest["export"]["nodes"],
        "relationships": manifest["export"]["relationships"],
        "database_id": manifest["database_id"],
    }


@contextmanager
def held(service: Service, proxy: FaultProxy) -> Iterator[WarmProcess]:
    """Start a run, and hold it at a call to R2 while the context is open."""
    hold = proxy.hold("CreateMultipartUpload")
    with service.start() as process:
        try:
            assert hold.reached.wait(HELD_SECONDS)
            yield process
        finally:
            hold.release.set()
            process.kill()


def test_a_good_run_is_recorded_with_its_backup_and_is_healthy(service: Service) -> None:
    began = now()

    backup = service.backup()

    state = state_of(service)
    run = state["last_run"]
    assert began <= time_of(run["started"]) <= time_of(run["finished"]) <= now()
    assert (run["exit_code"], run["error"]) == (0, "")
    assert state["since"] == run["started"]
    assert state["expected"] == ["neo4j"]
    known = known_of(service)
    assert known["last_backup"] == summary(backup)
    assert known["stored"] == {
        "backups": 1,
        "size": sum(map(len, map(service.object, service.keys()))),
    }
    (attempt,) = known["attempts"]
    assert attempt["exit_code"] == 0
    assert attempt["archive_size"] == len(backup.archive)
    assert (state["failures"], known["failures"], known["pause"]) == ({}, {}, "")
    assert complaint(service) == ""


@pytest.mark.parametrize(
    ("changes", "exit_code", "kind", "reason"),
    [
        ({"R2_SECRET_ACCESS_KEY": "this-is-not-the-secret"}, 4, "r2", "Access denied"),
        ({"NEO4J_PASSWORD": "this-is-not-the-password"}, 3, "neo4j", "refused the login"),
        (
            {"BACKUP_RETENTION_DAYS": "soon", "BACKUP_PREFIX": "/"},
            2,
            "configuration",
            "Invalid configuration",
        ),
    ],
    ids=["secret", "password", "configuration"],
)
def test_a_failed_run_is_recorded_with_its_log_line(
    service: Service, changes: dict[str, str], exit_code: int, kind: str, reason: str
) -> None:
    service.backup()
    before = state_of(service)
    failing = service.with_variables(**changes)

    run = failing.run()

    assert_told(failing, run, exit_code, reason)
    state = state_of(failing)
    ended = state["last_run"]
    assert ended["exit_code"] == exit_code
    assert ended["finished"] is not None
    assert ended["error"] == " ".join(run.log.partition("[ERROR] ")[2].split())
    assert state["failures"] == {kind: 1}
    known, known_before = state["databases"]["neo4j"], before["databases"]["neo4j"]
    assert known["last_backup"] == known_before["last_backup"]
    *_, attempt = known["attempts"]
    if kind == "configuration":  # which databases are meant is not known then
        assert known == known_before
    else:
        assert (attempt["exit_code"], attempt["error"]) == (exit_code, ended["error"])
        assert known["failures"] == {kind: 1}
    assert f"(exit {exit_code}): {ended['error']}" in complaint(failing)


def test_a_backup_whose_clean_up_failed_is_recorded(
    service: Service, proxy: FaultProxy, example: Backup
) -> None:
    put_backup(service, example, days_ago(400))
    proxy.inject(Fault("DeleteObject", Status(403, "AccessDenied"), every=True))

    run = service.run()

    assert_told(service, run, 4, "The backup is safe, but")
    assert known_of(service)["last_backup"] == summary(service.backups()[-1])
    assert state_of(service)["last_run"]["exit_code"] == 4
    assert "The backup is safe, but cleaning up failed: " in complaint(service)


def test_a_run_that_a_signal_ends_is_recorded_with_the_signal(
    service: Service, proxy: FaultProxy
) -> None:
    with held(service, proxy) as process:
        process.send_signal(signal.SIGTERM)
        run = finish(process, AT_ONCE)

    assert run.exit_code == 143
    ended = state_of(service)["last_run"]
    assert (ended["exit_code"], ended["error"]) == (143, "Interrupted by signal 15")
    assert "(exit 143)" in complaint(service)


def test_a_run_is_healthy_until_it_is_killed_and_the_next_one_ends_well(
    service: Service, proxy: FaultProxy
) -> None:
    with held(service, proxy) as process:
        running = state_of(service)
        assert running["last_run"]["process"]["pid"] == process.pid
        assert running["last_run"]["finished"] is None
        assert complaint(service) == ""
        process.kill()
        process.wait(AT_ONCE)

    began = running["last_run"]["started"]
    assert state_of(service) == running
    assert complaint(service) == f"the run that began at {began} was killed"
    shown = service.start("status").communicate(AT_ONCE)[0]
    assert re.search("^[0-9-]+ [0-9:]+ .* failed \\(exit 137\\): killed$", shown, re.MULTILINE), (
        shown
    )
    assert state_of(service) == running
    service.backup()
    assert complaint(service) == ""


@pytest.mark.parametrize("fill", [filled, without_inodes])
def test_a_full_state_directory_fails_no_backup_but_makes_the_service_unhealthy(
    service: Service, fill: Callable[[Path], AbstractContextManager[None]]
) -> None:
    directory = Path(service.variables["BACKUP_STATE_DIR"])
    with small_disk(directory):
        service.backup()
        before = state_of(service)
        (directory / "backup.lock").unlink()
        with fill(directory):
            full = service.run()

            assert full.exit_code == 0, full.log
            assert len(service.backups()) == 2
            assert full.log.count("[WARNING] This run is not recorded: BACKUP_STATE_DIR=") == 1
            assert "has no space left (No space left on device)" in complaint(service)
            assert state_of(service) == before
            check = service.start("check", "--at-start")
            jobs, log = check.communicate(timeout=AT_ONCE)
            assert (check.returncode, jobs) == (0, "0 2 * * * JOB backup\n"), log
            assert service.run("wait").exit_code == 0
        assert complaint(service) == ""
        assert not list(directory.glob("*.new"))


@pytest.mark.parametrize("command", ["wait", "status", "verify"])
def test_a_backup_that_could_not_be_recorded_is_known_after_the_next_look_at_the_bucket(
    service: Service, command: str
) -> None:
    service.backup()
    before = state_file(service).read_bytes()
    unrecorded = service.backup()
    state_file(service).write_bytes(before)  # as a full disk leaves it
    rewrite(service, last_run={**state_of(service)["last_run"], "started": LONG_AGO})

    process = service.start(command)
    _, log = process.communicate(timeout=60)

    assert process.returncode == 0, log
    assert known_of(service)["last_backup"] == summary(unrecorded)
    assert state_of(service)["last_run"]["started"] == LONG_AGO


def test_a_run_that_fails_still_records_the_backup_that_it_found(
    service: Service, proxy: FaultProxy
) -> None:
    service.backup()
    before = state_file(service).read_bytes()
    unrecorded = service.backup()
    state_file(service).write_bytes(before)
    proxy.inject(Fault("CreateMultipartUpload", Status(403, "AccessDenied"), every=True))

    assert service.run().exit_code == 4

    assert known_of(service)["last_backup"] == summary(unrecorded)


def test_a_run_that_the_lock_refuses_is_not_recorded(service: Service, proxy: FaultProxy) -> None:
    with held(service, proxy):
        before = state_file(service).read_bytes()

        assert service.run().exit_code == 6

        assert state_file(service).read_bytes() == before
        assert complaint(service) == ""


def test_a_service_that_is_ready_says_so_and_expects_backups_from_now_on(service: Service) -> None:
    began = now()

    run = service.run("wait")

    assert (run.exit_code, run.log) == (0, READY)
    state = state_of(service)
    assert began <= time_of(state["since"]) <= now()
    assert state["schedule"] == "0 2 * * * UTC"
    assert state["last_run"] is known_of(service)["last_backup"] is None
    assert complaint(service) == ""


def test_a_refused_login_ends_the_wait_at_once_and_is_not_repeated(
    service: Service, graph: Neo4jServer, proxy: FaultProxy
) -> None:
    password = "this-is-not-the-password"
    with relay(graph.port) as (port, sent):
        uri = f"bolt://{LOOPBACK}:{port}"
        wrong = service.with_variables(NEO4J_URI=uri, NEO4J_PASSWORD=password)
        run = finish(wrong.start("wait"), AT_ONCE)

    assert_told(wrong, run, 3, "refused the login")
    assert sent.count(password.encode()) == 1
    assert "quotes" not in run.log
    assert proxy.requests == []
    assert not state_file(service).exists()


@pytest.mark.parametrize("mark", ['"', "'"])
def test_a_refused_login_names_the_variable_whose_value_is_in_quotes(
    service: Service, graph: Neo4jServer, mark: str
) -> None:
    quoted = service.with_variables(NEO4J_PASSWORD=f"{mark}{graph.password}{mark}")

    run = finish(quoted.start("wait"), AT_ONCE)

    assert_told(quoted, run, 3, "NEO4J_PASSWORD begins and ends with quotes")
    assert graph.password not in run.log


@pytest.mark.parametrize(
    ("changes", "exit_code", "phrase"),
    [
        ({"NEO4J_DATABASE": "missing"}, 3, "check NEO4J_DATABASE"),
        ({"R2_BUCKET_NAME": "no-such"}, 4, "R2 bucket not found: no-such"),
        ({"R2_SECRET_ACCESS_KEY": "this-is-not-the-secret"}, 4, "Access denied"),
        ({"BACKUP_STATE_DIR": "/dev/null/state"}, 2, "BACKUP_STATE_DIR"),
        ({"BACKUP_SCHEDULE": "0 25 * * *"}, 2, "Invalid configuration"),
    ],
    ids=["database", "bucket", "secret", "state", "schedule"],
)
def test_the_service_does_not_wait_for_a_lasting_error(
    service: Service, changes: dict[str, str], exit_code: int, phrase: str
) -> None:
    wrong = service.with_variables(**changes)

    run = finish(wrong.start("wait"), AT_ONCE)

    assert_told(wrong, run, exit_code, phrase)
    assert not state_file(service).exists()


def test_a_service_that_cannot_start_tells_it_once_and_shows_it_until_it_can(
    service: Service,
) -> None:
    with WebReceiver() as web:
        told = service.with_variables(
            BACKUP_NOTIFY_URLS=f"json://{web.address}/hook/good",
            BACKUP_PING_URL=f"http://{web.address}/ping/good",
            BACKUP_HOST_NAME="vault",
        )
        wrong = told.with_variables(R2_SECRET_ACCESS_KEY="this-is-not-the-secret")
        for _ in range(2):
            assert_told(wrong, wrong.run("wait"), 4, "Access denied")

        assert "the service cannot work since " in complaint(wrong)
        assert "(exit 4): Access denied by R2 during List" in complaint(wrong)
        assert "The service cannot work since " in wrong.start("status").communicate(AT_ONCE)[0]
        over = told.run("wait")

        assert over.exit_code == 0
        assert "What kept the service from its work is over" in over.log
        assert complaint(told) == ""
        posted = [json.loads(each.body) for each in web.received if each.target == "/hook/good"]
        pings = [each.target for each in web.received if "/ping" in each.target]
    assert [each["title"] for each in posted] == [
        "Backup service cannot work",
        "Backup service works again",
    ]
    assert posted[0]["message"].startswith("Error (exit 4): Access denied by R2 during List")
    assert "\nHost: vault\n" in posted[0]["message"]
    assert pings == ["/ping/good/fail"]
    assert_secretless(wrong, str(posted))


def test_a_mistyped_bucket_at_the_first_start_holds_no_state_directory_and_its_end_is_told(
    service: Service,
) -> None:
    mistyped = service.with_variables(R2_BUCKET_NAME="no-such-bucket")
    assert mistyped.run("wait").exit_code == 4
    assert "R2 bucket not found" in complaint(mistyped)

    over = service.run("wait")

    assert over.exit_code == 0
    assert "What kept the service from its work is over" in over.log
    assert state_file(service).parent == service.directory / "state"
    assert state_file(service).exists()
    assert complaint(service) == ""


def test_an_r2_that_is_away_does_not_keep_the_service_from_starting(service: Service) -> None:
    url = f"http://{LOOPBACK}:{free_port()}"
    with WebReceiver() as web:
        told = service.with_variables(BACKUP_NOTIFY_URLS=f"json://{web.address}/hook/good")
        away = told.with_variables(R2_ENDPOINT_URL=url, BACKUP_RETRY_SECONDS="1")

        run = away.run("wait")

        assert run.exit_code == 0, run.log
        assert f"[WARNING] R2 connection failed: {url}" in run.log
        assert f"(exit 4): R2 connection failed: {url}" in complaint(away)
        assert web.received == []  # it may have passed at the next look
        for _ in range(2):
            assert away.run("wait").exit_code == 0
        assert len(web.received) == 1
        titles = [json.loads(each.body)["title"] for each in web.received]
    assert titles == ["Backup service cannot work"]


@pytest.mark.parametrize("host", [LOOPBACK, "no-such-host.invalid"], ids=["port", "name"])
def test_the_service_waits_for_neo4j_as_long_as_configured(service: Service, host: str) -> None:
    uri = f"bolt://{host}:{free_port()}"
    absent = service.with_variables(NEO4J_URI=uri, NEO4J_WAIT_SECONDS="3")
    started = time.monotonic()

    run = absent.run("wait")

    assert 2 <= time.monotonic() - started < AT_ONCE
    assert run.exit_code == 0, run.log
    first, why, end = run.log.splitlines()
    assert first == "[INFO] Waiting for Neo4j to be ready..."
    assert re.match(r"\[WARNING\] Neo4j is not ready, waiting for up to \d s: Neo4j conn", why)
    assert end.startswith(
        f"[WARNING] Neo4j was not ready within 3 s: Neo4j connection failed: {uri}"
    )
    assert "(exit 3): Neo4j was not ready within 3 s" in complaint(absent)


def test_the_service_does_not_wait_forever_for_a_silent_neo4j(service: Service) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        uri = f"bolt://{LOOPBACK}:{silent.getsockname()[1]}"
        mute = service.with_variables(NEO4J_URI=uri, NEO4J_WAIT_SECONDS="1")

        run = finish(mute.start("wait"), 60)

    assert run.exit_code == 0, run.log
    assert "[WARNING] Neo4j was not ready within 1 s: Neo4j connection failed" in run.log
    assert "(exit 3): Neo4j was not ready within 1 s" in complaint(mute)


def test_a_signal_ends_the_wait_at_once(service: Service) -> None:
    uri = f"bolt://{LOOPBACK}:{free_port()}"
    process = service.with_variables(NEO4J_URI=uri).start("wait")
    assert any("not ready" in line for line in process.stderr)

    process.send_signal(signal.SIGTERM)

    assert finish(process, AT_ONCE).exit_code == 143


@pytest.mark.parametrize("started", [None, "yesterday", "2025-10-08T02:00:01"])
def test_a_lost_state_file_is_rebuilt_from_the_newest_complete_backup(
    service: Service, example: Backup, started: str | None
) -> None:
    taken = days_ago(2)
    for days in (9, 5):
        put_backup(service, example, days_ago(days), started=timestamp(days_ago(days)))
    _, archive_key = put_backup(service, example, taken, started=timestamp(taken))
    put_archive(service, f"{stem(days_ago(1.9))}.cypher.gz")
    put_backup(service, example, days_ago(1.8), database="other")
    put_backup(service, example, days_ago(1.7), prefix="elsewhere")
    put_backup(service, example, days_ago(1.65), database_id="another server's")
    put_backup(service, example, days_ago(1.6), archive_size=1)
    put_backup(service, example, days_ago(1.5), format_version="1")
    put_backup(service, example, days_ago(1.4), archive_key="neo4j-backup/another.cypher.gz")
    if started is not None:
        put_backup(service, example, days_ago(1.3), started=started)

    run = service.run("wait")

    assert run.exit_code == 0, run.log
    state = state_of(service)
    (last,) = [known["last_backup"] for known in state["databases"].values()]
    assert last == {
        **summary(example),
        "started": taken.isoformat(),
        "archive_key": archive_key,
    }
    assert state["since"] == taken.isoformat()
    assert state["last_run"] is None
    assert f"the last one is of {taken.isoformat()}" in complaint(service)


def test_a_newest_backup_that_is_not_complete_any_more_makes_the_service_unhealthy(
    service: Service, example: Backup
) -> None:
    put_backup(service, example, days_ago(2))
    backup = service.backup()
    assert complaint(service) == ""
    client, key = service.s3.client(), backup.manifest["archive_key"]
    manifest_key = key.replace(".cypher.gz", ".manifest.json")
    client.delete_object(Bucket=service.bucket, Key=manifest_key)

    process = service.start("status")
    output, log = process.communicate(timeout=AT_ONCE)

    assert (process.returncode, log) == (0, "")
    assert f"\nNot complete in the bucket:\n{key}: it has no manifest\n" in output
    assert complaint(service) == f"not complete in the bucket: {key}: it has no manifest"
    client.delete_object(Bucket=service.bucket, Key=key)
    assert service.run("verify").exit_code == 0
    assert (
        complaint(service) == f"not complete in the bucket: {key}: it is not in the bucket any more"
    )

    run = service.run()
    assert run.exit_code == 0, run.log
    assert complaint(service) == ""


def test_a_run_warns_of_what_it_passes_over_for_the_shrink_alarm_and_goes_on(
    service: Service,
) -> None:
    first = service.backup().manifest["archive_key"]
    second = service.backup().manifest["archive_key"]
    service.s3.client().put_object(Bucket=service.bucket, Key=second, Body=b"cut")

    run = service.with_variables(BACKUP_SHRINK_PERCENT="20").run()

    assert run.exit_code == 0, run.log
    assert f"its archive {second} of " in run.log
    assert f"has 3 bytes; {first} is used instead\n" in run.log
    assert service.backups()[-1].manifest["last_accepted"] > 0


def test_an_archive_of_a_run_that_may_be_under_way_elsewhere_is_no_fault(
    service: Service, example: Backup
) -> None:
    put_backup(service, example, days_ago(2))
    service.backup()
    key = put_archive(service, f"{stem(days_ago(-0.01))}.cypher.gz")

    process = service.start("status")
    output, _ = process.communicate(timeout=AT_ONCE)
    run = service.run("verify")

    assert "Not complete" not in output
    assert complaint(service) == ""
    assert run.exit_code == 0, run.log
    assert f"Passed over {key}: it has no manifest, its run may still be under way; " in run.log


def test_a_damaged_state_file_counts_as_lost(service: Service) -> None:
    backup = service.backup()
    text = state_file(service).read_bytes()
    state_file(service).write_bytes(text[: len(text) // 2])
    assert "nothing is known of any run" in complaint(service)

    assert service.run("wait").exit_code == 0

    assert known_of(service)["last_backup"] == summary(backup)
    assert complaint(service) == ""


def rewrite(service: Service, **changes: Any) -> dict[str, Any]:
    """Change the state file by hand and return its content."""
    content = {**state_of(service), **changes}
    state_file(service).write_text(json.dumps(content), encoding="ascii")
    return content


def waited(service: Service) -> tuple[Run, dict[str, Any]]:
    """Return a start of the service that succeeds, and the state after it."""
    run = service.run("wait")
    assert (run.exit_code, run.log) == (0, READY)
    return run, state_of(service)


def test_only_a_new_schedule_restarts_the_time_until_a_backup_is_overdue(
    service: Service, proxy: FaultProxy
) -> None:
    service.backup()
    long_ago = days_ago(3).isoformat()
    before = rewrite(service, schedule="0 2 * * * UTC", since=long_ago)
    before["databases"]["neo4j"]["last_backup"]["started"] = long_ago
    before["databases"]["neo4j"]["since"] = long_ago
    rewrite(service, **before)
    proxy.inject(Fault("GetObject", Status(403, "AccessDenied"), every=True))

    _, same = waited(service)

    assert same == before
    assert "no backup since" in complaint(service)
    began = now()

    _, changed = waited(service.with_variables(BACKUP_SCHEDULE="0 3 * * *"))

    assert began <= time_of(changed["since"]) <= now()
    assert changed["schedule"] == "0 3 * * * UTC"
    assert {**changed, "since": "", "schedule": ""} == {**before, "since": "", "schedule": ""}
    assert complaint(service) == ""


def test_the_service_waits_for_a_neo4j_that_comes_up_late(
    service: Service, graph: Neo4jServer
) -> None:
    graph.stop()
    try:
        process = service.start("wait")
        assert any("Neo4j is not ready, waiting for up to" in line for line in process.stderr)
    finally:
        graph.start()
        graph.wait_ready()

    run = finish(process, AT_ONCE)

    assert run.exit_code == 0, run.log
    assert state_of(service)["last_run"] is None


def test_two_services_of_one_user_do_not_share_a_state(service: Service, s3: S3Server) -> None:
    s3.create_bucket("bucket-of-the-second")
    second = service.with_variables(R2_BUCKET_NAME="bucket-of-the-second")
    service.backup()
    state = state_of(service)
    refused = second.with_variables(R2_SECRET_ACCESS_KEY="this-is-not-the-secret")

    assert refused.run().exit_code == 4

    assert state_of(service) == state
    assert complaint(service) == ""
    assert "the last run failed at " in complaint(refused)
    assert second.run().exit_code == 0
    assert complaint(second) == ""
    assert state_of(service) == state
    url = f"http://{LOOPBACK}:{free_port()}"
    absent = service.with_variables(R2_ENDPOINT_URL=url, BACKUP_RETRY_SECONDS="1")
    assert absent.run().exit_code == 4
    assert "R2 connection failed" in complaint(absent)
    assert complaint(service) == ""


def test_two_services_of_one_user_run_at_the_same_time(service: Service, proxy: FaultProxy) -> None:
    with held(service, proxy):
        assert service.run().exit_code == 6
        run = service.with_variables(BACKUP_PREFIX="second").run()
        assert run.exit_code == 0, run.log
