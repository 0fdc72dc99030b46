"""Restores an archive into a database: reads and checks the whole of it, then replays it."""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from neo4j_r2.archive.contents import Contents, rows_in
from neo4j_r2.archive.items import Item
from neo4j_r2.backup.export_and_store import export_and_store
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.store import Destination
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure, configure_target
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import ConfigurationError, CorruptError, GraphError, Side
from neo4j_r2.graph.database_contents import DatabaseContents, database_contents
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.fill import Counts, Outcome, Restore, read_ahead
from neo4j_r2.restore.item_cache import ItemCache
from neo4j_r2.restore.source import (
    Source,
    StoredSource,
    Wish,
    chosen_source,
    file_source,
    has_nodes,
)
from neo4j_r2.restore.try_values import try_values
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.restore.verify import verify
from neo4j_r2.run.lock import RunLock, run_lock
from neo4j_r2.run.progress import Countdown, Progress
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_ADVICE: Final = (
    "The {place} is left incomplete, and marked so that it is not backed up: run the same command "
    "again with --force"
)


def run(invocation: Invocation) -> int:
    """Restore, and return 0 if the database then is what the archive says."""
    options = invocation.options
    config, settings = read_settings(invocation)
    watch = Watch(config.stall_seconds)
    with ExitStack() as stack:
        lock = None
        if not options.dry_run:
            lock = stack.enter_context(run_lock(config.service.state_directory))
        stack.enter_context(watch.running())
        bucket = None
        if not options.from_file:
            bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        graph = stack.enter_context(Graph(settings, config.retry_seconds))
        target = stack.enter_context(Target(settings))
        place = f"database {log_in(graph.connection).name} of {settings.uri}"
        held = database_contents(graph)
        refuse(held.data_obstacles(), held, place, options)
        with watch.waiting_for(Side.R2):
            source = open_source(options, config, bucket)
        log.info("Restoring %s into %s", source.label, place)
        kept = ItemCache()
        contents = None if options.skip_verify else check(source, graph, watch, kept)
        held = database_contents(graph)  # once more, as the check can take long
        obstacles = held.obstacles(contents.schema if contents else None)
        refuse(obstacles, held, place, options)
        if obstacles:
            log.info("Replacing %s: %s", place, held)
        if lock is None:
            log.info("Dry run: nothing was changed")
            return 0
        if obstacles and not options.no_safety_backup:
            keep_safe(graph, held, config, lock, watch)
        restore = Restore(graph, target, watch.progress, _ADVICE.format(place=place))
        items = open_items(source, kept if contents else None, watch)
        counts = expected_counts(source, contents)
        report_outcome(*fill(items, counts, restore, watch, replaces=bool(obstacles)))
    return 0


def read_settings(invocation: Invocation) -> tuple[Config, Neo4jSettings]:
    """Return the configuration, and the Neo4j that is restored into.

    :raises ConfigurationError: naming every variable that is wrong; R2's are not needed for a file.
    """
    options = invocation.options
    keeps_safe = options.force and not options.no_safety_backup
    uses_bucket = keeps_safe or not options.from_file
    config = configure(invocation, logs_in=not options.to_uri, uses_bucket=uses_bucket)
    settings = config.neo4j
    if options.to_uri:
        settings = configure_target(invocation, config, options.to_uri)
    return config, replace(settings, database=target_database(config, options))


def target_database(config: Config, options: argparse.Namespace) -> str:
    """Return the name of the database that is restored into.

    :raises ConfigurationError: if it could be more than one.
    """
    named: str | None = options.to_database or options.database
    return choose_database(config.databases, named, options.key or options.from_file)


def refuse(
    obstacles: Sequence[str], held: DatabaseContents, place: str, options: argparse.Namespace
) -> None:
    """Leave a database alone that is not to be replaced.

    :raises GraphError: if there are obstacles, and nobody forces it.
    """
    if obstacles and not options.force:
        without = held.is_marked or options.no_safety_backup
        raise GraphError(
            f"The {place} is left as it is: {'; '.join(obstacles)}. --force replaces all that it "
            f"holds, {'without' if without else 'after'} a backup of it"
        )


def open_source(options: argparse.Namespace, config: Config, bucket: Bucket | None) -> Source:
    """Return the archive that the command line means.

    :param bucket: None if it is a file.
    :raises NoKeyError: if it is encrypted, and no private key was given that opens it.
    """
    if bucket:
        stored = choose_stored(options, config, bucket)
    else:
        stored = file_source(Path(options.from_file))
    source = unlock(stored, config.private_keys)
    return replace(source, allows_any_statement=options.allow_any_statement)


def choose_stored(options: argparse.Namespace, config: Config, bucket: Bucket) -> StoredSource:
    """Return the stored archive that the command line means, once the bucket answers."""
    bucket.preflight()
    database = choose_database(config.databases, options.database, options.key)
    wish = Wish(database, options.key or LATEST, options.at)
    find = partial(chosen_source, bucket, config.r2.prefix, wish)
    stored = find()
    if wish.key == LATEST:
        refuse_empty(stored, partial(find, has_nodes))
    return stored


def refuse_empty(source: StoredSource, find_other: Callable[[], StoredSource]) -> None:
    """Take no empty graph for the one that is to come back: it was lost before that backup.

    :raises ConfigurationError: if there is a backup of one that was not empty.
    """
    if source.manifest is None or has_nodes(source.manifest):
        return
    try:
        other = find_other()
    except ConfigurationError:
        return  # none had any nodes
    raise ConfigurationError(
        f"The latest backup, {source.label}, is of an empty graph; the latest one that is not is "
        f"{other.label}: give the key of the one that you mean"
    )


def check(source: Source, graph: Graph, watch: Watch, kept: ItemCache) -> Contents:
    """Read the whole archive.

    :param kept: is given all that is in it.
    :raises CorruptError: if anything is wrong with it; the database is not touched.
    """
    log.info("Checking the archive")
    expected = source.manifest.export.entities if source.manifest else 0
    countdown = Countdown("Checked", expected, watch.progress)

    def on_item(item: Item) -> None:
        countdown.add(rows_in(item))
        kept.add(item)
        if source.manifest is None:
            try_values(item, graph)

    with watch.waiting_for(Side.R2):
        contents = verify(source, on_item)
    log.info(
        "The archive is good: %s nodes, %s relationships, %d statements of the schema",
        f"{contents.nodes:,}", f"{contents.relationships:,}", len(contents.schema),
    )  # fmt: skip
    if source.manifest is None:
        log.warning("It has no manifest: what is missing cannot be told")
    return contents


def keep_safe(
    graph: Graph, held: DatabaseContents, config: Config, lock: RunLock, watch: Watch
) -> None:
    """Back up what is about to be replaced, unless it is a part of an archive."""
    database = log_in(graph.connection)
    if held.is_marked:
        log.warning("Database %s holds an unfinished restore: no backup of it", database.name)
        return
    log.info("Backing up database %s first (--no-safety-backup skips this)", database.name)
    bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
    with watch.waiting_for(Side.R2):
        bucket.preflight()
    progress = Progress(held.nodes + held.relationships, watch.progress)
    # Verified: it is about to be the only copy.
    settings = replace(StoreSettings.of(config), verify_after=True)
    origin = Origin(database, now(), before_restore=True)
    destination = Destination(bucket, settings, lock, watch, progress)
    manifest = export_and_store(graph, "manual", origin, destination)
    if not manifest.export.consistent:
        log.warning("Somebody writes to the database: what is not in that backup is lost")


def open_items(source: Source, kept: ItemCache | None, watch: Watch) -> Iterable[Item]:
    """Return what is to be replayed: what the check has kept, or what is read now.

    :param kept: None if the archive was not checked.
    """
    if kept is None:
        log.warning("Not checked first: damage in it would leave the database incomplete")
    elif kept.is_whole:
        return kept.release()
    return read_ahead(source.items(), watch)


def fill(
    items: Iterable[Item],
    counts: Counts | None,
    restore: Restore,
    watch: Watch,
    *,
    replaces: bool,
) -> tuple[Outcome, Countdown]:
    """Replay the archive; return what came of it, and the time it took."""
    total = counts.labels.total() + counts.types.total() if counts else 0
    countdown = Countdown("Restored", total, watch.progress)
    return restore.run(items, counts, countdown.add, replaces=replaces), countdown


def expected_counts(source: Source, contents: Contents | None) -> Counts | None:
    """Return how many entities there have to be in the end, None if that cannot be known."""
    if contents is not None:
        return Counts(contents.labels, contents.types) if contents.is_countable else None
    if source.manifest is None:
        return None
    export = source.manifest.export
    return Counts(Counter(export.nodes_by_labels), Counter(export.relationships_by_type))


def report_outcome(outcome: Outcome, countdown: Countdown) -> None:
    """Report what the database holds now.

    :raises CorruptError: if that is not what the archive says.
    """
    size = f"{outcome.nodes:,} nodes, {outcome.relationships:,} relationships"
    for problem in outcome.problems:
        log.warning("%s", problem)
    if outcome.problems:
        raise CorruptError(f"The data is restored ({size}), but not all is as the archive says")
    log.info("Restore completed successfully! %s in %.0f s", size, countdown.seconds)
