"""Removes the backups that no retention rule keeps, without making a backup; asks only R2.

A database's name can be used again for a new database with another identity. Neo4j could say which
of them is meant, but it is not asked. So the newest complete backup of that name decides. If the
state file knows this host's last backup of it, only backups with that database identity count.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.accept_shrink import accept_shrink
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.plan_text import plan
from neo4j_r2.bucket.prune import carry_out, judge
from neo4j_r2.bucket.read_usage import stored_by_database, usage_of
from neo4j_r2.bucket.whereabouts import whereabouts
from neo4j_r2.commands.configure import configure, take_state
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import PruneOptions
from neo4j_r2.commands.record_look import look_and_record
from neo4j_r2.commands.select_databases import stored_databases
from neo4j_r2.config.parsers import ALL_DATABASES
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import Side
from neo4j_r2.core.tables import show
from neo4j_r2.run.lock import run_lock
from neo4j_r2.run.record import record_prune
from neo4j_r2.run.record_restore_points import record_restore_points
from neo4j_r2.run.stall_watch import Watch
from neo4j_r2.run.state import State, StateFile

log = logging.getLogger(__name__)


def run(invocation: Invocation[PruneOptions]) -> int:
    """Print which backups are kept or removed, and why; remove them unless it is a dry run."""
    options = invocation.options
    config = configure(invocation, logs_in=False)
    watch = Watch(config.stall_seconds)
    with ExitStack() as stack:
        if not options.dry_run:
            config = take_state(invocation, config)
            stack.enter_context(run_lock(config.service.state_directory))
        stack.enter_context(watch.running())
        stack.enter_context(watch.waiting_for(Side.R2))
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        prune_databases(bucket, config, options)
    return 0


def prune_databases(bucket: Bucket, config: Config, options: PruneOptions) -> None:
    """Prune the backups of each database; one without a complete backup loses nothing."""
    prefix = config.r2.prefix
    state = StateFile(config.service.state_directory).read()
    databases = databases_to_prune(bucket, config, state, options)
    latest = []
    for database in databases:
        manifest = look_and_record(
            bucket, config, database, last_known_identity(state, database)
        ).manifest
        if manifest is None:
            log.warning(
                "No complete backup of database %s under s3://%s/%s/: nothing is removed; %s",
                database, bucket.name, prefix, whereabouts(bucket, prefix, database),
            )  # fmt: skip
            continue
        log.info("The newest complete backup of database %s: %s", database, manifest.archive_key)
        latest.append(manifest)
    if latest:
        decide_and_prune(bucket, config, options, latest)


def databases_to_prune(
    bucket: Bucket, config: Config, state: State | None, options: PruneOptions
) -> Sequence[str]:
    """Return the names of the databases whose backups may be removed.

    :raises ConfigurationError: if a shrink is to be accepted, and more than one database could be
        meant.
    """
    if options.accept_shrink:
        return [choose_database(config.databases, options.database, None)]
    if options.database is not None or config.databases != ALL_DATABASES:
        return stored_databases(bucket, config, options.database)
    return own_databases(bucket, config, state)


def own_databases(bucket: Bucket, config: Config, state: State | None) -> Sequence[str]:
    """Return the names of the stored databases that this host has backed up.

    If all databases are configured, the bucket can hold backups from another host too.
    """
    stored = stored_databases(bucket, config, None)
    if not stored:
        log.warning(
            "No backup under s3://%s/%s/; %s",
            bucket.name, config.r2.prefix, whereabouts(bucket, config.r2.prefix),
        )  # fmt: skip
    own = [name for name in stored if state and state.of(name).last_backup]
    for name in stored:
        if name not in own:
            log.warning(
                "Database %s was never backed up from here: its backups are removed only with "
                "--database %s", name, name,
            )  # fmt: skip
    return own


def decide_and_prune(
    bucket: Bucket, config: Config, options: PruneOptions, latest: Sequence[StoredManifest]
) -> None:
    """Decide which backups to remove, print the decision, and carry it out.

    :param latest: the newest complete backup of each database that is pruned.
    """
    settings = replace(config.prune, is_dry=options.dry_run or config.prune.is_dry)
    if options.accept_shrink:
        accept_shrink(bucket, latest[0], settings.shrink_percent, is_dry=options.dry_run)
    if options.accept_shrink and options.dry_run:
        settings = replace(settings, shrink_percent=0)  # as if the shrink had been accepted
    judgement = judge(bucket, config.r2.prefix, settings, latest, datetime.now(UTC))
    show(plan(judgement.verdicts))
    carry_out(bucket, judgement.verdicts, is_dry=settings.is_dry)
    if not options.dry_run:
        directory = config.service.state_directory
        stored = stored_by_database(bucket, config.r2.prefix)
        for database in sorted({manifest.database for manifest in latest}):
            pause = judgement.pauses.get(database, "")
            record_prune(directory, database, pause, usage_of(stored, database))
        record_restore_points(directory, bucket, config.r2.prefix, stored, latest)


def last_known_identity(state: State | None, database: str) -> str | None:
    """Return the database identity in this host's last backup; None if no backup is known."""
    last = state.of(database).last_backup if state else None
    return last.database_id if last else None
