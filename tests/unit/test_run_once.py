"""The examples of runs without the service: Kubernetes, the program and the settings take them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.config.settings import known_names, read_config
from tests.unit.process import ROOT, TIMEOUT_SECONDS

CRONJOB = ROOT / "docs" / "examples" / "cronjob.yaml"
DOCKER, KUBERNETES, SYSTEMD = (
    (ROOT / "docs" / f"run-once-{way}.md").read_text(encoding="utf-8")
    for way in ("docker", "kubernetes", "systemd")
)


def container() -> dict[str, Any]:
    job = yaml.safe_load(CRONJOB.read_text(encoding="utf-8"))
    (only,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert isinstance(only, dict)
    return only


def test_kubernetes_accepts_the_cron_job() -> None:
    kubernetes_validate = pytest.importorskip(
        "kubernetes_validate", reason="kubernetes-validate is not installed"
    )
    job = yaml.safe_load(CRONJOB.read_text(encoding="utf-8"))
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    del job["spec"]["schedule"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)


def test_the_cron_job_runs_a_command_of_the_program() -> None:
    python, program, *arguments = container()["command"]
    assert (python, program) == ("python3", "/app/backup.py")
    assert parse_arguments(arguments)[0] == "backup"


def test_the_variables_of_the_cron_job_and_of_its_secret_are_a_whole_configuration() -> None:
    variables = {each["name"]: each.get("value", "") for each in container()["env"]}
    created = KUBERNETES.partition("create secret")[2].partition("kubectl")[0]
    secrets = [part.partition("=")[2] for part in shlex.split(created) if "--from-literal" in part]
    variables |= {each.partition("=")[0]: "value" for each in secrets}
    assert len(secrets) == 4
    assert variables.keys() <= known_names()
    assert read_config({**variables, "BACKUP_CONTAINER": "true"}, {}).warnings == ()


def test_the_cron_job_runs_as_the_user_of_the_image_and_can_write_its_state() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    job = yaml.safe_load(CRONJOB.read_text(encoding="utf-8"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert f"--uid {pod['securityContext']['runAsUser']} " in dockerfile
    mounts = {mount["mountPath"]: mount["name"] for mount in container()["volumeMounts"]}
    assert f"BACKUP_STATE_DIR={next(path for path in mounts if 'state' in mounts[path])} " in (
        dockerfile
    )
    assert set(mounts.values()) == {volume["name"] for volume in pod["volumes"]}


def test_the_index_leads_to_a_page_each() -> None:
    index = (ROOT / "docs" / "run-once.md").read_text(encoding="utf-8")
    ways = re.findall(r"^- \[[^]]+\]\(run-once-(\w+)\.md\)", index, re.MULTILINE)
    assert ways == ["docker", "kubernetes", "systemd"]


@pytest.mark.parametrize("line", [each for each in DOCKER.splitlines() if "docker run" in each])
def test_the_commands_of_docker_are_commands_of_the_program(line: str) -> None:
    _, _, arguments = line.rpartition(" neo4j-r2-backup ")
    assert parse_arguments(shlex.split(arguments))[0] in {"backup", "list", "verify"}


def units() -> dict[str, str]:
    """Return the units that the page shows, by their names."""
    shown = re.findall(r"`/etc/systemd/system/([^`]+)`:\n\n```ini\n(.*?)```", SYSTEMD, re.DOTALL)
    assert [name for name, _ in shown] == ["neo4j-r2-backup.service", "neo4j-r2-backup.timer"]
    return dict(shown)


def setting(unit: str, section: str, name: str) -> str:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit)
    return parser[section][name]


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("systemd is not installed")
    for name, text in units().items():
        # The program and its user are not on this machine.
        program = shutil.which("true") or ""
        there = text.replace("/opt/neo4j-r2-backup/.venv/bin/neo4j-r2-backup", program)
        (tmp_path / name).write_text(there.replace("User=neo4j-backup", "User=daemon"))
    verify = [systemd, "verify", *map(str, tmp_path.iterdir())]
    process = subprocess.run(
        verify, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
    )
    assert (process.returncode, "neo4j-r2-backup" in process.stderr) == (0, False), process.stderr


def test_the_service_of_systemd_starts_a_backup_where_the_variables_are() -> None:
    unit = units()["neo4j-r2-backup.service"]
    program, *arguments = shlex.split(setting(unit, "Service", "ExecStart"))
    directory = setting(unit, "Service", "WorkingDirectory")
    assert program == f"{directory}/.venv/bin/neo4j-r2-backup"
    assert parse_arguments(arguments)[0] == "backup"
    assert f"--home-dir {directory} " in SYSTEMD
    assert f"{setting(unit, 'Service', 'User')}\n" in SYSTEMD.partition("useradd")[2]


def lines_of_crontabs() -> list[tuple[str, str]]:
    """Return the lines that the documents show for a crontab: the schedule and the command."""
    texts = [DOCKER, SYSTEMD, (ROOT / "README.md").read_text(encoding="utf-8")]
    pattern = r"(?:^ *|`)((?:[0-9*]+ ){5})((?:cd|docker) [^`\n]*)"
    return [pair for text in texts for pair in re.findall(pattern, text, re.MULTILINE)]


def test_the_lines_of_crontabs_are_at_the_schedule_and_start_a_backup_or_a_drill() -> None:
    found = []
    for schedule, command in lines_of_crontabs():
        pattern = r"(?:backup\.py|neo4j-r2-backup)((?: \w+)?)(?: >>.*)?$"
        (arguments,) = re.findall(pattern, command)
        found.append((schedule.strip(), parse_arguments(shlex.split(arguments))[0]))
        assert (">>" in command) == ("LOG_TIMESTAMPS=true" in command)
    assert sorted(found) == [*3 * [("0 2 * * *", "backup")], ("0 4 * * 0", "drill")]


def test_a_second_pair_of_units_starts_drills() -> None:
    ((start, calendar),) = re.findall(r"```ini\n(ExecStart=.*)\n(OnCalendar=.*)\n```", SYSTEMD)
    program = setting(units()["neo4j-r2-backup.service"], "Service", "ExecStart").split()[0]
    assert start == f"ExecStart={program} drill"
    if systemd := shutil.which("systemd-analyze"):
        times = [systemd, "calendar", calendar.partition("=")[2]]
        subprocess.run(times, capture_output=True, timeout=TIMEOUT_SECONDS, check=True)
