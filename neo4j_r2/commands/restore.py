"""Restores an archive into a database: reads and checks all of it, and then replays it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from neo4j_r2.archive.items import Item
from neo4j_r2.backup.row_state import forget_rows
from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure, configure_target, take_state
from neo4j_r2.commands.forget_damaged import forgetting_if_damaged
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.open_source import open_source
from neo4j_r2.commands.options import RestoreOptions
from neo4j_r2.commands.read_time import read_time
from neo4j_r2.commands.safety_backup import (
    back_up_before_restore,
    foresee_safety_backup,
    way_back,
)
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import ConfigurationError, GraphError, Side
from neo4j_r2.graph.database_contents import DatabaseContents, database_contents
from neo4j_r2.graph.fit_for_restore import refuse_unfit_for_restore
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.check_archive import check_before_restore
from neo4j_r2.restore.fill import Announcements, Counts, Restore
from neo4j_r2.restore.item_cache import ItemCache
from neo4j_r2.restore.replay_archive import expected_counts, items_to_replay, replay_archive
from neo4j_r2.restore.source import Source, file_source
from neo4j_r2.run.lock import RunLock, run_lock
from neo4j_r2.run.note_on_failure import UNCHANGED, note_on_failure
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_INCOMPLETE: Final = (
    "The {place} is left incomplete, and marked so that it is not backed up: run the same command "
    "again with --force{without}"
)
_WITHOUT_SKIPPING: Final = " and without --skip-verify, which finds what cannot be restored"
_WITHOUT_R2: Final = (
    "only the backup of what is replaced goes to R2: --no-safety-backup leaves it out"
)
_NOT_ENCRYPTED_AGAIN: Final = (
    "The restored backup was encrypted, but the next one will be in plain text, or refused: set "
    "BACKUP_ENCRYPTION_RECIPIENTS to public keys (age1...)"
)


@dataclass(frozen=True)
class Plan:
    """A restore that may begin: its archive is good, and the database may be replaced."""

    database: str
    place: str
    held: DatabaseContents
    replaces: bool
    items: Iterable[Item]
    counts: Counts | None
    way_back: str
    """How to get back what is replaced; empty if there is no backup of it."""
    is_checked: bool
    """Whether the whole archive was read before."""
    source: Source


def run(invocation: Invocation[RestoreOptions]) -> int:
    """Restore, and return 0 if the database then is what the archive says."""
    options = invocation.options
    with note_on_failure(UNCHANGED):
        if options.from_file:
            file_source(Path(options.from_file))  # a wrong path is told before anything else
        config = read_settings(invocation)
    watch = Watch(config.stall_seconds)
    with ExitStack() as stack:
        with note_on_failure(UNCHANGED):
            lock = None
            if not options.dry_run:
                config = take_state(invocation, config)
                lock = stack.enter_context(run_lock(config.service.state_directory))
            stack.enter_context(watch.running())
            graph = stack.enter_context(Graph(config.neo4j, config.retry_seconds))
            target = stack.enter_context(Target(config.neo4j))
            plan = prepare(options, config, graph, lock, watch)
        if lock is None:
            log.info("Dry run: nothing was changed")
        else:
            if not options.to_uri:
                forget_rows(config.service.state_directory, plan.database)
            with forgetting_if_damaged(config, plan.source):
                carry_out(plan, graph, target, watch)
            if plan.source.is_encrypted and not config.recipients and not options.to_uri:
                log.warning(_NOT_ENCRYPTED_AGAIN)
    return 0


def prepare(
    options: RestoreOptions, config: Config, graph: Graph, lock: RunLock | None, watch: Watch
) -> Plan:
    """Find and check the archive, and back up what it replaces. The database is not changed.

    :param lock: None for a dry run, which makes no backup.
    :raises BackupError: if the restore must not begin.
    """
    at = read_time(options.at, config.service.time_zone, now()) if options.at else None
    bucket = None
    if not options.from_file:
        bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
    database = log_in(graph.connection).name
    place = f"database {database} of {config.neo4j.uri}"
    refuse_unfit_for_restore(graph.connection, database)
    held = database_contents(graph)
    if not options.dry_run:  # which first tells whether the archive is good
        refuse_obstacles(held.data_obstacles(), held, place, options)
    with watch.waiting_for(Side.R2):
        source = open_source(options, config, bucket, at)
    log.info("Restoring %s into %s", source.label, place)
    cache = contents = safety = None
    if not options.skip_verify:
        cache = ItemCache()
        with forgetting_if_damaged(config, source):
            contents = check_before_restore(source, graph, watch, cache)
    held = database_contents(graph)  # again, because the check can take long
    obstacles = held.obstacles(contents.schema if contents else None)
    refuse_obstacles(obstacles, held, place, options)
    if obstacles and lock is None:
        log.info("Would replace %s: %s", place, held)
        if options.no_safety_backup:
            log.info("There would be no backup of it, because of --no-safety-backup")
        else:
            foresee_safety_backup(bucket, held, config, database)
    elif obstacles and lock and not options.no_safety_backup:
        safety = back_up_before_restore(graph, held, config, lock, watch)
    items = items_to_replay(source, cache, watch)
    counts = expected_counts(source, contents)
    return Plan(
        database=database,
        place=place,
        held=held,
        replaces=bool(obstacles),
        items=items,
        counts=counts,
        way_back=way_back(safety, options) if safety else "",
        is_checked=cache is not None,
        source=source,
    )


def carry_out(plan: Plan, graph: Graph, target: Target, watch: Watch) -> None:
    """Replay the archive. However that ends, say how to get back what was replaced."""
    announcements = Announcements(
        replacing=f"Replacing {plan.place}: {plan.held}",
        incomplete=_INCOMPLETE.format(
            place=plan.place, without="" if plan.is_checked else _WITHOUT_SKIPPING
        ),
    )
    restore = Restore(graph, target, watch.progress, announcements)
    try:
        replay_archive(restore, plan.items, plan.counts, watch, replaces=plan.replaces)
    finally:
        if plan.way_back:
            log.info("%s", plan.way_back)


def read_settings(invocation: Invocation[RestoreOptions]) -> Config:
    """Return the configuration, with the Neo4j that is restored into as its Neo4j.

    R2's variables are needed unless the archive is a file and there is no safety backup.

    :raises ConfigurationError: naming every variable that is wrong.
    """
    options = invocation.options
    may_replace = options.force and not options.dry_run
    makes_safety_backup = may_replace and not options.no_safety_backup
    could_do_without = options.from_file and makes_safety_backup
    with note_on_failure(_WITHOUT_R2, ConfigurationError) if could_do_without else nullcontext():
        config = configure(
            invocation,
            logs_in=not options.to_uri,
            uses_bucket=makes_safety_backup or not options.from_file,
            identity=options.identity,
        )
    settings = config.neo4j
    if options.to_uri:
        settings = configure_target(invocation, config, options.to_uri)
    return replace(config, neo4j=replace(settings, database=target_database(config, options)))


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
