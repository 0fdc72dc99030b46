"""Scheduled restore drills into the scratch server of the profile `drill`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from neo4j import Driver, GraphDatabase

from testbed.engine import EngineError, docker
from testbed.ports import LOOPBACK
from testbed.stack import Stack
from tests.container.backup_stack import (
    BACKUP,
    BUCKET,
    HERE,
    RECEIVE_ONE,
    SERVICE,
    Surroundings,
    back_up,
    daily_at,
    hours_away,
    soon,
    start,
    wait_for_health,
    wait_for_line,
)

SCRATCH = "neo4j-drill"
PASSWORD = "scratch-pass-word"
DRILLS = {"DRILL_NEO4J_URI": f"bolt://{SCRATCH}:7687", "RESTORE_NEO4J_PASSWORD": PASSWORD}
DONE = "[INFO] Backup completed successfully!"
DRILL_SECONDS = 240.0
"""The longest wait for the end of a drill that is due soon."""
EXPECTED_FOR_DAYS = """
import datetime, json, pathlib
since = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=3)).isoformat()
for name in ("state.json", "drills.json"):
    file = pathlib.Path("/var/lib/neo4j-r2-backup", name)
    content = json.loads(file.read_text())
    content["since"] = since
    for known in content["databases"].values():
        known["since"] = since
    file.write_text(json.dumps(content))
"""
"""Changes what is known to that of a service whose drills have been due without one."""


@pytest.fixture(scope="module")
def scratch(surroundings: Surroundings) -> Iterator[Driver]:
    """The scratch server that all services here drill into, on their network; a driver for it."""
    with surroundings.beside(HERE / "scratch.yml", **DRILLS) as stack:
        stack.up(SCRATCH, wait=True, profiles=["drill"])
        address = f"bolt://{LOOPBACK}:{stack.port(SCRATCH, 7687)}"
        with GraphDatabase.driver(address, auth=("neo4j", PASSWORD)) as driver:
            yield driver


def entities(scratch: Driver) -> int:
    """Return how many nodes the scratch server holds."""
    (counted,) = scratch.execute_query("MATCH (n) RETURN count(n) AS nodes").records
    nodes: int = counted["nodes"]
    return nodes


def proofs(surroundings: Surroundings, prefix: str) -> list[Mapping[str, Any]]:
    """Return the proofs under a prefix, oldest first."""
    client = surroundings.s3()
    return [
        json.load(client.get_object(Bucket=BUCKET, Key=key)["Body"])
        for key in surroundings.keys(prefix)
        if key.endswith(".proof.json")
    ]


def expect_for_days(stack: Stack) -> None:
    """Let backups and drills be expected since three days."""
    changed = stack.execute(SERVICE, "python3", "-c", EXPECTED_FOR_DAYS, user="neo4j-backup")
    assert changed.exit_code == 0, changed.output


def test_crond_drills_the_latest_backup_at_its_minute_and_the_proof_is_there(
    surroundings: Surroundings, scratch: Driver
) -> None:
    with surroundings.beside(**DRILLS, BACKUP_PREFIX="drilled") as stack:
        made = stack.run_once(SERVICE, "backup")
        assert made.exit_code == 0, made.output
        schedule = daily_at(soon())
        start(stack, DRILL_SCHEDULE=schedule)
        crontab = stack.execute(SERVICE, "crontab", "-l").output.splitlines()
        assert [line.partition(" exec ")[0] for line in crontab] == ["0 0 29 2 *", schedule]
        assert [line.rpartition(" ")[2] for line in crontab] == ["backup", "drill"]
        wait_for_line(stack, "[INFO] The drill succeeded: drilled/neo4j_", seconds=DRILL_SECONDS)
        (manifest,) = surroundings.manifests("drilled")
        (proof,) = proofs(surroundings, "drilled")
        assert proof["result"] == "proved"
        for field in ("archive_key", "archive_size", "archive_sha256", "database_id"):
            assert proof[field] == manifest[field]
        assert proof["totals"]["nodes"] == manifest["export"]["nodes"] > 0
        assert entities(scratch) == 0
        log = stack.logs(SERVICE)
        assert log.count("[INFO] Starting restore drill of drilled/neo4j_") == 1
        assert f"\n  - Drills: {schedule} into bolt://{SCRATCH}:7687\n" in log
        assert PASSWORD not in log
        wait_for_health(stack, "healthy", "last backup drilled/")


def test_stopping_the_service_ends_a_drill_at_once_and_the_next_one_clears_up(
    surroundings: Surroundings, scratch: Driver
) -> None:
    variables = {**DRILLS, "BACKUP_PREFIX": "stopped-drill"}
    with surroundings.beside(HERE / "slow_question.yml", **variables) as stack:
        made = stack.run_once(SERVICE, "backup")
        assert made.exit_code == 0, made.output
        start(stack, DRILL_SCHEDULE=daily_at(soon()), BACKUP_CATCH_UP="false")
        wait_for_line(stack, "[INFO] Asking 1 question", seconds=DRILL_SECONDS)
        seconds = stack.stop(SERVICE)
        assert "[ERROR] Interrupted by signal 15" in stack.logs(SERVICE)
        assert stack.state(SERVICE).exit_code == 0
        assert seconds < 10
        assert entities(scratch) > 0
        assert proofs(surroundings, "stopped-drill") == []

        stack.start(SERVICE)
        wait_for_line(stack, "[INFO] Starting cron daemon...", count=2)
        wait_for_health(stack, "unhealthy", "the last drill of database neo4j failed at ")
        assert re.search(
            r"\[WARNING\] The drill that began at \S+ was cut short\n", stack.logs(SERVICE)
        )
        again = stack.execute(SERVICE, *BACKUP, "drill", variables={"DRILL_CHECKS": ""})
        assert again.exit_code == 0, again.output
        assert f"[INFO] Emptying bolt://{SCRATCH}:7687 of what an earlier drill of" in again.output
        assert entities(scratch) == 0
        assert len(proofs(surroundings, "stopped-drill")) == 1
        wait_for_health(stack, "healthy", "last backup stopped-drill/")


def test_an_overdue_drill_makes_the_container_unhealthy_and_the_next_backup_tells_it(
    surroundings: Surroundings,
) -> None:
    variables = {**DRILLS, "BACKUP_PREFIX": "overdue-drill"}
    with ThreadPoolExecutor() as pool, surroundings.beside(**variables) as stack:
        start(stack, DRILL_SCHEDULE=daily_at(hours_away()))
        assert back_up(stack).exit_code == 0
        wait_for_health(stack, "healthy", "last backup overdue-drill/")
        expect_for_days(stack)
        wait_for_health(stack, "unhealthy", "no drill of database neo4j has succeeded since ")
        received = pool.submit(stack.execute, SERVICE, "python3", "-c", RECEIVE_ONE)
        assert back_up(stack, BACKUP_NOTIFY_URLS="json://127.0.0.1:8080/").exit_code == 0
        posted = json.loads(received.result().output)
        assert posted["title"] == "Drill overdue: neo4j"
        assert "\nLast proved: never\n" in posted["message"]


@pytest.mark.usefixtures("scratch")
def test_a_missed_drill_is_made_at_the_start_after_the_immediate_backup(
    surroundings: Surroundings,
) -> None:
    variables = {**DRILLS, "RUN_IMMEDIATE_BACKUP": "true", "BACKUP_PREFIX": "missed-drill"}
    with surroundings.beside(**variables) as stack:
        start(stack, DRILL_SCHEDULE=daily_at(hours_away()))
        wait_for_line(stack, DONE)
        assert "Starting restore drill" not in stack.logs(SERVICE)
        expect_for_days(stack)
        stack.stop(SERVICE)
        stack.start(SERVICE)
        wait_for_line(stack, "[INFO] The drill succeeded: missed-drill/", seconds=DRILL_SECONDS)
        log = stack.logs(SERVICE)
        assert re.search(
            r"\[INFO\] The drill that was due at .* was missed: making it in 60 s\n", log
        ), log
        assert log.count(DONE) == 2
        assert log.rindex(DONE) < log.index("[INFO] Starting restore drill of missed-drill/neo4j_")
        newest = surroundings.manifests("missed-drill")[-1]
        assert [each["archive_key"] for each in proofs(surroundings, "missed-drill")] == [
            newest["archive_key"]
        ]
        wait_for_health(stack, "healthy", "last backup missed-drill/")


def test_without_the_profile_and_the_variables_there_are_no_drills(
    surroundings: Surroundings,
) -> None:
    stack = surroundings.stack
    wait_for_line(stack, "[INFO] At the start: ")
    with pytest.raises(EngineError, match="neo4j-drill has 0 containers"):
        stack.container(SCRATCH)
    crontab = stack.execute(SERVICE, "crontab", "-l").output.splitlines()
    assert [line.rpartition(" ")[2] for line in crontab] == ["backup"]
    assert "Drill" not in stack.logs(SERVICE)
    listed = stack.execute(SERVICE, "ls", "/var/lib/neo4j-r2-backup", user="neo4j-backup").output
    assert "drill" not in listed


def test_the_scratch_server_has_no_port_and_only_a_volume_that_goes_with_it(
    surroundings: Surroundings,
) -> None:
    with surroundings.beside(**DRILLS, BACKUP_PREFIX="scratch") as stack:
        stack.up(SCRATCH, profiles=["drill"])
        container = stack.container(SCRATCH)
        (inspected,) = json.loads(docker("inspect", container))
        host = inspected["HostConfig"]
        assert host["PortBindings"] in ({}, None)
        assert host["Memory"] == 1 << 30
        volumes = {
            mount["Destination"]: mount["Name"]
            for mount in inspected["Mounts"]
            if mount["Type"] == "volume"
        }
        assert "/data" in volumes
        for volume in json.loads(docker("volume", "inspect", *volumes.values())):
            # Compose labels the volumes that its file names.
            assert "com.docker.compose.volume" not in (volume["Labels"] or {}), volume
        docker("rm", "--force", "--volumes", container)
        assert not set(volumes.values()) & set(docker("volume", "ls", "--quiet").split())
