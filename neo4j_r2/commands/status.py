"""Shows the schedule, the last runs, the storage and its cost; asks R2, but not Neo4j."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.text import Text

from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import taken_up_to
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.connect import QUICK_SECONDS
from neo4j_r2.bucket.newest_backup import find_newest, is_of
from neo4j_r2.bucket.read_usage import usage_by_database
from neo4j_r2.bucket.safety_backups import safety_backups, safety_text
from neo4j_r2.bucket.whereabouts import whereabouts
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.commands.record_look import record_look
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import Side
from neo4j_r2.core.tables import show
from neo4j_r2.monitoring.status_text import (
    database_lines,
    fault_lines,
    schedule_lines,
    start_lines,
    storage_lines,
)
from neo4j_r2.run.processes import is_in_service_container
from neo4j_r2.run.stall_watch import Watch
from neo4j_r2.run.start_problem import StartProblemFile
from neo4j_r2.run.state import State, StateFile


def run(invocation: Invocation[Options]) -> int:
    """Print what the state file tells, and then what the bucket holds, to standard output."""
    config = configure(invocation, logs_in=False)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `status | head` ends without a traceback
    state = StateFile(config.service.state_directory).read()
    show(*known_sections(config, state))
    sys.stdout.write("\n")
    show(*stored_sections(config, state.expected if state else ()))
    return 0


def known_sections(config: Config, state: State | None) -> list[RenderableType]:
    """Return the schedule, the last run and the last attempts, as the state file has them."""
    service = config.service
    now, is_scheduled = datetime.now(UTC), is_in_service_container()
    sections: list[RenderableType] = [
        schedule_lines(service, state, now, is_scheduled=is_scheduled)
    ]
    if problem := StartProblemFile(service.state_directory).read():
        sections.append(start_lines(problem, service.time_zone))
    if state is not None:
        sections += [
            database_lines(name, state.of(name), service.time_zone) for name in state.expected
        ]
    return sections


def stored_sections(config: Config, expected: Sequence[str]) -> list[RenderableType]:
    """Return how much is stored, what it costs, and what is wrong with the newest backups.

    :param expected: the databases that are backed up from this host.
    :raises BucketError: if the bucket cannot be read.
    """
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        # Somebody waits for the answer, so failures of R2 are retried only for a short time.
        bucket = Bucket(config.r2, min(QUICK_SECONDS, config.retry_seconds), watch.progress)
        bucket.preflight()
        place = f"s3://{bucket.name}/{config.r2.prefix}/"
        stored = usage_by_database(bucket, config.r2.prefix)
        backups = backups_in(bucket, config.r2.prefix)
        taken = safety_backups(bucket, backups)
        safety = safety_text(taken, config.prune.rules, config.service.time_zone)
        nowhere = "" if stored else whereabouts(bucket)
        problems = [
            line for name in expected for line in newest_problems(bucket, config, backups, name)
        ]
    notes = map(Text, filter(None, [safety, nowhere]))
    return [
        *([fault_lines(problems)] if problems else []),
        Group(storage_lines(place, stored), *notes),
    ]


def newest_problems(
    bucket: Bucket, config: Config, backups: Sequence[StoredBackup], database: str
) -> Sequence[str]:
    """Return what is wrong with the newest backups of a database, and record it.

    :param backups: all backups under the prefix, oldest first.
    """
    own = taken_up_to(backups, database, None)
    return record_look(config, database, find_newest(bucket, own, is_of(database, None)))
