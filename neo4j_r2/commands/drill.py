"""Drills the latest backup of each database in the scratch Neo4j, records it and tells people."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from neo4j_r2.bucket.choose_backup import choose_database, database_of_key
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure_drill, own_state_directory
from neo4j_r2.commands.drill_backup import Drills, drill_database
from neo4j_r2.commands.drill_files import drill_questions
from neo4j_r2.commands.each_database import each_database
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import DrillOptions
from neo4j_r2.commands.select_databases import stored_databases
from neo4j_r2.config.notify_settings import requested_notify
from neo4j_r2.config.parsers import ALL_DATABASES, LATEST
from neo4j_r2.config.service_settings import ServiceSettings
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import LockedError, Side, StillLockedError
from neo4j_r2.core.figures import duration
from neo4j_r2.core.patience import Patience
from neo4j_r2.monitoring.announce import tell_drill
from neo4j_r2.restore.questions import Question
from neo4j_r2.run import signals
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.drill_record import DrillRecord, recorded_drill
from neo4j_r2.run.drill_report import DrillReport
from neo4j_r2.run.lock import holder, is_held
from neo4j_r2.run.stall_watch import Watch
from neo4j_r2.run.state import State, StateFile

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
"""How often a drill looks whether a run has begun or ended."""
_BEGIN_SECONDS: Final = 30.0
"""How long a drill waits for a backup to begin that is due."""
_JUST_DUE: Final = timedelta(minutes=2)
"""A backup that was due earlier does not begin by its schedule any more."""


def run(invocation: Invocation[DrillOptions]) -> int:
    """Drill, record it, and tell people of it."""
    notify = requested_notify(invocation.environment, invocation.dotenv)
    reports: list[DrillReport] = []
    exit_code = conclude(lambda: run_and_record(invocation, reports))
    for report in reports:
        tell_drill(notify, notify.host, report)
    return exit_code


def run_and_record(invocation: Invocation[DrillOptions], reports: list[DrillReport]) -> int:
    """Drill, and record how that ended.

    :param reports: is given the report, unless another drill is under way.
    """
    options = invocation.options
    if options.key == LATEST:
        options = replace(options, key=None)
    directory = own_state_directory(invocation, writes_state=True)
    try:
        with recorded_drill(directory, reports.append, counts=options.key is None) as record:
            config = configure_drill(invocation, options.identity)
            questions = drill_questions(config)
            wait_for_run(config.service)
            record.begin(now())
            run_drills(config, options, questions, record)
    except StillLockedError:
        raise
    except LockedError as error:
        log.warning("%s", error)  # no error: the other drill proves the backup
        return error.exit_code
    return 0


def wait_for_run(service: ServiceSettings) -> None:
    """Wait for the end of a run that is under way. The lock is looked at, and not taken.

    A run that begins later goes on beside the drill.

    :raises StillLockedError: if there is a run for longer than a drill may be late.
    """
    directory, longest = service.state_directory, timedelta(minutes=service.drill_overdue_minutes)
    wait_for_begin(service)
    if not is_held(directory):
        return
    named = holder(directory)
    process = named.pid if named else "unknown"
    log.info("Waiting for the end of the run of process %s before the drill", process)
    deadline = time.monotonic() + longest.total_seconds()
    while is_held(directory):
        if time.monotonic() > deadline:
            raise StillLockedError(
                f"A run was under way for {duration(longest)}; no drill was made"
            )
        signals.check()
        time.sleep(_LOOK_SECONDS)


def wait_for_begin(service: ServiceSettings) -> None:
    """Wait for a moment for a backup that is due now, so that the drill is of this backup.

    With equal schedules, crond starts both in one second.
    """
    file, directory = StateFile(service.state_directory), service.state_directory
    deadline = time.monotonic() + _BEGIN_SECONDS
    is_told = False
    while is_about_to_begin(file.read(), service, now()) and not is_held(directory):
        if time.monotonic() > deadline:
            return
        if not is_told:
            log.info("A backup is due: waiting up to %d s for it to begin", _BEGIN_SECONDS)
        is_told = True
        signals.check()
        time.sleep(_LOOK_SECONDS)


def is_about_to_begin(state: State | None, service: ServiceSettings, time: datetime) -> bool:
    """Whether a backup was due just now, and has not begun: a pure decision.

    :param state: None on a host that has made no backups.
    """
    if state is None:
        return False
    began = time - _JUST_DUE
    if state.last_run:
        began = max(began, state.last_run.started)
    return service.due_after(began) <= time


def run_drills(
    config: Config, options: DrillOptions, questions: tuple[Question, ...], record: DrillRecord
) -> None:
    """Drill one database after the other; if one fails, the others still get their turn."""
    watch = Watch(config.stall_seconds)
    bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
    with watch.running(), watch.waiting_for(Side.R2):
        databases = wished_databases(bucket, config, options)
    if not databases:
        log.info("There is no backup yet: nothing to drill")
    drills = Drills(
        config=config,
        databases=databases,
        questions=questions,
        record=record,
        bucket=bucket,
        watch=watch,
        patience=Patience(config.retry_seconds),
    )

    def drill_one(database: str) -> None:
        with record.drill(database) as drill, watch.running():
            drill_database(drills, database, options.key, drill)

    each_database(databases, drill_one)


def wished_databases(bucket: Bucket, config: Config, options: DrillOptions) -> Sequence[str]:
    """Return the names of the databases whose backups are drilled.

    If all databases are configured, these are the ones of which this host expects backups. A host
    that makes no backups takes all of which there are some.

    :raises ConfigurationError: if a KEY could be of several databases.
    :raises BucketError: if the bucket cannot be read.
    """
    if options.key is not None:
        of_key = database_of_key(options.key)
        return [of_key or choose_database(config.databases, options.database, options.key)]
    if options.database is None and config.databases == ALL_DATABASES:
        state = StateFile(config.service.state_directory).read()
        if state and state.expected:
            return state.expected
    return stored_databases(bucket, config, options.database)
