"""Removes what retention gives up, without a backup being made; asks only R2.

Which database is meant by a name is a question that Neo4j would answer. Here the newest complete
backup of that name does, and of the identity that this host's last backup of it had, if the state
directory knows of one.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.accept_shrink import accept_shrink
from neo4j_r2.bucket.backups import usage_by_database
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.listing import plan
from neo4j_r2.bucket.newest_backup import newest_backup
from neo4j_r2.bucket.prune import carry_out, judge
from neo4j_r2.bucket.usage import Usage
from neo4j_r2.commands.configure import configure
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import PruneOptions
from neo4j_r2.commands.select_databases import stored_databases
from neo4j_r2.config.parsers import ALL_DATABASES
from neo4j_r2.config.settings import Config
from neo4j_r2.run.lock import run_lock
from neo4j_r2.run.record import record_prune
from neo4j_r2.run.stall_watch import Watch
from neo4j_r2.run.state import State, StateFile

log = logging.getLogger(__name__)


def run(invocation: Invocation[PruneOptions]) -> int:
    """Print what is to become of each backup, and why; remove unless it is a dry run."""
    config = configure(invocation, logs_in=False)
    options = invocation.options
    watch = Watch(config.stall_seconds)
    with ExitStack() as stack:
        if not options.dry_run:
            stack.enter_context(run_lock(config.service.state_directory))
        stack.enter_context(watch.running())
        stack.enter_context(watch.waiting_for("R2"))
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        clean_up(bucket, config, options)
    return 0


def clean_up(bucket: Bucket, config: Config, options: PruneOptions) -> None:
    """Decide by the newest complete backup of each database; of one without any nothing goes."""
    prefix = config.r2.prefix
    state = StateFile(config.service.state_directory).read()
    databases = prunable(bucket, config, state, options)
    latest = []
    for database in databases:
        manifest = newest_backup(bucket, prefix, database, own_identity(state, database))
        if manifest is None:
            log.warning(
                "No complete backup of database %s under s3://%s/%s/: nothing is removed",
                database, bucket.name, prefix,
            )  # fmt: skip
            continue
        log.info("The newest complete backup of database %s: %s", database, manifest.archive_key)
        latest.append(manifest)
    if latest:
        carry_out_on(bucket, config, options, latest)


def prunable(
    bucket: Bucket, config: Config, state: State | None, options: PruneOptions
) -> Sequence[str]:
    """Return the names of the databases whose backups may go.

    Of all databases in a bucket, those that were never backed up from here are somebody else's.

    :raises ConfigurationError: if a shrink is to be accepted, and it could be of more than one.
    """
    if options.accept_shrink:
        return [choose_database(config.databases, options.database, None)]
    if options.database is not None or config.databases != ALL_DATABASES:
        return stored_databases(bucket, config, options.database)
    stored = stored_databases(bucket, config, None)
    if not stored:
        log.warning("No backup under s3://%s/%s/", bucket.name, config.r2.prefix)
    own = [name for name in stored if state and state.of(name).last_backup]
    for name in stored:
        if name not in own:
            log.warning(
                "Database %s was never backed up from here: nothing of it is removed without "
                "--database %s", name, name,
            )  # fmt: skip
    return own


def carry_out_on(
    bucket: Bucket, config: Config, options: PruneOptions, latest: Sequence[StoredManifest]
) -> None:
    """Decide on the backups of the databases that `latest` are of, print it, and do it."""
    settings = replace(config.prune, is_dry=options.dry_run or config.prune.is_dry)
    if options.accept_shrink:
        accept_shrink(bucket, latest[0], settings.shrink_percent, is_dry=options.dry_run)
    if options.accept_shrink and options.dry_run:
        settings = replace(settings, shrink_percent=0)  # as if it was accepted
    judgement = judge(bucket, config.r2.prefix, settings, latest, datetime.now(UTC))
    sys.stdout.write(plan(judgement.verdicts))
    sys.stdout.flush()
    carry_out(bucket, judgement.verdicts, is_dry=settings.is_dry)
    if not options.dry_run:
        stored = usage_by_database(bucket, config.r2.prefix)
        for database in sorted({manifest.database for manifest in latest}):
            pause = judgement.pauses.get(database, "")
            left = stored.get(database, Usage(0, 0))
            record_prune(config.service.state_directory, database, pause, left)


def own_identity(state: State | None, database: str) -> str | None:
    """Return the database identity of which this host made its last backup, if it is known."""
    last = state.of(database).last_backup if state else None
    return last.database_id if last else None
