"""Each route has a state of its own, and existing installations keep theirs."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from neo4j_r2.config.route import Route
from neo4j_r2.run.route_directory import FILE_NAME, route_directory, take_route_directory
from neo4j_r2.run.state import BackupState, DatabaseState, State, StateFile

ROUTE = Route("neo4j:7687", "abc123.r2.cloudflarestorage.com:443", "backups", "neo4j-backup")
OTHERS = [
    replace(ROUTE, server="other:7687"),
    replace(ROUTE, endpoint="127.0.0.1:9000"),
    replace(ROUTE, bucket="second"),
    replace(ROUTE, prefix="second"),
]


def test_the_only_route_uses_the_state_directory_itself(tmp_path: Path) -> None:
    assert route_directory(tmp_path, ROUTE) == tmp_path
    assert take_route_directory(tmp_path, ROUTE) == tmp_path
    assert take_route_directory(tmp_path, ROUTE) == tmp_path
    assert route_directory(tmp_path, ROUTE) == tmp_path


def test_other_routes_have_directories_of_their_own(tmp_path: Path) -> None:
    take_route_directory(tmp_path, ROUTE)
    directories = [take_route_directory(tmp_path, other) for other in OTHERS]
    assert len({tmp_path, *directories}) == 5
    assert [each.parent for each in directories] == 4 * [tmp_path]
    assert [route_directory(tmp_path, other) for other in OTHERS] == directories
    assert '"bucket": "second"' in (directories[2] / FILE_NAME).read_text()


def test_a_state_directory_of_an_earlier_version_goes_to_the_first_route_that_writes(
    tmp_path: Path,
) -> None:
    (tmp_path / "state.json").write_text("{}")
    assert route_directory(tmp_path, OTHERS[0]) == tmp_path
    assert take_route_directory(tmp_path, ROUTE) == tmp_path
    assert route_directory(tmp_path, OTHERS[0]) != tmp_path


def shared_state(**prefixes: str) -> State:
    """Return a state that earlier versions wrote for services under several prefixes."""
    time = datetime(2025, 10, 8, 2, tzinfo=UTC)
    known = {
        name: DatabaseState(
            time,
            BackupState(time, time, f"{prefix}/{name}_2025-10-08_02-00-00.cypher.gz", 1, 1, 1, "id")
            if prefix
            else None,
        )
        for name, prefix in prefixes.items()
    }
    return State(time, expected=tuple(known), databases=known)


def test_a_state_of_an_earlier_version_goes_to_the_service_whose_backups_it_knows(
    tmp_path: Path,
) -> None:
    StateFile(tmp_path).write(shared_state(neo4j="neo4j-backup"))
    second = OTHERS[3]
    assert route_directory(tmp_path, second) != tmp_path
    assert take_route_directory(tmp_path, second) == route_directory(tmp_path, second)
    assert route_directory(tmp_path, ROUTE) == tmp_path
    assert take_route_directory(tmp_path, ROUTE) == tmp_path
    assert StateFile(tmp_path).read() == shared_state(neo4j="neo4j-backup")


def test_the_service_that_takes_a_shared_state_expects_no_backups_of_the_other_s_databases(
    tmp_path: Path,
) -> None:
    both = {"movies": "neo4j-backup", "people": "second", "new": ""}
    StateFile(tmp_path).write(shared_state(**both))
    take_route_directory(tmp_path, ROUTE)
    state = StateFile(tmp_path).read()
    assert state == replace(shared_state(**both), expected=("movies", "new"))


def test_looking_for_the_directory_writes_nothing(tmp_path: Path) -> None:
    assert route_directory(tmp_path / "state", ROUTE) == tmp_path / "state"
    assert list(tmp_path.iterdir()) == []


def test_a_route_that_is_not_complete_takes_nothing_and_belongs_where_it_may(
    tmp_path: Path,
) -> None:
    without_bucket = replace(ROUTE, bucket="")
    assert take_route_directory(tmp_path, without_bucket) == tmp_path
    take_route_directory(tmp_path, OTHERS[2])
    assert take_route_directory(tmp_path, without_bucket) == tmp_path
    assert take_route_directory(tmp_path, replace(without_bucket, server="x:1")) != tmp_path


@pytest.mark.parametrize("content", ["", "{", "[]", '{"server": "a"}', "null"])
def test_a_damaged_record_is_replaced_by_the_next_route_that_writes(
    tmp_path: Path, content: str
) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert take_route_directory(tmp_path, ROUTE) == tmp_path
    assert route_directory(tmp_path, OTHERS[0]) != tmp_path


def test_a_directory_that_cannot_be_written_is_no_error_yet(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert take_route_directory(tmp_path / "state", ROUTE) == tmp_path / "state"


def test_only_the_user_can_read_the_record(tmp_path: Path) -> None:
    take_route_directory(tmp_path, ROUTE)
    assert os.stat(tmp_path / FILE_NAME).st_mode & 0o777 == 0o600
