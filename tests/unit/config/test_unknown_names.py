"""Names that are probably misspelt: which are refused, which are warned of, which are let be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from neo4j_r2.config.settings import known_names, read_config
from neo4j_r2.config.unknown_names import COMPOSE_NAMES, CONTAINER_MARK
from neo4j_r2.core.errors import ConfigurationError
from tests.unit.process import ROOT, run_program

REQUIRED = {
    "NEO4J_PASSWORD": "graph-pass-word",
    "R2_ACCOUNT_ID": "abc123",
    "R2_ACCESS_KEY_ID": "access-key-id",
    "R2_SECRET_ACCESS_KEY": "secret-access-key",
    "R2_BUCKET_NAME": "graphiti-neo4j-backup",
}
IN_CONTAINER = {**REQUIRED, CONTAINER_MARK: "true"}
NO_FILE: dict[str, str] = {}


def refusal(environment: dict[str, str], dotenv: dict[str, str]) -> str:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigurationError) as raised:
        read_config(environment, dotenv)
    return str(raised.value)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("BACKUP_ENCRYPTION_RECIPIENT", "BACKUP_ENCRYPTION_RECIPIENTS"),
        ("BACKUP_RETENTON_DAYS", "BACKUP_RETENTION_DAYS"),
        ("BACKUP_SHEDULE", "BACKUP_SCHEDULE"),
        ("backup_schedule", "BACKUP_SCHEDULE"),
        ("BACKUP_SCHEDULE_FILE", "BACKUP_SCHEDULE"),
        ("BAKCUP_SCHEDULE", "BACKUP_SCHEDULE"),
        ("RUN_IMEDIATE_BACKUP", "RUN_IMMEDIATE_BACKUP"),
        ("LOG_LEVLE", "LOG_LEVEL"),
        ("METRICS_PROT", "METRICS_PORT"),
        ("R2_BUCKET", "R2_BUCKET_NAME"),
        ("R2_ACCESS_KEY", "R2_ACCESS_KEY_ID"),
        ("RESTORE_NEO4J_PASSWROD", "RESTORE_NEO4J_PASSWORD"),
    ],
)
def test_a_misspelt_name_is_refused_in_the_file_and_in_a_container(name: str, nearest: str) -> None:
    line = f"  - {name}: this service has no such variable; did you mean {nearest}?"
    assert line in refusal(REQUIRED, {name: "value"}).splitlines()
    assert line in refusal({**IN_CONTAINER, name: "value"}, NO_FILE).splitlines()


def test_a_name_that_is_like_no_other_is_refused_without_a_suggestion() -> None:
    told = refusal(REQUIRED, {"BACKUP_XYZ": "value"})
    assert told.splitlines()[1:] == ["  - BACKUP_XYZ: this service has no such variable"]


def test_on_a_host_only_a_typing_mistake_is_refused_and_other_names_are_warned_of() -> None:
    assert "RECIPIENTS?" in refusal({**REQUIRED, "BACKUP_ENCRYPTION_RECIPIENT": "age1"}, NO_FILE)
    others = {"BACKUP_DISK": "/mnt", "R2_TOKEN": "t", "LOG_DIR": "/var/log", "BAKCUP_PREFIX": "x"}
    warnings = read_config({**REQUIRED, **others}, NO_FILE).warnings
    assert [each.partition(" ")[0] for each in warnings] == [
        "BACKUP_DISK",
        "R2_TOKEN",
        "BAKCUP_PREFIX",
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("NEO4J_PASSWROD", "; did you mean NEO4J_PASSWORD?"),
        ("NEO4J_USERNAME", "; did you mean NEO4J_USER?"),
        ("NEO4J_DATABSE", "; did you mean NEO4J_DATABASE?"),
        ("NEO4J_PORT", "; did you mean NEO4J_BOLT_PORT?"),
        ("neo4j_password", "; did you mean NEO4J_PASSWORD?"),
        ("NEO4J_XYZ", ""),
        ("LOG_DIR", ""),
        ("METRICS_ENABLED", ""),
    ],
)
def test_a_name_that_may_be_another_program_s_is_warned_of(name: str, hint: str) -> None:
    for config in (
        read_config(REQUIRED, {name: "value"}),
        read_config({**IN_CONTAINER, name: "value"}, NO_FILE),
    ):
        (warning,) = config.warnings
        assert warning.startswith(f"{name} is ignored: this service has no such variable")
        assert not hint or warning.endswith(hint)


def test_a_misspelt_name_is_told_together_with_the_variable_that_is_missing() -> None:
    others = {name: value for name, value in REQUIRED.items() if name != "NEO4J_PASSWORD"}
    misspelt = {"NEO4J_PASSWROD": "graph-pass-word"}
    for told in (refusal(others, misspelt), refusal({**others, **misspelt}, NO_FILE)):
        assert told.splitlines()[1:3] == [
            "  - NEO4J_PASSWORD (or NEO4J_PASSWORD_FILE) is required: the password of NEO4J_USER",
            "  - NEO4J_PASSWROD is ignored: this service has no such variable; did you mean "
            "NEO4J_PASSWORD?",
        ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "value") for name in sorted(COMPOSE_NAMES)),
        ("COMPOSE_PROJECT_NAME", "graph"),
        ("NEO4J_AUTH", "neo4j/graph-pass-word"),
        ("NEO4J_server_memory_heap_max__size", "2g"),
        ("NEO4J_dbms_security_auth__max__failed__attempts", "0"),
        ("BACKUP_SERVICE_HOST", "10.0.0.1"),
        ("BACKUP_PORT", "tcp://10.0.0.1:80"),
        ("BACKUP_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("NEO4J_SERVICE_PORT_TCP_BOLT", "7687"),
        ("BACKUP_SHEDULE", ""),
        ("OPENAI_API_KEY", "k"),
        ("AWS_REGION", "auto"),
        ("PATH", "/usr/bin"),
    ],
)
def test_the_variables_of_compose_of_neo4j_and_of_others_are_let_be(name: str, value: str) -> None:
    assert read_config(REQUIRED, {name: value}).warnings == ()
    assert read_config({**IN_CONTAINER, name: value}, NO_FILE).warnings == ()


def test_every_variable_is_known_whether_or_not_a_command_uses_it() -> None:
    documented = re.findall(
        r"^\| `([A-Z0-9_]+)`", (ROOT / "docs/configuration.md").read_text(), re.MULTILINE
    )
    assert len(documented) > 30
    assert set(documented) <= known_names()
    unused = {"R2_BUCKET_NAME": "b", "RESTORE_NEO4J_PASSWORD_FILE": "f"}
    assert read_config({}, unused, logs_in=False, uses_bucket=False).warnings == ()


def test_the_compose_files_use_no_other_variables() -> None:
    text = "".join(path.read_text() for path in ROOT.glob("docker-compose*.yml"))
    assert set(re.findall(r"\$\{([A-Z0-9_]+)", text)) - known_names() == COMPOSE_NAMES


def test_the_image_says_that_it_is_a_container() -> None:
    assert f"ENV {CONTAINER_MARK}=true" in (ROOT / "Dockerfile").read_text()


def test_a_backup_that_would_not_be_encrypted_by_mistake_is_not_made(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BACKUP_ENCRYPTION_RECIPIENT=age1\nNEO4J_XYZ=1\n")
    process = run_program(tmp_path, **REQUIRED, HOME=str(tmp_path))
    assert process.returncode == 2
    assert process.stderr == (
        "[ERROR] Invalid configuration:\n  - BACKUP_ENCRYPTION_RECIPIENT: this service has no such "
        "variable; did you mean BACKUP_ENCRYPTION_RECIPIENTS?\n"
        "  - NEO4J_XYZ is ignored: this service has no such variable\n"
    )


def test_a_warning_is_in_the_log(tmp_path: Path) -> None:
    process = run_program(tmp_path, "check", **REQUIRED, NEO4J_USERNAME="u", HOME=str(tmp_path))
    assert process.returncode == 0
    assert (
        "[WARNING] NEO4J_USERNAME is ignored: this service has no such variable; did you mean "
        "NEO4J_USER?\n"
    ) in process.stderr
