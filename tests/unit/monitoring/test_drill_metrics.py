"""The metrics of restore drills, as a scrape shows them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import generate_latest

from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.core.errors import FAILURE_KINDS, KILLED
from neo4j_r2.run.drill_state import Drill, DrilledDatabase, DrillRun, DrillState, ProofState
from neo4j_r2.run.processes import ProcessId
from tests.scraping import of, samples
from tests.unit.monitoring.test_metrics import NOON, SINCE, STATE, Shown, require_good_names

NIGHT = datetime(2025, 10, 8, 4, 0, 1, tzinfo=UTC)
"""When the scheduled drill began."""
MINUTE = timedelta(minutes=1)
BACKUP_TAKEN = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
PROOF = ProofState(
    started=NIGHT,
    finished=NIGHT + 6 * MINUTE,
    archive_key="neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz",
    backup_started=BACKUP_TAKEN,
    restore_seconds=250.1,
    nodes=10_000,
    relationships=24_518,
    is_stored=True,
)
GOOD = Drill(NIGHT, NIGHT + 6 * MINUTE, 0, archive_key=PROOF.archive_key)
BAD = Drill(NIGHT, NIGHT + 2 * MINUTE, 5, "1 of 6 questions: sensitive", PROOF.archive_key)
RUN = DrillRun(NIGHT, ProcessId(1234, 5678), NIGHT + 8 * MINUTE, 5, "sensitive", "movies")
UNFINISHED = replace(RUN, finished=None, exit_code=None, error="")
DRILLS = DrillState(
    SINCE,
    "0 4 * * * UTC",
    token="0123456789abcdef",
    run=RUN,
    failures={"corrupt": 2, "locked": 3},
    databases={
        "neo4j": DrilledDatabase(SINCE, PROOF, (BAD, GOOD), {"corrupt": 1}),
        "movies": DrilledDatabase(SINCE, None, (BAD,), {"corrupt": 1, KILLED: 1}),
        "dropped": DrilledDatabase(SINCE, PROOF, (GOOD,)),
    },
)
SCHEDULED = read_service_settings({"DRILL_SCHEDULE": "0 4 * * *"}, {})


def scrape(drills: DrillState | None, *, alive: bool = False, **shown: Any) -> dict[str, float]:
    """Return the samples of a scrape that are about drills, for a service that has a schedule."""
    given = {"settings": SCHEDULED, **shown}
    text = generate_latest(Shown(STATE, drills=drills, is_drill_alive=alive, **given)).decode()
    return {name: value for name, value in samples(text).items() if is_of_drills(name)}


def is_of_drills(name: str) -> bool:
    return "drill" in name or "proof" in name


def test_a_database_that_was_proved_has_all_metrics() -> None:
    due = datetime(2025, 10, 9, 4, tzinfo=UTC).timestamp()
    assert of(scrape(DRILLS), "neo4j") == {
        "last_proof_timestamp_seconds": PROOF.finished.timestamp(),
        "last_proof_restore_seconds": 250.1,
        "last_proof_backup_timestamp_seconds": BACKUP_TAKEN.timestamp(),
        "last_drill_timestamp_seconds": GOOD.finished.timestamp(),
        "last_drill_duration_seconds": 360,
        "last_drill_success": 1,
        "drill_due_timestamp_seconds": due,
        "drill_deadline_timestamp_seconds": due + 180 * 60,
    }


def test_a_database_that_was_never_proved_and_has_no_backup_has_only_its_last_drill() -> None:
    assert of(scrape(DRILLS), "movies") == {
        "last_drill_timestamp_seconds": BAD.finished.timestamp(),
        "last_drill_duration_seconds": 120,
        "last_drill_success": 0,
    }


def test_a_database_that_is_no_longer_backed_up_has_no_metrics_of_drills() -> None:
    assert not [name for name in scrape(DRILLS) if "dropped" in name]


def test_without_a_drill_and_a_schedule_there_are_no_metrics_of_drills() -> None:
    unscheduled = read_service_settings({}, {})
    assert scrape(None) == {}
    assert scrape(DrillState(SINCE), settings=unscheduled) == {}


def test_a_drill_by_hand_has_metrics_but_is_never_due_and_raises_no_alert() -> None:
    told = scrape(DRILLS, settings=read_service_settings({}, {}))
    assert of(told, "neo4j")["last_drill_duration_seconds"] == 360
    alerting = ("drill_due", "drill_deadline", "last_drill_success")
    assert not [name for name in told if name.startswith(alerting)]


def test_a_drill_under_way_does_not_hide_how_the_last_one_ended() -> None:
    told = scrape(replace(DRILLS, run=UNFINISHED), alive=True)
    assert told["drill_running"] == 1
    assert told['last_drill_success{database="movies"}'] == 0
    assert told['drill_failures_total{database="movies",kind="killed"}'] == 1
    assert told['drill_run_failures_total{kind="killed"}'] == 0


def test_a_killed_drill_is_counted_before_the_next_one_counts_it() -> None:
    told = scrape(replace(DRILLS, run=replace(UNFINISHED, database="neo4j")))
    assert told["drill_running"] == 0
    assert told['last_drill_success{database="neo4j"}'] == 0
    assert 'last_drill_timestamp_seconds{database="neo4j"}' not in told
    assert told['drill_failures_total{database="neo4j",kind="killed"}'] == 1
    assert told['drill_failures_total{database="movies",kind="killed"}'] == 1
    assert told['drill_run_failures_total{kind="killed"}'] == 1


def test_failures_of_every_kind_are_counted_from_0() -> None:
    told = scrape(DRILLS)
    of_databases = {name for name in told if name.startswith("drill_failures_total")}
    assert of_databases == {
        f'drill_failures_total{{database="{database}",kind="{kind}"}}'
        for database in ("neo4j", "movies")
        for kind in (*FAILURE_KINDS, KILLED)
    }
    runs = {
        kind: told[f'drill_run_failures_total{{kind="{kind}"}}']
        for kind in (*FAILURE_KINDS, KILLED, "locked")
    }
    assert {kind: count for kind, count in runs.items() if count} == {"corrupt": 2, "locked": 3}


def test_an_overdue_drill_makes_the_service_unhealthy_in_the_metrics() -> None:
    good = replace(STATE, expected=("neo4j",), last_run=None)
    proved = replace(DRILLS, run=replace(RUN, exit_code=0, error=""))
    seconds = of(scrape(proved), "neo4j")["drill_deadline_timestamp_seconds"]
    deadline = datetime.fromtimestamp(seconds, UTC)
    variables = {"DRILL_SCHEDULE": "0 4 * * *", "BACKUP_SCHEDULE": "@yearly"}
    settings = read_service_settings(variables, {})
    for late, expected in ((timedelta(0), 1), (timedelta(seconds=1), 0)):
        shown = Shown(good, now=deadline + late, settings=settings, drills=proved)
        assert samples(generate_latest(shown).decode())["healthy"] == expected


def test_the_metrics_of_drills_are_named_as_prometheus_advises_and_tell_no_error_and_no_key() -> (
    None
):
    shown = Shown(STATE, drills=DRILLS, settings=SCHEDULED, now=NOON)
    require_good_names(list(shown.collect()))
    text = generate_latest(shown).decode()
    assert "sensitive" not in text
    assert "cypher.gz" not in text
