"""What `status` says of drills, in words and as a document."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import ServiceSettings, read_service_settings
from neo4j_r2.core.tables import plain
from neo4j_r2.monitoring.drill_text import (
    drill_schedule_text,
    last_drill_text,
    last_proof_text,
)
from neo4j_r2.monitoring.status_document import Known, Stored, document
from neo4j_r2.monitoring.status_text import database_lines, schedule_lines
from neo4j_r2.run.drill_state import (
    Drill,
    DrilledDatabase,
    DrillFile,
    DrillRun,
    DrillState,
    ProofState,
)
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import BackupState, DatabaseState, State
from tests.proofs import proof_of
from tests.unit.archive.test_manifest import ARCHIVE, RECORD

NIGHT = datetime(2025, 10, 8, 1, 0, 1, tzinfo=UTC)
NOON = datetime(2025, 10, 8, 10, 36, tzinfo=UTC)
STEM = "neo4j_2025-10-08_02-00-00"
OTHER = ARCHIVE.replace("10-08", "10-07")
DEAD = ProcessId(1, 1)


def settings_of(directory: Path | None = None, **variables: str) -> ServiceSettings:
    """Return the settings of a service in Berlin that drills each night at three."""
    own = {"TZ": "Europe/Berlin", "DRILL_SCHEDULE": "0 3 * * *", **variables}
    settings = read_service_settings(own, {})
    return replace(settings, state_directory=directory) if directory else settings


BERLIN = settings_of()
PROVED = ProofState(
    started=NIGHT,
    finished=NIGHT + timedelta(minutes=11, seconds=59),
    archive_key=ARCHIVE,
    backup_started=datetime(2025, 10, 8, 0, 0, 1, tzinfo=UTC),
    restore_seconds=250.1,
    nodes=3,
    relationships=2,
    is_stored=True,
)
GOOD = Drill(NIGHT, PROVED.finished, 0, archive_key=ARCHIVE)
BAD = replace(GOOD, exit_code=5, error="The drill failed: 1 of 6 questions: “names”\n")


def drills(
    *ended: Drill, run: DrillRun | None = None, proof: ProofState | None = None
) -> DrillState:
    return DrillState(NIGHT, run=run, databases={"neo4j": DrilledDatabase(NIGHT, proof, ended)})


def last_drill(state: DrillState | None, now: datetime = NOON, database: str = "neo4j") -> str:
    return last_drill_text(state, database, BERLIN, now)


def test_the_schedule_of_drills_is_shown_with_the_next_due_time() -> None:
    assert drill_schedule_text(BERLIN, NOON, is_scheduled=True) == (
        "0 3 * * * (Europe/Berlin), next 2025-10-09 03:00, in 14 h 24 min"
    )
    assert drill_schedule_text(BERLIN, NOON, is_scheduled=False) == "0 3 * * * (Europe/Berlin)"
    lines = plain(schedule_lines(BERLIN, None, NOON, is_scheduled=True)).splitlines()
    assert lines[2:] == [
        "Last run  none is known",
        "Drills    0 3 * * * (Europe/Berlin), next 2025-10-09 03:00, in 14 h 24 min",
    ]


def test_the_time_to_the_next_drill_is_right_when_the_clock_changes() -> None:
    before = datetime(2025, 10, 25, 12, tzinfo=UTC)
    text = drill_schedule_text(BERLIN, before, is_scheduled=True)
    assert text.endswith("next 2025-10-26 03:00, in 14 h 0 min")


def test_without_a_schedule_of_drills_nothing_is_said_of_it() -> None:
    off = settings_of(DRILL_SCHEDULE="")
    assert off.drill_due_after(NOON) is None
    assert drill_schedule_text(off, NOON, is_scheduled=True) == ""
    assert "Drills" not in plain(schedule_lines(off, None, NOON, is_scheduled=True))


@pytest.mark.parametrize(
    ("proof", "newest", "text"),
    [
        (None, ARCHIVE, "never"),
        (PROVED, ARCHIVE, "today 03:12, restored in 4 min 10 s"),
        (PROVED, OTHER, f"today 03:12, restored in 4 min 10 s ({STEM})"),
        (PROVED, "", f"today 03:12, restored in 4 min 10 s ({STEM})"),
        (
            replace(PROVED, finished=PROVED.finished - timedelta(days=1)),
            ARCHIVE,
            "yesterday 03:12, restored in 4 min 10 s",
        ),
        (
            replace(PROVED, finished=PROVED.finished - timedelta(days=3), restore_seconds=0.4),
            ARCHIVE,
            "2025-10-05 03:12, restored in 0 s",
        ),
    ],
)
def test_the_last_proof_is_shown_with_its_day_and_the_time_to_restore(
    proof: ProofState | None, newest: str, text: str
) -> None:
    assert last_proof_text(proof, newest, BERLIN, NOON) == text


def test_a_proof_in_the_bucket_says_what_this_host_would_remember_of_it() -> None:
    known = ProofState.of(proof_of(RECORD))
    assert known == ProofState(
        started=datetime(2025, 10, 8, 4, 0, 2, tzinfo=UTC),
        finished=datetime(2025, 10, 8, 4, 6, 20, tzinfo=UTC),
        archive_key=ARCHIVE,
        backup_started=datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC),
        restore_seconds=250.1,
        nodes=3,
        relationships=2,
        is_stored=True,
    )


RUN = DrillRun(NIGHT, DEAD, database="neo4j", phase="compare")
UNDER_WAY = replace(RUN, process=ProcessId.own())
ENDED = replace(RUN, finished=NOON, exit_code=0)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (None, ""),
        (drills(), ""),
        (drills(BAD, GOOD, run=ENDED), ""),
        (
            drills(GOOD, BAD, run=replace(ENDED, exit_code=5)),
            "2025-10-08 03:00:01, failed (exit 5): The drill failed: 1 of 6 questions: "
            "\\u201cnames\\u201d\\n",
        ),
        (drills(BAD, run=UNDER_WAY), "under way since 03:00:01, comparing"),
        (drills(run=replace(UNDER_WAY, phase="")), "under way since 03:00:01"),
        (drills(run=replace(UNDER_WAY, database="")), "under way since 03:00:01, comparing"),
        (drills(GOOD, run=RUN), "2025-10-08 03:00:01, was killed"),
        (drills(GOOD, run=replace(RUN, database="")), "2025-10-08 03:00:01, was killed"),
        (
            drills(GOOD, run=replace(ENDED, exit_code=2, error="No key", database="")),
            "2025-10-08 03:00:01, failed (exit 2): No key",
        ),
    ],
    ids=[
        "nothing known", "never drilled", "succeeded", "failed", "running", "between phases",
        "running for all", "killed", "killed before the first", "failed before the first",
    ],
)  # fmt: skip
def test_the_last_drill_is_shown_unless_it_succeeded(state: DrillState | None, text: str) -> None:
    assert last_drill(state) == text


def test_a_drill_since_yesterday_says_so() -> None:
    morning = NIGHT + timedelta(days=1)
    assert last_drill(drills(run=UNDER_WAY), morning) == (
        "under way since yesterday 03:00:01, comparing"
    )


def test_the_drill_of_another_database_says_nothing_of_this_one() -> None:
    state = drills(GOOD, run=replace(UNDER_WAY, database="movies"))
    assert last_drill(state) == ""
    assert last_drill(state, database="movies") == "under way since 03:00:01, comparing"
    assert last_drill(drills(BAD, run=replace(ENDED, exit_code=5)), database="movies") == ""


@given(st.text())
def test_no_cause_is_cut_off_or_holds_control_characters(error: str) -> None:
    text = last_drill(drills(replace(BAD, error=error)))
    assert text.startswith("2025-10-08 03:00:01, failed (exit 5): ")
    assert text.isascii()
    assert text.isprintable()
    assert len(text) >= len(error)


def test_drills_are_told_below_the_name_of_their_database() -> None:
    lines = ["Last proved: never", "Last drill: under way since 03:00:01"]
    section = database_lines("neo4j", DatabaseState(NIGHT, pause="Shrunk"), UTC, lines)
    assert plain(section).splitlines() == [
        "Database neo4j",
        *lines,
        "Pruning is paused: Shrunk",
        "No run is known",
    ]


BACKUP = BackupState(NIGHT, NIGHT, ARCHIVE, 100, 3, 2, "A1")
STATE = State(
    NIGHT, expected=("neo4j", "movies"), databases={"neo4j": DatabaseState(NIGHT, BACKUP)}
)
STORED = Stored("b", "p", {"neo4j": Usage(1, 2)}, [], [], "", {"movies": PROVED})


def known_of(settings: ServiceSettings, state: State | None, drills: DrillState | None) -> Known:
    return Known(
        settings=settings,
        state=state,
        drills=drills,
        start_problem=None,
        now=NOON,
        is_scheduled=True,
    )


def content(known: Known, stored: Stored | None = STORED) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(document(known, stored))
    return parsed


def test_proofs_are_told_of_where_there_are_drills_or_a_schedule_of_them() -> None:
    off = settings_of(DRILL_SCHEDULE="")
    assert known_of(off, STATE, None).with_proofs == ()
    assert known_of(off, STATE, DrillState(NIGHT)).with_proofs == ()
    assert known_of(BERLIN, None, None).with_proofs == ()
    for settings, drilled in [
        (BERLIN, None),
        (BERLIN, drills(proof=PROVED)),
        (off, drills(proof=PROVED)),
        (off, DrillState(NIGHT, run=ENDED)),
    ]:
        assert known_of(settings, STATE, drilled).with_proofs == ("neo4j", "movies")


def test_a_newer_proof_of_another_host_is_the_last_one() -> None:
    newer = replace(PROVED, archive_key="newer", backup_started=NOON)
    known = known_of(BERLIN, STATE, drills(proof=PROVED))
    assert known.last_proof("neo4j", None) == PROVED
    assert known.last_proof("neo4j", STORED) == PROVED
    assert known.last_proof("neo4j", replace(STORED, proofs={"neo4j": newer})) == newer


def test_a_host_that_only_makes_drills_tells_of_the_databases_that_it_drills() -> None:
    known = known_of(BERLIN, None, drills(GOOD, proof=PROVED))
    assert known.databases == ("neo4j",)
    (entry,) = content(known)["databases"]
    assert (entry["pause"], entry["attempts"]) == (None, [])
    assert entry["last_proof"]["key"] == ARCHIVE


def test_the_document_has_the_schedule_the_last_drill_and_those_of_each_database() -> None:
    failed = replace(
        BAD,
        error="1 of 6 questions",
        seconds={"check": 1.5},
        questions_asked=6,
        questions_failed=("names",),
    )
    shown = content(known_of(BERLIN, STATE, drills(GOOD, failed, run=ENDED, proof=PROVED)))
    assert (shown["drill_schedule"], shown["next_drill"]) == ("0 3 * * *", "2025-10-09T01:00:00Z")
    assert shown["last_drill"] == {
        "started": "2025-10-08T01:00:01Z",
        "finished": "2025-10-08T10:36:00Z",
        "outcome": "succeeded",
        "exit_code": 0,
        "error": None,
        "database": "neo4j",
        "phase": "compare",
    }
    neo4j, movies = shown["databases"]
    assert neo4j["last_proof"] == {
        "key": ARCHIVE,
        "backup_started": "2025-10-08T00:00:01Z",
        "started": "2025-10-08T01:00:01Z",
        "finished": "2025-10-08T01:12:00Z",
        "restore_seconds": 250.1,
        "nodes": 3,
        "relationships": 2,
        "stored": True,
    }
    assert [each["exit_code"] for each in neo4j["drills"]] == [0, 5]
    assert neo4j["drills"][1] == {
        "started": "2025-10-08T01:00:01Z",
        "finished": "2025-10-08T01:12:00Z",
        "exit_code": 5,
        "error": "1 of 6 questions",
        "key": ARCHIVE,
        "seconds": {"check": 1.5},
        "questions_asked": 6,
        "questions_failed": ["names"],
    }
    assert movies["last_proof"]["key"] == ARCHIVE, "the bucket has it"
    assert movies["drills"] == []


def test_the_document_of_a_host_without_drills_says_that_nothing_is_known() -> None:
    shown = content(known_of(settings_of(DRILL_SCHEDULE=""), STATE, None), None)
    assert shown["drill_schedule"] is shown["next_drill"] is shown["last_drill"] is None
    assert [each["last_proof"] for each in shown["databases"]] == [None, None]


@pytest.mark.parametrize(
    ("run", "outcome"), [(RUN, "killed"), (UNDER_WAY, "running"), (ENDED, "succeeded")]
)
def test_the_document_says_how_a_drill_goes(tmp_path: Path, run: DrillRun, outcome: str) -> None:
    DrillFile(tmp_path).write(DrillState(NIGHT, run=run))
    known = known_of(settings_of(tmp_path), None, DrillFile(tmp_path).read())
    assert content(known)["last_drill"]["outcome"] == outcome
