"""The files of drills are checked before anything else, and what is wrong is told without keys."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from neo4j_r2.commands.drill_files import check_drill_files
from neo4j_r2.config.settings import read_drill_config
from neo4j_r2.core.errors import ConfigurationError
from tests.keys import KeyPair

PAIR, OTHER = KeyPair.new(), KeyPair.new()
VARIABLES = {
    "R2_ACCOUNT_ID": "abc123",
    "R2_ACCESS_KEY_ID": "access-key-id",
    "R2_SECRET_ACCESS_KEY": "secret-access-key",
    "R2_BUCKET_NAME": "bucket",
    "RESTORE_NEO4J_PASSWORD": "pass-word",
    "DRILL_NEO4J_URI": "bolt://neo4j-drill:7687",
}
QUESTIONS = """// check: there are entities
// expect: count > 0
MATCH (n:Entity) RETURN count(n) AS count;
// check: every entity has a name
// expect: no rows
MATCH (n:Entity) WHERE n.name IS NULL RETURN n;
"""


def check(variables: Mapping[str, str]) -> int:
    return check_drill_files(read_drill_config({**VARIABLES, **variables}, {}))


def problem(variables: Mapping[str, str]) -> str:
    with pytest.raises(ConfigurationError) as raised:
        check(variables)
    return str(raised.value)


def key_file(directory: Path, pair: KeyPair, mode: int = 0o600) -> str:
    path = pair.write(directory)
    path.chmod(mode)
    return str(path)


def test_without_files_nothing_is_wrong_and_nothing_is_asked() -> None:
    assert check({}) == 0


def test_the_questions_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "checks.cypher"
    path.write_text(QUESTIONS)
    assert check({"DRILL_CHECKS": str(path)}) == 2


def test_a_key_that_opens_the_backups_of_now_is_right(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recipients = f"{OTHER.public}, {PAIR.public}"
    path = key_file(tmp_path, PAIR)
    with caplog.at_level(logging.WARNING):
        check({"DRILL_IDENTITY_FILE": path, "BACKUP_ENCRYPTION_RECIPIENTS": recipients})
    assert caplog.messages == []


def test_keys_of_which_none_opens_the_backups_of_now_are_refused(tmp_path: Path) -> None:
    path = key_file(tmp_path, PAIR)
    told = problem({"DRILL_IDENTITY_FILE": path, "BACKUP_ENCRYPTION_RECIPIENTS": OTHER.public})
    assert told.startswith("DRILL_IDENTITY_FILE: none of its keys opens the backups that are made ")


def test_without_recipients_any_key_is_right(tmp_path: Path) -> None:
    check({"DRILL_IDENTITY_FILE": key_file(tmp_path, PAIR)})


def test_a_key_file_that_every_user_can_read_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = key_file(tmp_path, PAIR, 0o644)
    with caplog.at_level(logging.WARNING):
        check({"DRILL_IDENTITY_FILE": path})
    assert caplog.messages == [f"DRILL_IDENTITY_FILE: every user of this machine can read {path}"]


@pytest.mark.parametrize("schedule", ["", "0 4 * * 0"])
def test_scheduled_drills_that_cannot_open_encrypted_backups_are_warned_of(
    schedule: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        check({"DRILL_SCHEDULE": schedule, "BACKUP_ENCRYPTION_RECIPIENTS": PAIR.public})
    warning = (
        "Drills cannot open encrypted backups: set DRILL_IDENTITY_FILE, or run `backup.py drill "
        "--identity` where the key is"
    )
    assert caplog.messages == ([warning] if schedule else [])


def test_what_is_wrong_with_both_files_is_in_one_message(tmp_path: Path) -> None:
    told = problem(
        {
            "DRILL_IDENTITY_FILE": str(tmp_path / "gone"),
            "DRILL_CHECKS": str(tmp_path / "gone too"),
        }
    )
    assert f"DRILL_IDENTITY_FILE: {tmp_path}/gone cannot be read: No such file" in told
    assert f"DRILL_CHECKS: {tmp_path}/gone too cannot be read: No such file" in told


def test_a_key_file_that_can_be_read_only_once_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert problem({"DRILL_IDENTITY_FILE": str(path)}).endswith(f"{path} is no regular file")


def test_the_error_about_a_key_names_the_variable_and_shows_no_key(tmp_path: Path) -> None:
    path = tmp_path / "key.txt"
    path.write_text(PAIR.private[:-1])
    told = problem({"DRILL_IDENTITY_FILE": str(path)})
    assert told.startswith(f"DRILL_IDENTITY_FILE: line 1 of {path} is no private key")
    assert PAIR.private[:-1] not in told
