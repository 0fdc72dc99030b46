"""Restores an archive into a database: reads and checks all of it, and then replays it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final

from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure, configure_target, take_state
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.open_source import open_source
from neo4j_r2.commands.options import RestoreOptions
from neo4j_r2.commands.read_time import read_time
from neo4j_r2.commands.safety_backup import back_up_before_restore
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import GraphError, Side
from neo4j_r2.graph.database_contents import DatabaseContents, database_contents
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.check_archive import check_before_restore
from neo4j_r2.restore.fill import Restore
from neo4j_r2.restore.item_cache import ItemCache
from neo4j_r2.restore.replay_archive import expected_counts, items_to_replay, replay_archive
from neo4j_r2.run.lock import run_lock
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_ADVICE: Final = (
    "The {place} is left incomplete, and marked so that it is not backed up: run the same command "
    "again with --force"
)


def run(invocation: Invocation[RestoreOptions]) -> int:
    """Restore, and return 0 if the database then is what the archive says."""
    options = invocation.options
    config, settings = read_settings(invocation)
    at = read_time(options.at, config.service.time_zone, now()) if options.at else None
    watch = Watch(config.stall_seconds)
    with ExitStack() as stack:
        lock = None
        if not options.dry_run:
            config = take_state(invocation, config)
            lock = stack.enter_context(run_lock(config.service.state_directory))
        stack.enter_context(watch.running())
        bucket = None
        if not options.from_file:
            bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
        graph = stack.enter_context(Graph(settings, config.retry_seconds))
        target = stack.enter_context(Target(settings))
        place = f"database {log_in(graph.connection).name} of {settings.uri}"
        held = database_contents(graph)
        refuse_obstacles(held.data_obstacles(), held, place, options)
        with watch.waiting_for(Side.R2):
            source = open_source(options, config, bucket, at)
        log.info("Restoring %s into %s", source.label, place)
        cache = contents = None
        if not options.skip_verify:
            cache = ItemCache()
            contents = check_before_restore(source, graph, watch, cache)
        held = database_contents(graph)  # again, because the check can take long
        obstacles = held.obstacles(contents.schema if contents else None)
        refuse_obstacles(obstacles, held, place, options)
        if obstacles:
            log.info("Replacing %s: %s", place, held)
        if lock is None:
            log.info("Dry run: nothing was changed")
            return 0
        if obstacles and not options.no_safety_backup:
            back_up_before_restore(graph, held, config, lock, watch)
        restore = Restore(graph, target, watch.progress, _ADVICE.format(place=place))
        items = items_to_replay(source, cache, watch)
        counts = expected_counts(source, contents)
        replay_archive(restore, items, counts, watch, replaces=bool(obstacles))
    return 0


def read_settings(invocation: Invocation[RestoreOptions]) -> tuple[Config, Neo4jSettings]:
    """Return the configuration, and how to log in to the Neo4j that is restored into.

    R2's variables are needed unless the archive is a file and there is no safety backup.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    options = invocation.options
    makes_safety_backup = options.force and not options.no_safety_backup
    config = configure(
        invocation,
        logs_in=not options.to_uri,
        uses_bucket=makes_safety_backup or not options.from_file,
        identity=options.identity,
    )
    settings = config.neo4j
    if options.to_uri:
        settings = configure_target(invocation, config, options.to_uri)
    return config, replace(settings, database=target_database(config, options))


def target_database(config: Config, options: RestoreOptions) -> str:
    """Return the name of the database that is restored into.

    :raises ConfigurationError: if it could be more than one.
    """
    named = options.to_database or options.database
    return choose_database(config.databases, named, options.key or options.from_file)


def refuse_obstacles(
    obstacles: Sequence[str], held: DatabaseContents, place: str, options: RestoreOptions
) -> None:
    """Refuse to replace what a database holds, unless `--force` is given.

    :raises GraphError: naming the obstacles.
    """
    if obstacles and not options.force:
        without = held.is_marked or options.no_safety_backup
        raise GraphError(
            f"The {place} is left as it is: {'; '.join(obstacles)}. --force replaces all that it "
            f"holds, {'without' if without else 'after'} a backup of it"
        )
