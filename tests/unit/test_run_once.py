"""The examples of runs without the service: Kubernetes, the program and the settings take them."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import yaml

from neo4j_r2.commands.command_line import parse_arguments
from neo4j_r2.config.settings import known_names, read_config
from tests.unit.process import ROOT

CRONJOB = ROOT / "docs" / "examples" / "cronjob.yaml"
PAGE = (ROOT / "docs" / "run-once.md").read_text(encoding="utf-8")


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
    created = PAGE.partition("create secret")[2].partition("kubectl")[0]
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


@pytest.mark.parametrize("line", [each for each in PAGE.splitlines() if "docker run" in each])
def test_the_commands_of_docker_are_commands_of_the_program(line: str) -> None:
    _, _, arguments = line.partition("backup.py ")
    assert parse_arguments(shlex.split(arguments))[0] in {"backup", "list"}
