"""When restore drills are due, and what the health says of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.config.service_settings import ServiceSettings, read_service_settings
from neo4j_r2.monitoring.drill_rules import (
    cut_short_drill,
    drill_deadline,
    drill_due,
    missed_drill,
    next_drill,
    overdue_drills,
    untold,
)
from neo4j_r2.monitoring.health_probe import assess
from neo4j_r2.monitoring.health_rules import Signs, diagnose
from neo4j_r2.run.drill_state import Drill, DrilledDatabase, DrillRun, DrillState, ProofState
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import BackupState, State

SINCE = datetime(2025, 10, 7, 12, tzinfo=UTC)
NIGHT = datetime(2025, 10, 8, 4, 0, 1, tzinfo=UTC)
"""When the first scheduled drill began."""
NOON = datetime(2025, 10, 8, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
KEY = "neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz"
BACKUP = BackupState(SINCE, SINCE, KEY, 1000, 3, 2, "A1")
PROOF = ProofState(NIGHT, NIGHT + 6 * MINUTE, KEY, SINCE, 250.1, 3, 2, is_stored=True)
GOOD = Drill(NIGHT, NIGHT + 6 * MINUTE, 0, archive_key=KEY)
BAD = replace(GOOD, exit_code=5, error="1 of 6 questions: every entity has a name")
RUN = DrillRun(NIGHT, ProcessId(1234, 5678), NIGHT + 6 * MINUTE, 0, database="neo4j")
UNFINISHED = replace(RUN, finished=None, exit_code=None)
NEW = DrillState(SINCE, "0 4 * * * UTC", token="0123456789abcdef")


def configured(**variables: str) -> ServiceSettings:
    """Return the settings of a service that drills at four, and backs up once in a year."""
    given = {"DRILL_SCHEDULE": "0 4 * * *", "BACKUP_SCHEDULE": "0 0 1 1 *", **variables}
    return read_service_settings(given, {})


DEFAULT = configured()


def backed_up(*databases: str) -> State:
    """Return the state of a service that has a backup of each database."""
    state = State(SINCE, expected=databases)
    for database in databases:
        state = state.with_database(database, replace(state.of(database), last_backup=BACKUP))
    return state


STATE = backed_up("neo4j")


def drilled(
    *drills: Drill, proof: ProofState | None = None, run: DrillRun = RUN, database: str = "neo4j"
) -> DrillState:
    """Return what is known after these drills of a database."""
    known = DrilledDatabase(SINCE, proof, drills)
    return replace(NEW, run=run).with_database(database, known)


PROVED = drilled(GOOD, proof=PROOF)
FAILED_RUN = replace(RUN, exit_code=5, error=BAD.error)
FAILED = drilled(BAD, run=FAILED_RUN)
STOPPED = replace(GOOD, exit_code=143, error="Interrupted by signal 15")
NEXT_NOON = NOON + timedelta(days=1)


def problems(
    drills: DrillState | None,
    now: datetime = NIGHT + timedelta(hours=2),
    *,
    state: State = STATE,
    alive: bool = False,
    settings: ServiceSettings = DEFAULT,
) -> list[str]:
    """Return what is wrong with a service whose backups are as they should be."""
    signs = Signs(
        now,
        is_crond_running=True,
        is_run_alive=False,
        state=state,
        drills=drills,
        is_drill_alive=alive,
    )
    return diagnose(signs, settings)


@pytest.mark.parametrize(
    ("drills", "alive"),
    [
        (None, False),
        (NEW, False),
        (PROVED, False),
        (drilled(run=UNFINISHED), True),
        (drilled(GOOD, proof=PROOF, run=UNFINISHED), True),
    ],
    ids=["nothing known", "new", "proved", "first under way", "under way"],
)
def test_a_service_whose_drills_succeed_is_healthy(
    drills: DrillState | None, *, alive: bool
) -> None:
    assert problems(drills, alive=alive) == []


def test_without_a_schedule_no_drill_is_due_and_one_that_failed_by_hand_concerns_nobody() -> None:
    unscheduled = configured(DRILL_SCHEDULE="")
    assert drill_due(STATE, NEW, "neo4j", unscheduled) is None
    assert drill_deadline(STATE, NEW, "neo4j", unscheduled) is None
    assert missed_drill(NEW, unscheduled, NOON) is None
    assert problems(FAILED, NOON + timedelta(days=9), settings=unscheduled) == []


def test_a_backup_is_never_drilled_before_there_is_one() -> None:
    state = State(SINCE, expected=("neo4j",))
    assert drill_due(state, NEW, "neo4j", DEFAULT) is None
    assert next_drill(state, NEW, DEFAULT) is None
    assert problems(NEW, NOON + timedelta(days=9), state=state) == []


def test_a_drill_is_due_after_the_last_one_that_succeeded() -> None:
    assert drill_due(STATE, NEW, "neo4j", DEFAULT) == datetime(2025, 10, 8, 4, tzinfo=UTC)
    assert drill_due(STATE, PROVED, "neo4j", DEFAULT) == datetime(2025, 10, 9, 4, tzinfo=UTC)


def test_a_failed_drill_does_not_move_the_due_time() -> None:
    again = replace(BAD, started=NOON, finished=NOON)
    assert drill_due(STATE, drilled(BAD, again), "neo4j", DEFAULT) == datetime(
        2025, 10, 8, 4, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("state", "drills"),
    [
        (STATE, replace(NEW, since=NOON)),
        (STATE, NEW.with_database("neo4j", DrilledDatabase(NOON))),
        (STATE.with_database("neo4j", replace(STATE.of("neo4j"), since=NOON)), NEW),
    ],
    ids=["a new schedule", "no backup at the last drill", "a new database"],
)
def test_a_drill_is_due_after_it_became_possible(state: State, drills: DrillState) -> None:
    assert drill_due(state, drills, "neo4j", DEFAULT) == datetime(2025, 10, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "zone", "since", "expected", "minutes"),
    [
        ("0 4 * * *", "", "2025-10-07T12:00Z", "2025-10-08T04:00Z", 180),
        ("0 4 * * 0", "", "2025-10-07T12:00Z", "2025-10-12T04:00Z", 1),
        ("0 4 * * *", "Europe/Berlin", "2025-10-07T12:00Z", "2025-10-08T02:00Z", 60),
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T01:00Z", 60),
        ("0 1 * * *", "Europe/Berlin", "2026-03-28T12:00Z", "2026-03-29T00:00Z", 120),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-25T00:30Z", 60),
        ("0 1 * * *", "Europe/Berlin", "2026-10-24T12:00Z", "2026-10-24T23:00Z", 240),
    ],
)
def test_a_drill_is_due_by_the_schedule_in_its_time_zone_and_overdue_when_the_margin_is_over(
    schedule: str, zone: str, since: str, expected: str, minutes: int
) -> None:
    variables = {"DRILL_SCHEDULE": schedule, "TZ": zone, "DRILL_OVERDUE_MINUTES": str(minutes)}
    settings = configured(**variables)
    drills = replace(NEW, since=datetime.fromisoformat(since))
    limit = datetime.fromisoformat(expected) + timedelta(minutes=minutes)
    due = drill_due(STATE, drills, "neo4j", settings)
    assert due is not None
    assert due.astimezone(UTC) == datetime.fromisoformat(expected)
    deadline = drill_deadline(STATE, drills, "neo4j", settings)
    assert deadline == limit
    assert overdue_drills(STATE, drills, settings, limit) == []
    (late,) = overdue_drills(STATE, drills, settings, limit + TICK)
    assert late.due == due


@pytest.mark.parametrize(
    ("drills", "latest"),
    [
        (NEW, "there is none yet"),
        (PROVED, "the last one is of 2025-10-08T04:00:01+00:00"),
    ],
    ids=["none", "old"],
)
def test_an_overdue_drill_is_shown_with_the_latest_good_one(
    drills: DrillState, latest: str
) -> None:
    (problem,) = problems(drills, NOON + timedelta(days=3))
    assert problem.startswith("no drill of database neo4j has succeeded since 2025-10-")
    assert problem.endswith(f"when one was due; {latest}")


def test_a_failed_drill_is_shown_once_with_time_exit_code_and_reason() -> None:
    assert problems(FAILED) == [
        "the last drill of database neo4j failed at 2025-10-08T04:06:01+00:00 (exit 5): "
        "1 of 6 questions: every entity has a name"
    ]


def test_a_drill_that_was_killed_is_shown_with_the_reason_if_it_is_known() -> None:
    killed = drilled(GOOD, proof=PROOF, run=UNFINISHED)
    assert problems(killed) == ["the drill that began at 2025-10-08T04:00:01+00:00 was killed"]
    reason = "the kernel killed it for lack of memory"
    signs = Signs(NOON, True, False, STATE, drills=killed, drill_kill_reason=reason)
    assert diagnose(signs, DEFAULT) == [
        f"the drill that began at 2025-10-08T04:00:01+00:00 was killed: {reason}"
    ]


def test_a_run_of_drills_that_came_to_no_database_is_shown() -> None:
    error = "A run was under way for 3 h 0 min; no drill was made"
    run = replace(RUN, started=NOON, finished=NOON, exit_code=6, error=error, database="")
    earlier = drilled(GOOD, proof=PROOF, run=run)
    assert problems(earlier, NOON) == [
        f"the last drill failed at 2025-10-08T12:00:00+00:00 (exit 6): {error}"
    ]


def test_a_good_drill_of_another_database_does_not_hide_a_failed_one() -> None:
    state = backed_up("neo4j", "movies")
    both = FAILED.with_database("movies", DrilledDatabase(SINCE, PROOF, (GOOD,)))
    by_hand = replace(both, run=replace(RUN, database="movies", started=NOON, finished=NOON))
    (problem,) = problems(by_hand, NIGHT + timedelta(hours=1), state=state)
    assert problem.startswith("the last drill of database neo4j failed at ")


def test_a_database_that_is_no_longer_backed_up_is_never_drilled_too_late() -> None:
    dropped = PROVED.with_database("dropped", DrilledDatabase(SINCE, None, (BAD,)))
    assert problems(dropped) == []


def test_the_next_drill_is_the_one_that_is_due_first_and_the_probe_tells_it() -> None:
    state = backed_up("neo4j", "movies", "empty")
    drills = PROVED.with_database("movies", DrilledDatabase(SINCE))
    expected = datetime(2025, 10, 8, 4, tzinfo=UTC)
    assert next_drill(state, drills, DEFAULT) == expected
    signs = Signs(SINCE, True, False, state, drills=drills)
    assert assess(signs, DEFAULT).drill_due == expected
    assert assess(replace(signs, drills=None), DEFAULT).drill_due is None


@pytest.mark.parametrize(
    ("drills", "expected"),
    [
        (NEW, NIGHT.replace(second=0)),
        (PROVED, None),
        (FAILED, None),
        (drilled(run=UNFINISHED), None),
        (replace(NEW, since=NOON), None),
        (None, None),
    ],
    ids=["never", "made", "failed", "killed", "new", "nothing known"],
)
def test_a_due_time_without_a_run_of_drills_was_missed(
    drills: DrillState | None, expected: datetime | None
) -> None:
    assert missed_drill(drills, DEFAULT, NOON) == expected


@pytest.mark.parametrize(
    ("drills", "expected"),
    [
        (drilled(run=UNFINISHED), NIGHT),
        (drilled(STOPPED, run=replace(RUN, exit_code=143)), NIGHT),
        (drilled(STOPPED, run=replace(UNFINISHED, started=NOON)), None),
        (drilled(STOPPED, run=replace(UNFINISHED, started=NOON + timedelta(days=1))), NEXT_NOON),
        (PROVED, None),
        (FAILED, None),
        (NEW, None),
        (None, None),
    ],
    ids=[
        "killed",
        "stopped",
        "once more on the same day",
        "after that of another day",
        "made",
        "failed",
        "never",
        "nothing known",
    ],
)
def test_a_drill_that_was_cut_short_is_to_be_made_again_once(
    drills: DrillState | None, expected: datetime | None
) -> None:
    assert cut_short_drill(drills, DEFAULT) == expected
    assert cut_short_drill(drills, configured(DRILL_SCHEDULE="")) is None


def test_an_overdue_drill_is_told_once_for_each_due_time() -> None:
    overdue = overdue_drills(STATE, NEW, DEFAULT, NOON)
    assert untold(overdue, NEW, {}) == overdue
    (late,) = overdue
    assert untold(overdue, NEW, {"neo4j": late.due}) == []
    assert untold(overdue, NEW, {"movies": late.due}) == overdue
    assert untold(overdue, NEW, {"neo4j": late.due - timedelta(days=1)}) == overdue


def test_an_overdue_drill_that_failed_and_was_told_since_is_not_told_again() -> None:
    came_to_nothing = replace(RUN, exit_code=6, error="A run was under way", database="")
    for drills in (FAILED, drilled(run=came_to_nothing)):
        overdue = overdue_drills(STATE, drills, DEFAULT, NOON)
        assert len(overdue) == 1
        assert untold(overdue, drills, {}) == []


@pytest.mark.parametrize(
    "drills",
    [
        drilled(replace(BAD, started=SINCE, finished=SINCE)),
        drilled(run=replace(FAILED_RUN, database="movies")),
        drilled(run=UNFINISHED),
    ],
    ids=["failed before", "of another database", "killed"],
)
def test_other_failures_do_not_stand_for_an_overdue_drill(drills: DrillState) -> None:
    overdue = overdue_drills(STATE, drills, DEFAULT, NOON)
    assert len(untold(overdue, drills, {})) == 1
