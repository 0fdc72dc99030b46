"""How Compose reads the project's files and an env file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neo4j_r2.config.variables import read_dotenv
from testbed.engine import docker, unavailable
from tests.container.backup_stack import IN_ENV_FILE, PASSWORD, ROOT, SERVICE

SPECIFIED = """
# Required - Neo4j credentials
NEO4J_PASSWORD=your_neo4j_password

# Required - R2 Storage
R2_ACCOUNT_ID=your_account_id
R2_ACCESS_KEY_ID=your_access_key_id
R2_SECRET_ACCESS_KEY=your_secret_access_key
R2_BUCKET_NAME=graphiti-neo4j-backup

# Optional - Backup Configuration
BACKUP_SCHEDULE=0 2 * * *  # Daily at 2 AM (cron format)
BACKUP_RETENTION_DAYS=7     # Keep backups for 7 days
BACKUP_COMPRESSION=true     # Enable gzip compression
BACKUP_PREFIX=neo4j-backup  # Prefix for R2 objects
RUN_IMMEDIATE_BACKUP=false  # Run backup on service start
"""

OF_THE_CONTAINER = {"BACKUP_STATE_DIR", "COMPOSE_PROJECT_NAME", "METRICS_ADDRESS"}
"""Compose sets these itself: the values of the container, and a part of the host's name."""


@pytest.fixture(scope="module", autouse=True)
def compose() -> None:
    """Skip the tests unless a container engine with Compose answers."""
    if reason := unavailable():
        pytest.skip(f"no container engine: {reason}")


def environment(env_file: Path, **shell: str) -> dict[str, str | None]:
    """Return the variables that Compose gives the backup service."""
    command = ["compose", f"--env-file={env_file}", f"--file={ROOT / 'docker-compose.yml'}"]
    configured = json.loads(docker(*command, "config", "--format=json", variables=shell))
    variables: dict[str, str | None] = configured["services"][SERVICE]["environment"]
    # Compose doubles dollars, so that its output could be read again.
    return {name: value and value.replace("$$", "$") for name, value in variables.items()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (IN_ENV_FILE, PASSWORD),
        ("'a # b'", "a # b"),
        ("'${HOME}'", "${HOME}"),
        (r"'back\slash'", r"back\slash"),
        ("'\"double\"'", '"double"'),
        ("plain-12345678  # a comment", "plain-12345678"),
    ],
)
def test_a_quoted_value_means_the_same_to_compose_and_to_the_service(
    tmp_path: Path, text: str, value: str
) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"NEO4J_PASSWORD={text}\n", encoding="utf-8")
    assert environment(env_file)["NEO4J_PASSWORD"] == value
    assert read_dotenv(env_file)["NEO4J_PASSWORD"] == value


def test_compose_and_the_service_read_the_specifications_env_file_alike(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(SPECIFIED, encoding="utf-8")
    given = {name: value for name, value in environment(env_file).items() if value is not None}
    assert given.keys() - read_dotenv(env_file).keys() == OF_THE_CONTAINER
    assert read_dotenv(env_file).items() <= given.items()
    assert given["BACKUP_SCHEDULE"] == "0 2 * * *"


def test_the_shell_s_variables_override_the_file_s(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(SPECIFIED, encoding="utf-8")
    assert environment(env_file, RUN_IMMEDIATE_BACKUP="true")["RUN_IMMEDIATE_BACKUP"] == "true"


def test_a_variable_that_is_not_set_has_no_value(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("NEO4J_PASSWORD=password\n", encoding="utf-8")
    variables = environment(env_file)
    given = {name for name, value in variables.items() if value is not None}
    assert given == {"NEO4J_PASSWORD"} | OF_THE_CONTAINER


def test_a_misspelt_name_reaches_the_service_if_the_env_file_names_itself(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    lines = ["NEO4J_PASSWORD=password", "BACKUP_SHEDULE=daily", "METRICS_ADDRESS=127.0.0.1"]
    env_file.write_text("\n".join([*lines, f"BACKUP_ENV_FILE={env_file}"]), encoding="utf-8")
    variables = environment(env_file)
    assert variables["BACKUP_SHEDULE"] == "daily"
    assert variables["METRICS_ADDRESS"] == "::"
