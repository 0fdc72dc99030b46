"""When nothing of a database is removed, and what is said about it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from neo4j_r2.bucket.pause import pauses
from tests.unit.bucket.test_retention import POLICY, candidate

POLICY_WITH_ALARM = replace(POLICY, shrink_percent=20)


def test_a_database_without_backups_is_not_paused() -> None:
    assert pauses([], POLICY_WITH_ALARM) == {}


def test_a_shrunk_database_is_paused_until_the_least_size_is_reached() -> None:
    shrunk = replace(candidate(0, entities=79), last_accepted=100)
    pause = pauses([candidate(9, entities=100), shrunk], POLICY_WITH_ALARM)["neo4j"]
    assert pause.reasons == ("the newest backup has shrunk and is not accepted",)
    assert "nothing is removed until one has 80, or `backup.py prune" in pause.warning
    names = f"{candidate(9).name.stem} {candidate(0).name.stem}"
    assert pause.warning.endswith(f"; `backup.py diff {names}` says what is gone")


@pytest.mark.parametrize(
    ("started_as", "named"),
    [
        ("/app/backup.py", "backup.py"),
        ("/opt/.venv/bin/neo4j-r2-backup", "neo4j-r2-backup"),
        ("-c", "backup.py"),
    ],
)
def test_the_command_that_ends_a_pause_has_the_name_of_the_program_that_runs(
    monkeypatch: pytest.MonkeyPatch, started_as: str, named: str
) -> None:
    monkeypatch.setattr(sys, "argv", [started_as])
    shrunk = replace(candidate(0, entities=79), last_accepted=100)
    pause = pauses([candidate(9, entities=100), shrunk], POLICY_WITH_ALARM)["neo4j"]
    assert f"`{named} prune --accept-shrink" in pause.warning


def test_an_emptied_database_has_both_reasons_but_is_only_called_empty() -> None:
    emptied = replace(candidate(0, entities=0), last_accepted=100)
    pause = pauses([candidate(9, entities=100), emptied], POLICY_WITH_ALARM)["neo4j"]
    assert pause.reasons == (
        "the newest backup is empty and older ones are not",
        "the newest backup has shrunk and is not accepted",
    )
    assert "is of an empty graph" in pause.warning
    assert "shrunk" not in pause.warning
