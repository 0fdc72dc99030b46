"""Backs up each database: stores the archive, then its manifest, and then prunes old backups."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.backup.export_and_store import export_and_store
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.refuse_plain_text import refuse_plain_text
from neo4j_r2.backup.row_state import forget_rows
from neo4j_r2.backup.store import Destination
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.backup.store_with_rows import Chains
from neo4j_r2.backup.sweep_uploads import sweep
from neo4j_r2.bucket.accept_shrink import last_accepted
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.connect import QUICK_SECONDS
from neo4j_r2.bucket.newest_backup import Newest
from neo4j_r2.bucket.prune import prune
from neo4j_r2.bucket.read_usage import stored_by_database, usage_of
from neo4j_r2.commands.configure import configure, own_state_directory
from neo4j_r2.commands.each_database import each_database
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import BackupOptions
from neo4j_r2.commands.overdue_drills import overdue_drills_told
from neo4j_r2.commands.record_look import look_and_record
from neo4j_r2.commands.select_databases import select_databases
from neo4j_r2.config.notify_settings import requested_notify
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import BucketError, GraphError, LockedError, Side
from neo4j_r2.core.patience import Patience
from neo4j_r2.graph.login import log_in, wait_until_ready
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.unfinished_mark import refuse_unfinished
from neo4j_r2.monitoring.announce import Announcer
from neo4j_r2.run.attempt_record import AttemptRecord
from neo4j_r2.run.bucket_look import BucketLook
from neo4j_r2.run.conclude import conclude
from neo4j_r2.run.lock import RunLock, run_lock
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.record import RunRecord, recorded
from neo4j_r2.run.record_restore_points import record_restore_points
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation[BackupOptions]) -> int:
    """Back up every database, record the run, and send notifications and pings."""
    announcer = Announcer(requested_notify(invocation.environment, invocation.dotenv))
    exit_code = conclude(lambda: run_and_record(invocation, announcer))
    announcer.announce()
    return exit_code


def run_and_record(invocation: Invocation[BackupOptions], announcer: Announcer) -> int:
    """Back up every database, and record how that ended."""
    directory = own_state_directory(invocation, writes_state=True)
    try:
        with recorded(directory, announcer.ended) as record:
            config = replace(configure(invocation), wants_full=invocation.options.full)
            run_backups(config, invocation.options.database, record, announcer)
    except LockedError as error:
        # No error: the other run makes the backup. A run at the start can meet the schedule's.
        log.warning("%s", error)
        return error.exit_code
    return 0


def run_backups(
    config: Config, wished: str | None, record: RunRecord, announcer: Announcer
) -> None:
    """Back up one database after the other; if one fails, the others still get their turn.

    :param wished: the only database to back up; None means all that are configured.
    """
    log.info("Starting Neo4j backup process")
    watch = Watch(config.stall_seconds)
    patience = Patience(config.retry_seconds)
    directory = config.service.state_directory
    with run_lock(directory) as lock, overdue_drills_told(config, announcer.found):
        record.begin(now())
        announcer.started()
        with watch.running():
            databases = (
                [wished]
                if wished
                else select_databases(config, patience, watch.progress, record.expected)
            )
        record.select(databases)

        def attempt_backup(database: str) -> None:
            with record.attempt(database) as attempt, watch.running():
                run_backup(config.of(database), lock, watch, attempt, patience)

        each_database(databases, attempt_backup)


def run_backup(
    config: Config,
    lock: RunLock,
    watch: Watch,
    attempt: AttemptRecord,
    patience: Patience,
) -> None:
    """Make one backup of one database, and then prune its old backups.

    :param patience: how long to wait at the beginning for a Neo4j or an R2 that is briefly away.
    """
    started = attempt.started
    log.info("Connecting to Neo4j: %s", config.neo4j.uri)
    bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
    with Graph(config.neo4j, config.retry_seconds) as graph:
        with patience.spending() as seconds:
            database = wait_until_ready(partial(log_in, graph.connection), seconds, watch.progress)
        attempt.found()
        refuse_unfinished(graph, database.name)
        with watch.waiting_for(Side.R2):
            with patience.spending(QUICK_SECONDS) as seconds:
                bucket.preflight(seconds)
            sweep(bucket, lock, config.r2, database.name, started)
            newest = newest_before(bucket, config, database)
            refuse_plain_text(
                bucket, config, database.name, follows_encrypted=newest.follows_encrypted
            )
            accepted = last_accepted(bucket, newest.manifest, config.prune.shrink_percent)
        log.info("Connected successfully, starting export...")
        progress = Progress(sum(graph.catalogue.counts()), watch.progress)
        origin = Origin(database, started, last_accepted=accepted)
        destination = Destination(bucket, StoreSettings.of(config), lock, watch, progress)
        manifest = export_and_store(
            graph, config.export_method, origin, destination, _chains(config, attempt)
        )
    if not manifest.export.consistent:
        log.info("Somebody wrote to the graph during the export: the backup is a mixture of states")
    attempt.made(manifest)
    BucketLook(config.service.state_directory).record(database.name, ())
    with watch.waiting_for(Side.R2):
        prune_old_backups(bucket, config, manifest, started, attempt)
    require_whole_schema(manifest)
    log.info("Backup completed successfully!")


def _chains(config: Config, attempt: AttemptRecord) -> Chains | None:
    """Return how incremental backups are made; None if they are not. Then no rows are kept."""
    if not config.full_every_days:
        forget_rows(config.service.state_directory, config.neo4j.database)
        return None
    return Chains(
        config.service.state_directory,
        timedelta(days=config.full_every_days),
        wants_full=config.wants_full,
        on_full=attempt.full_because,
    )


def newest_before(bucket: Bucket, config: Config, database: Database) -> Newest:
    """Return the newest complete backup.

    :raises BucketError: if the bucket cannot be read. Without the shrink alarm nothing depends on
        it, so that this is only a warning.
    """
    try:
        return look_and_record(bucket, config, database.name, database.id)
    except BucketError as error:
        if config.prune.shrink_percent:
            raise
        log.warning("Whether the newest backup is complete is not known: %s", error)
        return Newest(None, ())


def require_whole_schema(manifest: Manifest) -> None:
    """Fail if the backup lacks a part of the schema, so that somebody learns of it.

    :raises GraphError: naming the constraints and indexes that are missing.
    """
    if names := manifest.export.unstated_schema:
        raise GraphError(
            f"The backup is safe, but Neo4j {manifest.server_version} does not say how to create "
            f"{', '.join(names)}: keep the statements for these constraints and indexes yourself"
        )


def prune_old_backups(
    bucket: Bucket, config: Config, manifest: Manifest, started: datetime, attempt: AttemptRecord
) -> None:
    """Prune, and record what is left; a failure does not touch the new backup, and says so.

    :raises BucketError: if the prune failed. A failure to count what is left is only a warning.
    """
    prefix = config.r2.prefix
    try:
        attempt.pause = prune(bucket, prefix, config.prune, manifest, started)
    except BucketError as error:
        raise BucketError(f"The backup is safe, but cleaning up failed: {error}") from error
    except SystemExit:
        log.warning("The backup is safe, but cleaning up was cut short")
        raise
    try:
        stored = stored_by_database(bucket, prefix)
    except BucketError as error:
        log.warning("How much is stored now is not known: %s", error)
        return
    attempt.stored = usage_of(stored, manifest.database)
    record_restore_points(config.service.state_directory, bucket, prefix, stored, [manifest])
