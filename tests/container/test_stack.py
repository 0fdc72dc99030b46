"""The project's stack, run for real: what README promises of it."""

from __future__ import annotations

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from testbed.database import empty
from testbed.engine import docker, run
from testbed.fingerprint import difference, fingerprint
from testbed.stack import START_SECONDS, Stack
from testbed.waiting import wait_until
from tests.container.backup_stack import (
    BACKUP,
    BUCKET,
    HERE,
    PASSWORD,
    RECEIVE_ONE,
    ROOT,
    SERVICE,
    SLOWLY,
    Surroundings,
    back_up,
    daily_at,
    hours_away,
    soon,
    start,
    wait_for_health,
    wait_for_line,
)

BANNER = """[INFO] ============================================================
[INFO] Neo4j to R2 Backup Service
[INFO] ============================================================
[INFO] Configuration:
  - Backup schedule: 0 0 29 2 *
  - Retention days: 7
  - Compression: true
  - R2 Bucket: graphiti-neo4j-backup
  - Neo4j Host: neo4j
  - Neo4j Database: neo4j
  - Encryption: off, backups are not encrypted
  - R2 Endpoint: http://s3:80
  - Backup at the start: on
[INFO] ============================================================
[INFO] Waiting for Neo4j to be ready...
[INFO] Neo4j is ready!
[INFO] Cron schedule configured: 0 0 29 2 *
[INFO] Next backup will run at configured time
[INFO] Starting cron daemon...
[INFO] At the start: no backup yet, due next at 2028-02-29T00:00:00+00:00
[INFO] Starting Neo4j backup process
"""
STARTED_A_DAY_AGO = """
import datetime, json, pathlib
file = pathlib.Path("/var/lib/neo4j-r2-backup/state.json")
state = json.loads(file.read_text())
state["since"] = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)).isoformat()
file.write_text(json.dumps(state))
"""
"""Changes the state file to that of a service whose last due time has passed without a run."""
STATE = "/var/lib/neo4j-r2-backup/state.json"
HOLD_THE_LOCK = (
    *("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"),
    *("flock", "/var/lib/neo4j-r2-backup/backup.lock", "sleep", "600"),
)
"""Does what a run does with the lock; ends with its container."""
FIRST_VICTIM = "echo 1000 >/proc/self/oom_score_adj && exec python3 /app/backup.py"
"""A run that the kernel kills before all others if the container lacks memory."""
TAKE_ALL_MEMORY = """
import os, sys
held = []
while os.path.exists(f"/proc/{sys.argv[1]}"):
    held.append(b"x" * (1 << 22))
"""
"""Takes memory until a process is dead."""
DONE = "[INFO] Backup completed successfully!"
PREFIX = "neo4j-backup"


def test_the_local_example_makes_a_backup_without_an_account(surroundings: Surroundings) -> None:
    stack = surroundings.stack
    wait_for_line(stack, DONE)
    assert stack.logs(SERVICE).startswith(BANNER)
    assert [manifest["database"] for manifest in surroundings.manifests(PREFIX)] == ["neo4j"]
    wait_for_health(stack, "healthy", "last backup neo4j-backup/neo4j_")


def test_the_commands_of_the_troubleshooting_section_work(surroundings: Surroundings) -> None:
    stack = surroundings.stack
    wait_for_line(stack, DONE)
    assert stack.execute(SERVICE, "pgrep", "crond").output.strip().isdigit()
    crontab = stack.execute(SERVICE, "crontab", "-l")
    assert crontab.exit_code == 0
    assert crontab.output.startswith("0 0 29 2 * ")
    assert "setpriv --reuid=neo4j-backup" in crontab.output


def test_the_container_has_only_the_rights_that_it_needs(surroundings: Surroundings) -> None:
    (inspected,) = json.loads(docker("inspect", surroundings.stack.container(SERVICE)))
    host = inspected["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert {name.removeprefix("CAP_") for name in host["CapAdd"]} == {"SETGID", "SETUID", "KILL"}
    assert host["ReadonlyRootfs"]
    assert host["Memory"] == 1 << 30
    assert "no-new-privileges:true" in host["SecurityOpt"]
    neo4j = json.loads(docker("inspect", surroundings.stack.container("neo4j")))[0]
    bindings = neo4j["HostConfig"]["PortBindings"].values()
    assert {binding["HostIp"] for each in bindings for binding in each} == {"127.0.0.1"}


def test_a_manual_backup_by_root_leaves_lock_and_state_to_the_job(
    surroundings: Surroundings,
) -> None:
    stack = surroundings.stack
    wait_for_line(stack, DONE)
    manual = back_up(stack)
    assert manual.exit_code == 0, manual.output
    assert DONE in manual.output
    owners = stack.execute(
        SERVICE, "stat", "--format=%U", "/var/lib/neo4j-r2-backup/state.json",
        "/var/lib/neo4j-r2-backup/backup.lock", user="neo4j-backup",
    )  # fmt: skip
    assert owners.output.split() == ["neo4j-backup", "neo4j-backup"]


def test_a_restore_by_cypher_shell_works_as_the_readme_has_it(
    surroundings: Surroundings,
) -> None:
    stack = surroundings.stack
    wait_for_line(stack, DONE)
    assert back_up(stack).exit_code == 0
    manifest = surroundings.manifests(PREFIX)[-1]
    archive = surroundings.s3().get_object(Bucket=BUCKET, Key=manifest["archive_key"])["Body"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"docker-compose exec -T neo4j (cypher-shell -u neo4j) -p PASSWORD", readme)
    assert shown is not None
    with surroundings.driver() as driver:
        expected = fingerprint(driver)
        empty(driver, "neo4j")
        restored = stack.execute(
            "neo4j", *shown[1].split(), "-p", PASSWORD,
            stdin=gzip.decompress(archive.read()).decode("ascii"),
        )  # fmt: skip
        assert restored.exit_code == 0, restored.output
        assert difference(expected, fingerprint(driver)) == ""


def test_a_restore_in_the_running_service_brings_a_damaged_graph_back(
    surroundings: Surroundings,
) -> None:
    stack = surroundings.stack
    wait_for_line(stack, DONE)
    assert back_up(stack).exit_code == 0
    with surroundings.driver() as driver:
        before = fingerprint(driver)
        driver.execute_query("MATCH (n) WITH n LIMIT 10 DETACH DELETE n")
        refused = stack.execute(SERVICE, *BACKUP, "restore")
        assert refused.exit_code == 3, refused.output
        restored = stack.execute(SERVICE, *BACKUP, "restore", "--force")
        assert restored.exit_code == 0, restored.output
        assert difference(before, fingerprint(driver)) == ""
    assert stack.execute(SERVICE, *BACKUP, "verify").exit_code == 0
    assert back_up(stack).exit_code == 0


def test_a_failed_run_makes_the_container_unhealthy_and_a_good_one_healthy(
    surroundings: Surroundings,
) -> None:
    stack = surroundings.stack
    wait_for_line(stack, DONE)
    failed = back_up(stack, R2_SECRET_ACCESS_KEY="wrong-secret-access-key")
    assert failed.exit_code == 4
    reason = wait_for_health(stack, "unhealthy")
    assert "the last run failed" in reason
    assert "(exit 4)" in reason
    assert "wrong-secret" not in reason
    assert back_up(stack).exit_code == 0
    wait_for_health(stack, "healthy", "Healthy: last backup")


def test_crond_makes_a_backup_at_the_time_zone_s_scheduled_time_and_it_restores(
    surroundings: Surroundings,
) -> None:
    due = soon()
    local = due.astimezone(ZoneInfo("Asia/Kolkata"))  # whose minutes are not those of UTC
    variables = {"TZ": "Asia/Kolkata", "BACKUP_PREFIX": "by-crond"}
    with surroundings.beside(BACKUP_SCHEDULE=daily_at(local), **variables) as stack:
        start(stack)
        wait_for_health(stack, "healthy", local.strftime("due next at %Y-%m-%dT%H:%M:00+05:30"))
        wait_for_line(stack, DONE, seconds=150)
        (manifest,) = surroundings.manifests("by-crond")
        assert datetime.fromisoformat(manifest["started"]) - due < timedelta(seconds=30)
        assert stack.logs(SERVICE).count("[INFO] Uploading to R2: by-crond/neo4j_") == 1
        wait_for_health(stack, "healthy", "last backup by-crond/")
    archive = surroundings.s3().get_object(Bucket=BUCKET, Key=manifest["archive_key"])["Body"]
    text = gzip.decompress(archive.read()).decode("ascii")
    with surroundings.driver() as driver:
        expected = fingerprint(driver)
        empty(driver, "neo4j")
        restored = surroundings.stack.execute(
            "neo4j", "cypher-shell", "-u", "neo4j", "-p", PASSWORD,
            stdin=text, variables={"JAVA_OPTS": "-Xmx4g"},
        )  # fmt: skip
        assert restored.exit_code == 0, restored.output
        assert difference(expected, fingerprint(driver)) == ""


def test_stopping_the_service_aborts_a_scheduled_backup_and_a_start_continues(
    surroundings: Surroundings,
) -> None:
    variables = {"BACKUP_SCHEDULE": "* * * * *", "BACKUP_CATCH_UP": "false"}
    with surroundings.beside(**variables, **SLOWLY, BACKUP_PREFIX="stopped") as stack:
        start(stack)
        wait_for_line(stack, "[INFO] Compressing neo4j_")
        seconds = stack.stop(SERVICE)
        log = stack.logs(SERVICE)
        assert "[INFO] Upload aborted, no backup was made: stopped/neo4j_" in log
        assert "[ERROR] Interrupted by signal 15" in log
        assert stack.state(SERVICE).exit_code == 0
        assert seconds < 20
        assert surroundings.keys("stopped") == []
        uploads = surroundings.s3().list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
        assert [upload["Key"] for upload in uploads] == []
        stack.start(SERVICE)
        wait_for_line(stack, "[INFO] Starting cron daemon...", count=2)
        health = stack.execute(SERVICE, *BACKUP, "health")
        assert health.exit_code == 1
        assert "(exit 143): Interrupted by signal 15" in health.output
        assert back_up(stack).exit_code == 0
        wait_for_health(stack, "healthy", "last backup stopped/")


def test_an_idle_service_stops_at_once(surroundings: Surroundings) -> None:
    with surroundings.beside(BACKUP_PREFIX="idle") as stack:
        start(stack)
        assert stack.stop(SERVICE) < 2
        assert stack.state(SERVICE).exit_code == 0


def test_a_service_that_waits_for_neo4j_stops_at_once_too(surroundings: Surroundings) -> None:
    with surroundings.beside(NEO4J_HOST="nowhere.invalid") as stack:
        stack.up()
        wait_for_line(stack, "Waiting for Neo4j to be ready...")
        assert stack.stop(SERVICE) < 2


def test_a_new_service_waits_for_a_late_neo4j_and_then_makes_what_came_due_in_the_wait(
    surroundings: Surroundings,
) -> None:
    surroundings.stack.stop("neo4j")
    due = soon()
    try:
        with surroundings.beside(BACKUP_PREFIX="late", BACKUP_SCHEDULE=daily_at(due)) as stack:
            stack.up()
            wait_for_line(stack, "Waiting for Neo4j to be ready...")
            wait_for_line(stack, "[WARNING] Neo4j is not ready, waiting for up to")
            wait_for_health(stack, "healthy", "Healthy: the service is starting")
            wait_until(lambda: datetime.now(UTC) > due, seconds=90, what="the due time")
            surroundings.stack.start("neo4j")
            wait_for_line(stack, "Neo4j is ready!", seconds=START_SECONDS)
            wait_for_line(stack, f"due at {due.isoformat()} was missed: making it now")
            wait_for_line(stack, DONE)
            wait_for_health(stack, "healthy", "last backup late/")
    finally:
        surroundings.stack.up("neo4j", wait=True)


def test_a_neo4j_that_never_comes_up_makes_the_service_unhealthy_but_does_not_stop_it(
    surroundings: Surroundings,
) -> None:
    with surroundings.beside(NEO4J_HOST="nowhere.invalid", NEO4J_WAIT_SECONDS="2") as stack:
        stack.up()
        wait_for_line(stack, "[WARNING] Neo4j was not ready within 2 s: Neo4j connection failed")
        wait_for_line(stack, "Starting cron daemon...")
        wait_for_health(stack, "unhealthy", "Neo4j was not ready within 2 s")
        assert stack.stop(SERVICE) < 2


def test_a_service_that_started_without_r2_heals_by_itself_and_says_so(
    surroundings: Surroundings,
) -> None:
    surroundings.stack.stop("s3")
    try:
        variables = {"BACKUP_PREFIX": "heals", "BACKUP_RETRY_SECONDS": "1"}
        with surroundings.beside(HERE / "looks_often.yml", **variables) as stack:
            stack.up()
            wait_for_line(stack, "; the service goes on without it, and looks again later")
            wait_for_line(stack, "[INFO] Starting cron daemon...")
            wait_for_health(stack, "unhealthy", "the service cannot work since ")
            surroundings.stack.start("s3")
            wait_for_line(stack, "[INFO] What kept the service from its work is over")
            wait_for_health(stack, "healthy", "Healthy: no backup yet")
    finally:
        surroundings.stack.up("s3", wait=True)


def test_a_service_that_was_stopped_over_a_due_time_makes_that_backup_when_it_starts(
    surroundings: Surroundings,
) -> None:
    schedule = daily_at(hours_away())
    with surroundings.beside(BACKUP_SCHEDULE=schedule, BACKUP_PREFIX="missed") as stack:
        start(stack)
        started = stack.execute(SERVICE, "python3", "-c", STARTED_A_DAY_AGO, user="neo4j-backup")
        assert started.exit_code == 0, started.output
        stack.stop(SERVICE)
        stack.start(SERVICE)
        wait_for_line(stack, DONE)
        log = stack.logs(SERVICE)
        assert re.search(
            r"\[INFO\] At the start: no backup yet, due next at .*\n"
            r"\[INFO\] The backup that was due at .* was missed: making it now\n"
            r"\[INFO\] Starting Neo4j backup process\n",
            log,
        ), log
        assert len(surroundings.manifests("missed")) == 1


def test_a_refused_password_ends_the_wait_and_does_not_lock_the_account(
    surroundings: Surroundings,
) -> None:
    with surroundings.beside(NEO4J_PASSWORD="wrong-password") as stack:
        stack.up()
        wait_for_line(stack, "refused the login", seconds=30)
        # After a second the engine would start a service again that has ended.
        wait_until(lambda: _age(stack) > 10, seconds=30, what="the engine's restart")
        log = stack.logs(SERVICE)
        assert log.count("refused the login") == 1
        wait_for_health(stack, "unhealthy", "refused the login")
        assert "Neo4j is ready!" not in log
        assert "wrong-password" not in log
        with surroundings.driver() as driver:
            driver.verify_connectivity()


def _age(stack: Stack) -> float:
    """Return how many seconds ago the backup service's container was made."""
    created = docker("inspect", "--format={{.Created}}", stack.container(SERVICE)).strip()
    return (datetime.now(UTC) - datetime.fromisoformat(created[:19] + "+00:00")).total_seconds()


def test_the_shell_s_variable_starts_a_running_service_with_a_backup(
    surroundings: Surroundings,
) -> None:
    stack = surroundings.stack
    stack.up(SERVICE, variables={"RUN_IMMEDIATE_BACKUP": "false"})
    wait_for_line(stack, "[INFO] Starting cron daemon...")
    before = len(surroundings.manifests(PREFIX))
    stack.up(SERVICE, variables={"RUN_IMMEDIATE_BACKUP": "true"})
    wait_for_line(stack, DONE)
    assert len(surroundings.manifests(PREFIX)) == before + 1


def test_stopping_the_service_while_it_becomes_the_supervisor_stops_it(
    surroundings: Surroundings,
) -> None:
    with surroundings.beside(BACKUP_PREFIX="early") as stack:
        for _ in range(3):
            stack.up()
            wait_for_line(stack, "Neo4j is ready!", seconds=START_SECONDS)
            assert stack.stop(SERVICE) < 3
            docker("rm", stack.container(SERVICE))


def test_a_killed_backup_s_upload_is_aborted_by_the_next_one(surroundings: Surroundings) -> None:
    variables = {"RUN_IMMEDIATE_BACKUP": "true", "BACKUP_PREFIX": "killed"}
    with surroundings.beside(**variables, **SLOWLY) as stack:
        stack.up()
        wait_for_line(stack, "[INFO] Compressing neo4j_")
        stack.kill(SERVICE)
        assert surroundings.keys("killed") == []
        stack.start(SERVICE)
        wait_for_line(stack, "Aborting the upload that an interrupted run left: killed/neo4j_")
        wait_for_line(stack, DONE)
        assert len(surroundings.manifests("killed")) == 1
        wait_for_health(stack, "healthy", "last backup killed/")


def test_an_immediate_backup_that_fails_is_reported_and_the_service_goes_on(
    surroundings: Surroundings,
) -> None:
    # Embeddings are what APOC's export must not be forced to carry.
    variables = {"RUN_IMMEDIATE_BACKUP": "true", "BACKUP_EXPORT_METHOD": "apoc"}
    with surroundings.beside(**variables, BACKUP_PREFIX="immediate") as stack:
        stack.up()
        wait_for_line(stack, "[ERROR] The immediate backup failed (exit 3); the schedule stands")
        wait_for_health(stack, "unhealthy", "(exit 3)")
        assert stack.execute(SERVICE, "pgrep", "crond").exit_code == 0


def test_a_first_backup_that_meets_another_run_is_no_error(surroundings: Surroundings) -> None:
    variables = {"RUN_IMMEDIATE_BACKUP": "true", "BACKUP_PREFIX": "met"}
    with ThreadPoolExecutor() as pool, surroundings.beside(**variables) as stack:
        pool.submit(stack.run_once, SERVICE, *HOLD_THE_LOCK)
        running = f"--filter=label=com.docker.compose.project={stack.project}"
        wait_until(lambda: docker("ps", "--quiet", running) != "", seconds=60, what="the other run")
        stack.up()
        wait_for_line(stack, "[WARNING] Another run is under way")
        ended = ("pgrep", "--full", "backup.py$")
        wait_until(
            lambda: stack.execute(SERVICE, *ended).exit_code == 1,
            seconds=30,
            what="the end of the first backup",
        )
        assert "[ERROR]" not in stack.logs(SERVICE)


def test_the_container_ends_with_crond(surroundings: Surroundings) -> None:
    with surroundings.beside(BACKUP_PREFIX="ended") as stack:
        start(stack)
        container = stack.container(SERVICE)
        assert stack.execute(SERVICE, "pkill", "crond").exit_code == 0
        wait_until(
            lambda: docker("inspect", "--format={{.RestartCount}}", container).strip() == "1",
            seconds=60,
            what="the engine to start the container again",
        )
        assert "[ERROR] crond ended" in stack.logs(SERVICE)


def test_a_lost_state_is_rebuilt_from_the_newest_backup(surroundings: Surroundings) -> None:
    with surroundings.beside(BACKUP_PREFIX="rebuilt") as stack:
        start(stack)
        assert back_up(stack).exit_code == 0
    (manifest,) = surroundings.manifests("rebuilt")
    with surroundings.beside(BACKUP_PREFIX="rebuilt") as stack:  # with a new volume
        start(stack)
        wait_for_health(stack, "healthy", manifest["archive_key"])


def test_a_run_beside_another_is_refused_and_that_is_no_failure(
    surroundings: Surroundings,
) -> None:
    with surroundings.beside(**SLOWLY, BACKUP_PREFIX="twice") as stack:
        start(stack)
        backup = " ".join(BACKUP)
        both = f"{backup} & {backup}; one=$?; wait $!; echo exit codes $one $?"
        output = stack.execute(SERVICE, "sh", "-c", both).output
        assert re.search("^exit codes (0 6|6 0)$", output, re.MULTILINE), output
        assert len(surroundings.manifests("twice")) == 1
        wait_for_health(stack, "healthy", "last backup twice/")


def test_the_secrets_can_come_from_files_of_compose(
    surroundings: Surroundings, tmp_path: Path, image: str
) -> None:
    secrets = {
        "neo4j_password": PASSWORD,
        "r2_access_key_id": "local",
        "r2_secret_access_key": "local-secret",
    }
    for name, secret in secrets.items():
        (tmp_path / name).write_text(f"{secret}\n", encoding="utf-8")
    # In a container, because this user may not give files away.
    mounted = f"--volume={tmp_path}:/secrets"
    docker("run", "--rm", mounted, "--entrypoint=chown", image, "--recursive", "1000", "/secrets")
    variables = {"SECRETS_DIRECTORY": str(tmp_path), "BACKUP_PREFIX": "secrets"}
    with surroundings.beside(ROOT / "docker-compose.secrets.yml", **variables) as stack:
        start(stack)
        made = back_up(stack)
        assert made.exit_code == 0, made.output
        environment = docker("inspect", "--format={{.Config.Env}}", stack.container(SERVICE))
        assert "local-secret" not in environment


def test_a_run_in_a_container_of_its_own_is_under_way_for_the_service(
    surroundings: Surroundings,
) -> None:
    with surroundings.beside(**SLOWLY, BACKUP_PREFIX="one-off") as stack:
        start(stack)
        with ThreadPoolExecutor() as pool:
            other = pool.submit(stack.run_once, SERVICE, "backup")
            wait_until(
                lambda: _run_under_way(stack) is not None,
                seconds=60,
                what="the run in the other container",
            )
            # Compose would take the other container.
            seen = run("exec", stack.container(SERVICE), *BACKUP, "health", merged=True)
            assert _run_under_way(stack) is not None, "the run ended before it was looked at"
            made = other.result()
        assert seen.returncode == 0, seen.stdout
        assert made.exit_code == 0, made.output
        assert len(surroundings.manifests("one-off")) == 1


def _run_under_way(stack: Stack) -> int | None:
    """Return the process of the run that is under way in its container; None without one."""
    state = stack.execute(SERVICE, "cat", STATE, user="neo4j-backup")
    run = json.loads(state.output)["last_run"] if state.exit_code == 0 else None
    return run["process"]["pid"] if run and not run["finished"] else None


def test_a_run_that_is_killed_for_memory_is_explained_at_once_and_by_the_next_one(
    surroundings: Surroundings,
) -> None:
    # The run is still uploading when the memory is gone.
    variables = {"BACKUP_UPLOAD_LIMIT": "512kbit", "BACKUP_EXPORT_METHOD": "manual"}
    reason = (
        "the kernel killed it for lack of memory (signal 9): the limit is 1073.74 MB, "
        "the peak was 107"
    )
    with (
        ThreadPoolExecutor() as pool,
        surroundings.beside(**variables, BACKUP_PREFIX="hungry") as stack,
    ):
        start(stack)
        killed = pool.submit(stack.execute, SERVICE, "sh", "-c", FIRST_VICTIM)
        wait_until(lambda: _run_under_way(stack) is not None, seconds=60, what="the run")
        process = str(_run_under_way(stack))
        stack.execute(SERVICE, "python3", "-c", TAKE_ALL_MEMORY, process)  # it may die as well
        assert killed.result().exit_code == 137

        status = stack.execute(SERVICE, *BACKUP, "status").output
        assert re.search(rf"^Last run .* was killed: {re.escape(reason)}", status, re.MULTILINE)
        assert re.search(
            rf" failed \(exit 137\): killed: {re.escape(reason)}", status, re.MULTILINE
        )
        wait_for_health(stack, "unhealthy", reason)
        received = pool.submit(stack.execute, SERVICE, "python3", "-c", RECEIVE_ONE)
        quickly = {"BACKUP_UPLOAD_LIMIT": "none"}
        notified = back_up(stack, **quickly, BACKUP_NOTIFY_URLS="json://127.0.0.1:8080/")
        assert notified.exit_code == 0, notified.output
        message = json.loads(received.result().output)["message"]
        assert re.search(rf"^The run that began at .* was killed: {re.escape(reason)}", message)
        wait_for_health(stack, "healthy", "last backup hungry/")
