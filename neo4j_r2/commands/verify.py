"""Reads backups back and proves them: against their manifests, and on demand by a restore drill."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import Enum, auto

from neo4j_r2.archive.contents import Contents, rows_in
from neo4j_r2.archive.storage.encryption import PrivateKeys
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure, configure_target
from neo4j_r2.commands.each_database import each_database
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.select_databases import stored_databases
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import ConfigurationError, CorruptError, NoKeyError, Side
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore import drill
from neo4j_r2.restore.fill import Counts, Restore, read_ahead
from neo4j_r2.restore.source import Source, StoredSource, Wish, chosen_source, stored_source
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.verify import verify, verify_stored
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


class Finding(Enum):
    """What an archive is found to be."""

    GOOD = auto()
    LOCKED = auto()
    """Encrypted, and good as far as that shows without a private key of it."""
    BAD = auto()


def run(invocation: Invocation) -> int:
    """Verify one backup or all, and return 0 if all is good."""
    options = invocation.options
    config = configure(invocation, logs_in=False)
    scratch = scratch_settings(invocation, config) if options.drill else None
    watch = Watch(config.stall_seconds)
    with watch.running(), watch.waiting_for(Side.R2):
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        bucket.preflight()
        if options.all:
            verify_all(bucket, config, options.database, watch)
        elif options.key or scratch:
            database = choose_database(config.databases, options.database, options.key)
            wish = Wish(database, options.key or LATEST)
            stored = chosen_source(bucket, config.r2.prefix, wish)
            if scratch is None:
                verify_one(stored, config.private_keys, watch)
            else:
                source = unlock(stored, config.private_keys)
                run_drill(scratch, config, source, prove(source, watch), watch)
        else:
            verify_latest(bucket, config, options.database, watch)
    return 0


def verify_latest(bucket: Bucket, config: Config, wished: str | None, watch: Watch) -> None:
    """Verify the latest backup of each database that is meant.

    :raises ConfigurationError: if there is none.
    """

    def verify_it(database: str) -> None:
        stored = chosen_source(bucket, config.r2.prefix, Wish(database, LATEST))
        verify_one(stored, config.private_keys, watch)

    databases = stored_databases(bucket, config, wished)
    if not databases:
        raise no_backup(bucket, config.r2.prefix)
    each_database(databases, verify_it)


def no_backup(bucket: Bucket, prefix: str) -> ConfigurationError:
    """Return the error that there is nothing to verify."""
    return ConfigurationError(f"There is no backup under s3://{bucket.name}/{prefix}/")


def verify_one(stored: StoredSource, keys: PrivateKeys | None, watch: Watch) -> None:
    """Verify a backup; without private keys an encrypted one as far as that goes.

    :raises NoKeyError: if private keys were given, and none of them opens it.
    :raises CorruptError: if it is not good.
    """
    if keys is None:
        examine(stored, None, watch)
    else:
        prove(unlock(stored, keys), watch)


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
    :raises NoKeyError: in the end, if private keys were given, and none of them opens one.
    """
    prefix, keys = config.r2.prefix, config.private_keys
    backups = [
        backup for backup in backups_in(bucket, prefix) if database in (None, backup.name.database)
    ]
    if not backups:
        raise no_backup(bucket, prefix)
    findings = [look_at(bucket, backup, keys, watch) for backup in reversed(backups)]
    report_findings(findings, f"{len(backups)} backups under {prefix}/", has_keys=keys is not None)


def report_findings(findings: Sequence[Finding], backups: str, *, has_keys: bool) -> None:
    """Say what all backups are found to be.

    :raises CorruptError: if one is not good.
    :raises NoKeyError: if private keys were given, and none of them opens one.
    """
    bad, locked = findings.count(Finding.BAD), findings.count(Finding.LOCKED)
    if bad:
        raise CorruptError(f"{bad} of {backups} are not good")
    if locked and has_keys:
        raise NoKeyError(f"None of the given private keys opens {locked} of {backups}")
    unread = f"; what is in {locked} of them takes a private key to check" if locked else ""
    log.info("All %s are good%s", backups, unread)


def look_at(
    bucket: Bucket, backup: StoredBackup, keys: PrivateKeys | None, watch: Watch
) -> Finding:
    """Verify one backup, and say what is wrong with it."""
    try:
        return examine(stored_source(bucket, backup), keys, watch)
    except CorruptError as error:
        log.warning("%s", error)
        return Finding.BAD


def examine(stored: StoredSource, keys: PrivateKeys | None, watch: Watch) -> Finding:
    """Read an archive whole, and prove what these private keys allow to prove.

    :raises CorruptError: if it is not good, or no backup.
    """
    try:
        source = unlock(stored, keys)
    except NoKeyError as error:
        if stored.manifest is None:
            raise CorruptError(f"{error}; without a manifest it is no complete backup") from error
        verify_stored(stored, stored.manifest)
        log.warning(
            "%s. Its size, SHA-256 and header are right; its statements, counts and blocks were "
            "not checked",
            error,
        )
        return Finding.LOCKED
    prove(source, watch)
    return Finding.GOOD


def prove(source: Source, watch: Watch) -> Contents:
    """Read an archive whole.

    :raises CorruptError: if it is not good, or no backup.
    """
    expected = source.manifest.export.entities if source.manifest else 0
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
        watch.waiting_for(Side.NEO4J),
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
    found = drill.differences(source, graph, outcome.node_ids, countdown.add)
    return [*outcome.problems, *found]
