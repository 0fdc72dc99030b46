"""Reads backups back and proves them: against their manifests, and on demand by a restore drill."""

from __future__ import annotations

import logging

from neo4j_r2 import drill
from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import StoredBackup, stored_backups
from neo4j_r2.choose import choose_database
from neo4j_r2.config import Config, Neo4jSettings
from neo4j_r2.configure import configure, configure_target
from neo4j_r2.contents import Contents, rows_in
from neo4j_r2.each_database import each_database
from neo4j_r2.errors import ConfigurationError, CorruptError
from neo4j_r2.graph import Graph
from neo4j_r2.invocation import LATEST, Invocation
from neo4j_r2.progress import Countdown
from neo4j_r2.restore import Counts, Restore, read_ahead
from neo4j_r2.select_databases import stored_databases
from neo4j_r2.source import Source, Wish, chosen_source, stored_source
from neo4j_r2.target import Target
from neo4j_r2.verify import verify
from neo4j_r2.watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation) -> int:
    """Verify one backup or all, and return 0 if all is good."""
    options = invocation.options
    config = configure(invocation, logs_in=False)
    scratch = scratch_settings(invocation, config) if options.drill else None
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for("R2"):
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        if options.all:
            verify_all(bucket, config, options.database, watch)
        elif options.key or scratch:
            database = choose_database(config.databases, options.database, options.key)
            wish = Wish(database, options.key or LATEST)
            source = chosen_source(bucket, config.r2.prefix, wish)
            contents = prove(source, watch)
            if scratch:
                run_drill(scratch, config, source, contents, watch)
        else:
            verify_latest(bucket, config, options.database, watch)
    return 0


def verify_latest(bucket: Bucket, config: Config, wished: str | None, watch: Watch) -> None:
    """Verify the latest backup of each database that is meant."""

    def verify_one(database: str) -> None:
        wish = Wish(database, LATEST)
        prove(chosen_source(bucket, config.r2.prefix, wish), watch)

    each_database(stored_databases(bucket, config, wished), verify_one)


def scratch_settings(invocation: Invocation, config: Config) -> Neo4jSettings:
    """Return how to log in at the server that a drill uses.

    :raises ConfigurationError: if it is the one that is backed up, or a variable is wrong.
    """
    uri = invocation.options.drill
    if uri == config.neo4j.uri:
        raise ConfigurationError("--drill: this is the Neo4j that is backed up")
    return configure_target(invocation, config, uri)


def verify_all(bucket: Bucket, config: Config, database: str | None, watch: Watch) -> None:
    """Verify every backup under the prefix, newest first; only a database's, if one is given.

    :raises ConfigurationError: if there is none.
    :raises CorruptError: in the end, if one is not good.
    """
    prefix = config.r2.prefix
    listing = ((stored.key, stored.size) for stored in bucket.objects(f"{prefix}/"))
    backups = [
        backup
        for backup in stored_backups(listing, prefix)
        if database in (None, backup.name.database)
    ]
    if not backups:
        raise ConfigurationError(f"There is no backup under s3://{bucket.name}/{prefix}/")
    bad = sum(not is_good(bucket, backup, watch) for backup in reversed(backups))
    if bad:
        raise CorruptError(f"{bad} of {len(backups)} backups under {prefix}/ are not good")
    log.info("All %d backups under %s/ are good", len(backups), prefix)


def is_good(bucket: Bucket, backup: StoredBackup, watch: Watch) -> bool:
    """Verify one backup, and say what is wrong with it."""
    try:
        prove(stored_source(bucket, backup), watch)
    except CorruptError as error:
        log.warning("%s", error)
        return False
    return True


def prove(source: Source, watch: Watch) -> Contents:
    """Read an archive whole.

    :raises CorruptError: if it is not good, or no backup.
    """
    export = source.manifest.export if source.manifest else None
    expected = export.nodes + export.relationships if export else 0
    countdown = Countdown("Checked", expected, watch.progress)
    contents = verify(source, lambda item: countdown.add(rows_in(item)))
    size = f"{contents.nodes:,} nodes, {contents.relationships:,} relationships"
    if source.manifest is None:
        raise CorruptError(
            f"{source.label} has no manifest, so it is no complete backup; every statement of it "
            f"can be read: {size}"
        )
    log.info("Good: %s (%s)", source.label, size)
    return contents


def run_drill(
    settings: Neo4jSettings, config: Config, source: Source, contents: Contents, watch: Watch
) -> None:
    """Restore into a scratch database, compare, and empty it again.

    :raises CorruptError: if what comes back is not what the archive says; it stays there.
    """
    with (
        watch.waiting_for("Neo4j"),
        Graph(settings, config.retry_seconds) as graph,
        Target(settings) as target,
    ):
        drill.refuse_unfit(graph, source)
        log.info("Restoring into %s for a drill", settings.uri)
        advice = f"{settings.uri} is left incomplete: empty it before the next drill"
        restore = Restore(graph, target, watch.progress, advice)
        problems = carry_out(source, contents, graph, restore, watch)
        for problem in problems:
            log.warning("%s", problem)
        if problems:
            raise CorruptError(
                f"The drill failed; {settings.uri} holds what came back of {source.label}"
            )
        restore.clear()
    log.info("The drill succeeded: %s comes back exactly", source.label)


def carry_out(
    source: Source, contents: Contents, graph: Graph, restore: Restore, watch: Watch
) -> list[str]:
    """Restore, and return all in which the restored database is not what the archive says."""
    total = contents.nodes + contents.relationships
    countdown = Countdown("Restored", total, watch.progress)
    counts = Counts(contents.labels, contents.types)
    items = read_ahead(source.items(), watch)
    outcome = restore.run(items, counts, countdown.add, replaces=False)
    log.info("Comparing the restored graph with the archive")
    countdown = Countdown("Compared", 2 * total, watch.progress)
    found = drill.differences(source, graph, outcome.identities, countdown.add)
    return [*outcome.problems, *found]
