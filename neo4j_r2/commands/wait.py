"""Waits until Neo4j accepts the login, tries the bucket, and makes sure of the state."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial

from neo4j_r2.backup.refuse_plain_text import look_and_refuse_plain_text
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure, take_state
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.commands.report_start import report_failure, report_success
from neo4j_r2.commands.select_databases import select_databases
from neo4j_r2.config.settings import Config
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import (
    BackupError,
    BucketUnavailableError,
    ConfigurationError,
    GraphError,
    GraphUnavailableError,
    LockedError,
    LoginRefusedError,
    Side,
    Stalled,
)
from neo4j_r2.core.patience import Patience
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.driver import CONNECTION_SECONDS
from neo4j_r2.graph.login import log_in, wait_until_ready
from neo4j_r2.run.expect_drills import expect_drills
from neo4j_r2.run.lock import run_lock
from neo4j_r2.run.record_restore_points import complete_restore_points
from neo4j_r2.run.recover_state import recover_state
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation[Options]) -> int:
    """Return when a backup could be made; fail at once on an error that waiting cannot heal.

    If Neo4j or R2 is still away after the wait, that is told, but the service can start: a run
    waits again.
    """
    try:
        wait(invocation)
    except (GraphUnavailableError, BucketUnavailableError, Stalled) as error:
        log.warning("%s; the service goes on without it, and looks again later", error)
        report_failure(invocation, error, may_pass=True)
    except BackupError as error:
        report_failure(invocation, error)
        raise
    else:
        report_success(invocation)
    return 0


def wait(invocation: Invocation[Options]) -> None:
    """Wait for Neo4j, try the bucket, and make sure of the state file and of that of drills.

    :raises GraphUnavailableError: if Neo4j is still away after the configured time.
    :raises BucketUnavailableError: if R2 does not answer.
    :raises Stalled: if one of them accepts connections, and is then silent.
    :raises BackupError: at once, if waiting cannot help.
    """
    config = configure(invocation)
    seconds = config.service.wait_seconds
    # A server can be silent through a whole try: the login, and two looks at its encryption.
    watch = Watch(seconds + 3 * CONNECTION_SECONDS)
    with watch.running():
        log.info("Waiting for Neo4j to be ready...")
        databases = wait_for_databases(config, seconds, watch.progress)
        log.info("Neo4j is ready!")
        watch.progress()
        with watch.waiting_for(Side.R2):
            bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
            bucket.preflight()
            # Not before: a mistyped address or bucket shall not hold the directory for ever.
            config = take_state(invocation, config)
            # A run that is under way has the lock, and records itself.
            with suppress(LockedError), run_lock(config.service.state_directory):
                recover_state(bucket, config, databases)
                directory = config.service.state_directory
                complete_restore_points(directory, bucket, config.r2.prefix)
            expect_drills(config.service)
            refuse_plain_text_of_all(bucket, config, databases)


def refuse_plain_text_of_all(bucket: Bucket, config: Config, databases: Collection[str]) -> None:
    """Refuse to start if no backup could be stored, because all would be in plain text.

    If one of a database could, a warning names each of the others: their runs will fail.

    :raises ConfigurationError: see `refuse_plain_text`.
    :raises BucketError: if the bucket cannot be read.
    """
    refusals = []
    for database in databases:
        try:
            look_and_refuse_plain_text(bucket, config, database)
        except ConfigurationError as error:
            refusals.append(error)
    if refusals and len(refusals) == len(databases):
        raise refusals[0]
    for refusal in refusals:
        log.warning("%s", refusal)


def wait_for_databases(
    config: Config, seconds: float, on_try: Callable[[], None]
) -> Mapping[str, Database | None]:
    """Wait for the databases that are to be backed up, and return them by name.

    If a database does not come up but another does, it is logged as a warning and is None here:
    the others can still be backed up.

    :raises GraphError: if none of them comes up in time, or if waiting cannot help.
    """
    patience = Patience(seconds)
    found: dict[str, Database | None] = {}
    failures = []
    for name in select_databases(config, patience, on_try):
        try:
            with patience.spending() as left:
                found[name] = wait_for_database(config.of(name), left, on_try)
        except LoginRefusedError:
            raise
        except GraphError as error:
            failures.append(error)
            found[name] = None
    if len(failures) == len(found):
        raise failures[0]
    for failure in failures:
        log.warning("%s", failure)
    return found


def wait_for_database(config: Config, seconds: float, on_try: Callable[[], None]) -> Database:
    """Return the database, once it is up."""
    with Connection(config.neo4j, config.retry_seconds) as connection:
        return wait_until_ready(partial(log_in, connection), seconds, on_try)
