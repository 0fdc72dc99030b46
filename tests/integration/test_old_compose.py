"""docker-compose 1.29.2 takes the Compose files: the specification writes `docker-compose`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from neo4j_r2.config.settings import read_config
from neo4j_r2.config.unknown_names import CONTAINER_MARK
from neo4j_r2.core.errors import ConfigurationError
from testbed.old_compose import OldComposeError, program
from tests.service import BACKUP

ROOT = BACKUP.parent
WHOLE = ("docker-compose.yml", "docker-compose.backup-only.yml")
ADDED = "docker-compose.secrets.yml"
PRIVATE = {"BACKUP_STATE_DIR": "/host/state", "METRICS_ADDRESS": "127.0.0.1"}
"""Values that are right on a host, and wrong in the container."""


@pytest.fixture(scope="module")
def old_compose() -> list[str]:
    try:
        return program()
    except OldComposeError as error:
        pytest.skip(f"docker-compose 1.29.2 cannot be installed: {error}")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the files, beside which a test writes a `.env`."""
    for path in (*ROOT.glob("docker-compose*.yml"), ROOT / "no-more-variables.env"):
        shutil.copy(path, tmp_path)
    return tmp_path


def configured(old_compose: list[str], project: Path, *files: str) -> dict[str, Any]:
    """Return the variables that the service gets."""
    finished = subprocess.run(
        [*old_compose, *(f"--file={each}" for each in files), "config"],
        capture_output=True,
        text=True,
        check=False,
        cwd=project,
        env={"PATH": os.environ["PATH"]},
    )
    assert finished.returncode == 0, finished.stderr
    environment: dict[str, Any] = yaml.safe_load(finished.stdout)["services"]["neo4j-backup"][
        "environment"
    ]
    return environment


def test_every_compose_file_is_tried() -> None:
    assert {path.name for path in ROOT.glob("docker-compose*.yml")} == {*WHOLE, ADDED}


@pytest.mark.parametrize("added", [(), (ADDED,)], ids=["alone", "with secrets"])
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("example", [".env.example", ".env.local.example"])
def test_the_old_docker_compose_takes_each_file(
    old_compose: list[str], project: Path, name: str, added: tuple[str, ...], example: str
) -> None:
    shutil.copy(ROOT / example, project / ".env")
    environment = configured(old_compose, project, name, *added)
    assert environment["R2_BUCKET_NAME"] == "graphiti-neo4j-backup"
    assert bool(environment["NEO4J_PASSWORD_FILE"]) == bool(added)


@pytest.mark.parametrize("name", WHOLE)
def test_a_misspelt_name_in_the_env_file_of_the_example_reaches_the_service_and_stops_it(
    old_compose: list[str], project: Path, name: str
) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    lines = [f"{variable}={value}" for variable, value in PRIVATE.items()]
    lines += ["R2_ACCOUNT_ID=abc123", "BACKUP_ENCRYPTION_RECIPIENT=age1"]
    (project / ".env").write_text("\n".join([example, *lines]), encoding="utf-8")

    environment = configured(old_compose, project, name)

    assert environment["BACKUP_STATE_DIR"] == "/var/lib/neo4j-r2-backup"
    assert environment["METRICS_ADDRESS"] == "::"
    given = {variable: value for variable, value in environment.items() if value is not None}
    with pytest.raises(ConfigurationError) as raised:
        read_config({**given, CONTAINER_MARK: "true"}, {})
    assert str(raised.value).splitlines()[1:] == [
        "  - BACKUP_ENCRYPTION_RECIPIENT: this service has no such variable; did you mean "
        "BACKUP_ENCRYPTION_RECIPIENTS?"
    ]


@pytest.mark.parametrize("name", WHOLE)
def test_secrets_from_files_replace_those_of_a_filled_in_env_file(
    old_compose: list[str], project: Path, name: str
) -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    (project / ".env").write_text(f"{example}\nR2_ACCOUNT_ID=abc123\n", encoding="utf-8")
    for secret in ("neo4j_password", "r2_access_key_id", "r2_secret_access_key"):
        (project / secret).write_text(f"{secret}-in-a-file\n", encoding="utf-8")

    environment = configured(old_compose, project, name, ADDED)

    given = {
        variable: str(value).replace("/run/secrets", str(project))
        for variable, value in environment.items()
        if value is not None
    }
    config = read_config({**given, CONTAINER_MARK: "true"}, {})
    assert [each.reveal() for each in config.secrets() if each.reveal()] == [
        "neo4j_password-in-a-file",
        "r2_access_key_id-in-a-file",
        "r2_secret_access_key-in-a-file",
    ]


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("project_name", [None, "graph"])
def test_the_project_s_name_reaches_the_service_only_from_the_env_file(
    old_compose: list[str], project: Path, name: str, project_name: str | None
) -> None:
    line = f"\nCOMPOSE_PROJECT_NAME={project_name}\n" if project_name else ""
    (project / ".env").write_text(f"NEO4J_PASSWORD=pass-word{line}", encoding="utf-8")
    assert configured(old_compose, project, name)["COMPOSE_PROJECT_NAME"] == project_name


@pytest.mark.parametrize("name", WHOLE)
def test_without_that_line_only_the_listed_names_reach_the_service(
    old_compose: list[str], project: Path, name: str
) -> None:
    lines = ["NEO4J_PASSWORD=pass-word", "SECRET_OF_ANOTHER_PROGRAM=x", "BACKUP_XYZ=1"]
    (project / ".env").write_text("\n".join(lines), encoding="utf-8")
    environment = configured(old_compose, project, name)
    given = {variable for variable, value in environment.items() if value is not None}
    assert given == {"NEO4J_PASSWORD", *PRIVATE}
