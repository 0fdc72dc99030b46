"""The settings of restore drills: what they accept, and what they say about wrong values."""

from __future__ import annotations

from pathlib import Path

import pytest

from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.config.settings import Config, read_config, read_drill_config
from neo4j_r2.core.errors import ConfigurationError
from tests.unit.config.test_settings import REQUIRED, value_of

NO_FILE: dict[str, str] = {}
DRILLS = {
    "DRILL_SCHEDULE": "0 4 * * 0",
    "DRILL_NEO4J_URI": "bolt://neo4j-drill:7687",
    "RESTORE_NEO4J_PASSWORD": "scratch-pass-word",
}


def read(**variables: str) -> Config:
    """Read a complete configuration with drills, changed by `variables`."""
    return read_config({**REQUIRED, **DRILLS, **variables}, NO_FILE)


def problems(**variables: str) -> str:
    """Return what is wrong with a complete configuration with drills, changed by `variables`."""
    with pytest.raises(ConfigurationError) as raised:
        read(**variables)
    return str(raised.value)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("service.drill_schedule", None),
        ("service.drill_overdue_minutes", 180),
        ("service.drill_due_times", ""),
        ("drill.uri", ""),
        ("drill.database", ""),
        ("drill.identity_file", None),
        ("drill.checks_file", None),
    ],
)
def test_by_default_there_are_no_drills(path: str, expected: object) -> None:
    assert value_of(read_config(REQUIRED, NO_FILE), path) == expected


@pytest.mark.parametrize(
    ("name", "value", "path", "expected"),
    [
        ("DRILL_SCHEDULE", " 0  4 * * sun", "service.drill_due_times", "0 4 * * sun UTC"),
        ("DRILL_OVERDUE_MINUTES", "5", "service.drill_overdue_minutes", 5),
        ("DRILL_NEO4J_URI", "bolt+s://scratch:7687", "drill.uri", "bolt+s://scratch:7687"),
        ("DRILL_NEO4J_DATABASE", "scratch", "drill.database", "scratch"),
        ("DRILL_IDENTITY_FILE", "/run/key", "drill.identity_file", Path("/run/key")),
        ("DRILL_CHECKS", "/checks.cypher", "drill.checks_file", Path("/checks.cypher")),
        ("RESTORE_NEO4J_USER", "tester", "drill.user", "tester"),
    ],
)
def test_a_variable_of_drills_sets_its_value(
    name: str, value: str, path: str, expected: object
) -> None:
    assert value_of(read(**{name: value}), path) == expected


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [
        ("DRILL_SCHEDULE", "0 4 * *", "cron expression"),
        ("DRILL_SCHEDULE", "0 4 * * * JOB", "cron expression"),
        ("DRILL_OVERDUE_MINUTES", "0", "whole number"),
        ("DRILL_NEO4J_URI", "http://scratch:7474", "bolt+s"),
        ("DRILL_NEO4J_URI", "bolt://neo4j:7687", "this is the Neo4j that is backed up"),
        ("DRILL_NEO4J_DATABASE", "neo4j;", "3 to 63"),
        ("DRILL_NEO4J_URI", "", "DRILL_NEO4J_URI is required: the scratch Neo4j of"),
    ],
)
def test_a_wrong_value_of_drills_is_named_with_what_is_accepted(
    name: str, value: str, accepted: str
) -> None:
    message = problems(**{name: value})
    assert name in message
    assert accepted in message
    assert DRILLS["RESTORE_NEO4J_PASSWORD"] not in message


def test_the_scratch_database_has_the_name_of_the_one_that_was_backed_up_unless_it_is_named() -> (
    None
):
    assert read().drill.scratch("movies").database == "movies"
    assert read(DRILL_NEO4J_DATABASE="neo4j").drill.scratch("movies").database == "neo4j"
    assert read().drill.scratch("movies").uri == DRILLS["DRILL_NEO4J_URI"]


def test_a_scratch_neo4j_without_a_schedule_is_for_drills_by_hand() -> None:
    by_hand = read(DRILL_SCHEDULE="")
    assert by_hand.service.drill_schedule is None
    assert by_hand.drill.uri == DRILLS["DRILL_NEO4J_URI"]


def test_the_health_probe_needs_no_scratch_neo4j() -> None:
    settings = read_service_settings({"DRILL_SCHEDULE": "0 4 * * 0"}, NO_FILE)
    assert str(settings.drill_schedule) == "0 4 * * 0"


def test_the_scratch_neo4j_s_password_is_a_secret() -> None:
    config = read_drill_config({**REQUIRED, **DRILLS}, NO_FILE)
    assert DRILLS["RESTORE_NEO4J_PASSWORD"] in [each.reveal() for each in config.secrets()]


@pytest.mark.parametrize(
    "changes",
    [{"RESTORE_NEO4J_PASSWORD": ""}, {"RESTORE_NEO4J_PASSWORD_FILE": "/nowhere/password"}],
    ids=["missing", "wrong"],
)
def test_only_a_drill_needs_the_password_of_the_scratch_neo4j(changes: dict[str, str]) -> None:
    variables = {**REQUIRED, **DRILLS, **changes}
    assert not read_config(variables, NO_FILE).drill.password
    with pytest.raises(ConfigurationError, match="RESTORE_NEO4J_PASSWORD"):
        read_drill_config(variables, NO_FILE)


def test_a_misspelt_name_of_drills_may_be_another_program_s() -> None:
    config = read_config({**REQUIRED, "DRILL_HOME": "/opt/drill"}, {"DRILL_LOG_DIR": "/var/log"})
    assert [each.partition(" ")[0] for each in config.warnings] == ["DRILL_LOG_DIR"]
