"""Removes what retention gives up, without a backup being made; asks only R2.

Which database is meant is a question that Neo4j would answer. Here the newest complete backup does:
of the database that NEO4J_DATABASE names, and of the identity that this host's last backup had, if
the state directory knows of one.
"""

from __future__ import annotations

import argparse
import logging
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from neo4j_r2.accept_shrink import accept_shrink
from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import StoredManifest, parse_key
from neo4j_r2.config import Config
from neo4j_r2.configure import configure
from neo4j_r2.invocation import Invocation
from neo4j_r2.listing import plan
from neo4j_r2.lock import run_lock
from neo4j_r2.newest import newest_backup
from neo4j_r2.prune import carry_out, judge
from neo4j_r2.state import StateFile
from neo4j_r2.watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation) -> int:
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


def clean_up(bucket: Bucket, config: Config, options: argparse.Namespace) -> None:
    """Decide by the newest complete backup of the configured database; without one do nothing."""
    prefix = config.r2.prefix
    latest = own_latest(bucket, config)
    if latest is None:
        log.warning(
            "No complete backup of database %s under s3://%s/%s/: nothing is removed",
            config.neo4j.database, bucket.name, prefix,
        )  # fmt: skip
        return
    log.info("The newest complete backup of database %s: %s", latest.database, latest.archive_key)
    settings = replace(config.prune, is_dry=options.dry_run or config.prune.is_dry)
    if options.accept_shrink and options.dry_run:
        settings = replace(settings, shrink_percent=0)  # as if it was accepted
    elif options.accept_shrink:
        accept_shrink(bucket, latest, settings.shrink_percent)
    verdicts = judge(bucket, prefix, settings, latest, datetime.now(UTC))
    sys.stdout.write(plan(verdicts))
    sys.stdout.flush()
    carry_out(bucket, verdicts, is_dry=settings.is_dry)


def own_latest(bucket: Bucket, config: Config) -> StoredManifest | None:
    """Return the manifest of the newest complete backup of what this host backs up."""
    prefix, database = config.r2.prefix, config.neo4j.database.lower()
    state = StateFile(config.service.state_directory).read()
    last = state.last_backup if state else None
    parsed = parse_key(last.archive_key, prefix) if last else None
    is_known = parsed is not None and parsed[0].database == database
    identity = last.database_id if last and is_known else None
    return newest_backup(bucket, prefix, database, identity)
