"""The file of drills: it is read as it was written, and a damaged one counts as none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.run.drill_state import (
    FILE_NAME,
    FORMAT_VERSION,
    Claim,
    Drill,
    DrilledDatabase,
    DrillFile,
    DrillRun,
    DrillState,
    ProofState,
)
from neo4j_r2.run.processes import ProcessId

TIME = datetime(2025, 10, 8, 4, 0, 1, tzinfo=UTC)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz"
PROOF = ProofState(TIME, TIME, KEY, TIME, 250.1, 3, 2, is_stored=True)
DRILL = Drill(TIME, TIME, 5, "The drill failed", KEY, {"check": 1.5}, 2, ("every name",))
DATABASE = DrilledDatabase(TIME, PROOF, (DRILL,), {"corrupt": 1})
STATE = DrillState(
    TIME,
    "0 4 * * 0 UTC",
    claim=Claim("bolt://neo4j-drill:7687", "D1"),
    run=DrillRun(TIME, ProcessId(1234, 5678), TIME, 5, "The drill failed", "neo4j"),
    failures={"corrupt": 1, "killed": 2},
    databases={"neo4j": DATABASE},
)
TIMES = st.datetimes(timezones=st.just(UTC))
SECONDS = st.floats(0, 1e6)
COUNTS = st.dictionaries(st.text(), st.integers(0))
PROOFS = st.builds(
    ProofState,
    TIMES,
    TIMES,
    st.text(),
    TIMES,
    SECONDS,
    st.integers(0),
    st.integers(0),
    is_stored=st.booleans(),
)
DRILLS = st.builds(
    Drill,
    TIMES,
    TIMES,
    st.integers(0, 255),
    st.text(),
    st.text(),
    st.dictionaries(st.text(), SECONDS, max_size=5),
    st.integers(0),
    st.lists(st.text(), max_size=3).map(tuple),
)
DATABASES = st.builds(
    DrilledDatabase,
    TIMES,
    st.none() | PROOFS,
    st.lists(DRILLS, max_size=3).map(tuple),
    COUNTS,
)
RUNS = st.builds(
    DrillRun,
    TIMES,
    st.builds(ProcessId, st.integers(1), st.integers(0)),
    st.none() | TIMES,
    st.none() | st.integers(0, 255),
    st.text(),
    st.text(),
    st.none() | st.integers(0),
    st.text(),
)
STATES = st.builds(
    DrillState,
    TIMES,
    st.text(),
    st.text(),
    st.none() | st.builds(Claim, st.text(), st.text()),
    st.none() | RUNS,
    COUNTS,
    st.dictionaries(st.text(), DATABASES, max_size=3),
)
DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["format_version", "since", "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory for all examples of a property."""
    return tmp_path_factory.mktemp("state")


def stored(directory: Path) -> dict[str, Any]:
    """Write a whole file, and return its content."""
    DrillFile(directory).write(STATE)
    content: dict[str, Any] = json.loads((directory / FILE_NAME).read_bytes())
    return content


@given(STATES)
def test_what_is_known_of_drills_is_read_as_it_was_written(
    directory: Path, state: DrillState
) -> None:
    DrillFile(directory).write(state)
    assert DrillFile(directory).read() == state


def test_without_a_file_or_a_directory_nothing_is_known(tmp_path: Path) -> None:
    assert DrillFile(tmp_path).read() is None
    assert DrillFile(tmp_path / "missing").read() is None


def test_of_a_file_that_was_cut_off_nothing_is_known(directory: Path) -> None:
    DrillFile(directory).write(STATE)
    whole = (directory / FILE_NAME).read_bytes()
    for length in range(len(whole.rstrip())):
        (directory / FILE_NAME).write_bytes(whole[:length])
        assert DrillFile(directory).read() is None


@given(DOCUMENTS)
def test_of_no_other_document_anything_is_known(directory: Path, document: Any) -> None:
    (directory / FILE_NAME).write_text(json.dumps(document))
    assert DrillFile(directory).read() is None


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff\xfe", b"[" * 100_000])
def test_of_bytes_that_are_not_json_nothing_is_known(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    assert DrillFile(tmp_path).read() is None


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 0, None, "1"])
def test_of_a_file_of_another_format_nothing_is_known(tmp_path: Path, version: object) -> None:
    content = {**stored(tmp_path), "format_version": version}
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    assert DrillFile(tmp_path).read() is None


PLACES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "file": lambda content: content,
    "claim": lambda content: content["claim"],
    "run": lambda content: content["run"],
    "database": lambda content: content["databases"]["neo4j"],
    "proof": lambda content: content["databases"]["neo4j"]["last_proof"],
    "drill": lambda content: content["databases"]["neo4j"]["drills"][0],
}


@pytest.mark.parametrize("place", PLACES)
def test_a_field_that_is_missing_or_of_another_type_damages_the_file(
    tmp_path: Path, place: str
) -> None:
    content = stored(tmp_path)
    part = PLACES[place](content)
    for name in list(part):
        value = part.pop(name)
        (tmp_path / FILE_NAME).write_text(json.dumps(content))
        assert DrillFile(tmp_path).read() is None, f"without {name}"
        if not isinstance(value, bool):
            part[name] = True
            (tmp_path / FILE_NAME).write_text(json.dumps(content))
            known = DrillFile(tmp_path).read()
            if name not in ("exit_code", "format_version"):  # True is 1
                assert known is None, f"with another type of {name}"
        part[name] = value


def test_fields_of_a_later_version_are_ignored(tmp_path: Path) -> None:
    content = stored(tmp_path)
    for place in PLACES.values():
        place(content)["new"] = 1
    (tmp_path / FILE_NAME).write_text(json.dumps(content))
    assert DrillFile(tmp_path).read() == STATE


def test_each_host_has_a_token_of_its_own() -> None:
    tokens = {DrillState(TIME).token for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 16 and token.isalnum() for token in tokens)


def test_drills_of_an_unknown_database_are_expected_since_the_schedule_was_new() -> None:
    assert STATE.of("other") == DrilledDatabase(TIME)


def test_a_directory_that_cannot_be_written_is_a_configuration_error(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(ConfigurationError, match=r"BACKUP_STATE_DIR='.*/state' cannot be used"):
        DrillFile(tmp_path / "state").write(STATE)
