"""The metrics of a state as a scrape shows them, read by the library's own parsers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics import parser as openmetrics

from neo4j_r2 import __version__
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.config.service_settings import ServiceSettings, read_service_settings
from neo4j_r2.core.errors import FAILURE_KINDS, KILLED, LockedError, failure_kind
from neo4j_r2.monitoring.health_rules import Signs
from neo4j_r2.monitoring.metrics import families
from neo4j_r2.run.drill_state import DrillState
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import Attempt, BackupState, DatabaseState, RunState, State
from tests.scraping import of, samples, series

SINCE = datetime(2025, 10, 7, 12, tzinfo=UTC)
NIGHT = datetime(2025, 10, 8, 2, 0, 1, tzinfo=UTC)
"""When the scheduled run began."""
NOON = datetime(2025, 10, 8, 12, tzinfo=UTC)
NEXT_NIGHT = datetime(2025, 10, 9, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DEFAULT = read_service_settings({}, {})

MADE = Attempt(NIGHT, NIGHT + 90 * SECOND, exit_code=0, archive_size=6_000_000)
BACKUP = BackupState(
    started=NIGHT,
    finished=NIGHT + 80 * SECOND,
    archive_key="neo4j-backup/neo4j_2025-10-08_02-00-01.cypher.gz",
    archive_size=6_000_000,
    nodes=10_000,
    relationships=24_518,
    database_id="ours",
)
GOOD = DatabaseState(
    SINCE, BACKUP, (MADE,), failures={"r2": 2}, stored=Usage(7, 42_000_000), pause=""
)
BROKEN = DatabaseState(
    SINCE,
    attempts=(MADE, replace(MADE, exit_code=4, error="R2 bucket not found: sensitive")),
    failures={"neo4j": 3, "r2": 1},
    pause="a sensitive reason",
)
ENDED = RunState(
    NIGHT, ProcessId(1234, 5678), NIGHT + 91 * SECOND, 4, "1 of 2 databases failed: sensitive"
)
UNFINISHED = RunState(NIGHT, ProcessId(1234, 5678))
STATE = State(
    SINCE,
    "0 2 * * * UTC",
    expected=("neo4j", "movies"),
    last_run=ENDED,
    failures={"configuration": 1, KILLED: 5},
    databases={"neo4j": GOOD, "movies": BROKEN, "dropped": GOOD},
)


@dataclass(frozen=True)
class Shown:
    """The signs of a service, for the library to render."""

    state: State | None
    now: datetime = NOON
    is_alive: bool = False
    settings: ServiceSettings = DEFAULT
    drills: DrillState | None = None
    is_drill_alive: bool = False

    def collect(self) -> Iterator[Metric]:
        """Return the metrics of the signs."""
        signs = Signs(
            self.now,
            is_crond_running=True,
            is_run_alive=self.is_alive,
            state=self.state,
            drills=self.drills,
            is_drill_alive=self.is_drill_alive,
        )
        return families(signs, self.settings)


def scrape(state: State | None, **shown: Any) -> dict[str, float]:
    """Return each sample in a scrape of a state."""
    return samples(generate_latest(Shown(state, **shown)).decode())


def test_a_known_database_has_all_metrics() -> None:
    assert of(scrape(STATE), "neo4j") == {
        "last_success_timestamp_seconds": BACKUP.finished.timestamp(),
        "last_success_duration_seconds": 80,
        "last_success_size_bytes": 6_000_000,
        "last_success_nodes": 10_000,
        "last_success_relationships": 24_518,
        "last_attempt_timestamp_seconds": MADE.finished.timestamp(),
        "last_attempt_duration_seconds": 90,
        "last_attempt_success": 1,
        "stored_bytes": 42_000_000,
        "stored_backups": 7,
        "due_timestamp_seconds": NEXT_NIGHT.timestamp(),
        "deadline_timestamp_seconds": (NEXT_NIGHT + timedelta(minutes=60)).timestamp(),
        "pruning_paused": 0,
    }


def test_an_unknown_value_has_no_sample() -> None:
    assert of(scrape(STATE), "movies") == {
        "last_attempt_timestamp_seconds": MADE.finished.timestamp(),
        "last_attempt_duration_seconds": 90,
        "last_attempt_success": 0,
        "due_timestamp_seconds": datetime(2025, 10, 8, 2, tzinfo=UTC).timestamp(),
        "deadline_timestamp_seconds": datetime(2025, 10, 8, 3, tzinfo=UTC).timestamp(),
        "pruning_paused": 1,
    }


def test_a_database_that_is_no_longer_backed_up_has_no_metrics() -> None:
    assert not [series for series in scrape(STATE) if "dropped" in series]


def test_failures_of_every_kind_are_counted_from_0() -> None:
    told = scrape(STATE)
    counts = {
        series.removeprefix("failures_total"): value
        for series, value in told.items()
        if series.startswith("failures_total")
    }
    counted = {("neo4j", "r2"): 2.0, ("movies", "neo4j"): 3.0, ("movies", "r2"): 1.0}
    assert counts == {
        f'{{database="{database}",kind="{kind}"}}': counted.get((database, kind), 0)
        for database in ("neo4j", "movies")
        for kind in FAILURE_KINDS
    }
    runs = {kind: told[f'run_failures_total{{kind="{kind}"}}'] for kind in (*FAILURE_KINDS, KILLED)}
    assert {kind: count for kind, count in runs.items() if count} == {"configuration": 1, KILLED: 5}


def test_every_exit_code_that_is_recorded_has_a_kind_that_is_counted_from_0() -> None:
    codes = set(range(1, 160)) - {LockedError.exit_code}
    assert {failure_kind(code) for code in codes} == set(FAILURE_KINDS)


def test_an_ended_run_has_its_success_and_duration() -> None:
    told = scrape(STATE)
    assert told["running"] == 0
    assert told["last_run_start_timestamp_seconds"] == NIGHT.timestamp()
    assert told["last_run_success"] == 0
    assert told["last_run_duration_seconds"] == 91
    succeeded = scrape(replace(STATE, last_run=replace(ENDED, exit_code=0)))
    assert succeeded["last_run_success"] == 1


def test_a_run_under_way_has_no_success_yet() -> None:
    told = scrape(replace(STATE, last_run=UNFINISHED), is_alive=True)
    assert told["running"] == 1
    assert told["last_run_start_timestamp_seconds"] == NIGHT.timestamp()
    assert not {"last_run_success", "last_run_duration_seconds"} & told.keys()
    assert told['run_failures_total{kind="killed"}'] == 5


def test_a_killed_run_is_counted_before_the_next_run_counts_it() -> None:
    told = scrape(replace(STATE, last_run=UNFINISHED))
    assert told["running"] == 0
    assert told["last_run_success"] == 0
    assert "last_run_duration_seconds" not in told
    assert told['run_failures_total{kind="killed"}'] == 6


def test_a_service_that_has_not_run_yet_has_no_metrics_of_a_run() -> None:
    told = scrape(State(NOON, expected=("neo4j",)))
    assert told["healthy"] == 1
    assert told["running"] == 0
    assert not [series for series in told if series.startswith("last_")]
    assert of(told, "neo4j") == {
        "due_timestamp_seconds": NEXT_NIGHT.timestamp(),
        "deadline_timestamp_seconds": (NEXT_NIGHT + timedelta(minutes=60)).timestamp(),
    }


def test_a_service_without_a_state_is_unhealthy_in_the_metrics() -> None:
    info = f'info{{schedule="0 2 * * *",time_zone="UTC",version="{__version__}"}}'
    assert scrape(None) == {info: 1, "healthy": 0}


def test_the_service_is_healthy_until_the_deadline_in_the_metrics() -> None:
    run = replace(ENDED, exit_code=0)
    state = replace(STATE, expected=("neo4j",), last_run=run)
    deadline = of(scrape(state), "neo4j")["deadline_timestamp_seconds"]
    told = datetime.fromtimestamp(deadline, UTC)
    assert scrape(state, now=told)["healthy"] == 1
    assert scrape(state, now=told + SECOND)["healthy"] == 0


def test_the_schedule_is_exported_with_its_time_zone() -> None:
    variables = {"BACKUP_SCHEDULE": "30 4 * * *", "TZ": "Europe/Berlin"}
    variables["BACKUP_OVERDUE_MINUTES"] = "15"
    told = scrape(STATE, settings=read_service_settings(variables, {}))
    info = f'schedule="30 4 * * *",time_zone="Europe/Berlin",version="{__version__}"'
    assert told[f"info{{{info}}}"] == 1
    due = datetime(2025, 10, 8, 2, 30, tzinfo=UTC).timestamp()
    assert of(told, "neo4j")["due_timestamp_seconds"] == due
    assert of(told, "neo4j")["deadline_timestamp_seconds"] == due + 15 * 60


@pytest.mark.parametrize("state", [STATE, replace(STATE, last_run=UNFINISHED), None])
def test_the_metrics_contain_no_keys_errors_or_reasons(state: State | None) -> None:
    text = generate_latest(Shown(state)).decode()
    for free in ("sensitive", "cypher.gz", "ours", str(DEFAULT.state_directory)):
        assert free not in text
    labels = set(re.findall(r'[{,](\w+)="', text))
    assert labels <= {"database", "kind", "schedule", "time_zone", "version"}


def require_good_names(shown: Sequence[Metric]) -> None:
    """Require that all metrics are named and described as Prometheus advises, and have samples."""
    assert len({metric.name for metric in shown}) == len(shown)
    for metric in shown:
        assert metric.name == "neo4j_backup" or metric.name.startswith("neo4j_backup_")
        assert metric.documentation.endswith(".")
        if "timestamp" in metric.name or "duration" in metric.name:
            assert metric.name.endswith("_seconds")
        assert metric.samples, metric.name


def test_every_metric_is_named_and_described_as_prometheus_advises() -> None:
    require_good_names(list(Shown(STATE).collect()))


def test_openmetrics_has_the_same_values() -> None:
    encode, content_type = choose_encoder("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    text = encode(Shown(STATE)).decode()
    read = openmetrics.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    told = {
        series(sample.name, sample.labels): sample.value
        for family in read
        for sample in family.samples
    }
    assert told == scrape(STATE)
