"""Drills one backup: finds it, restores it into the scratch Neo4j, asks and stores the proof."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from neo4j_r2.archive.proof import Answer
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.connect import QUICK_SECONDS
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.bucket.newest_backup import backups_of, find_newest, is_of
from neo4j_r2.bucket.removed_backup import was_removed
from neo4j_r2.commands.forget_damaged import forgetting_if_damaged
from neo4j_r2.commands.identity_file import VARIABLE
from neo4j_r2.commands.record_look import record_faults
from neo4j_r2.commands.record_proof import Proved, record_proof
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.config.parsers import ALL_DATABASES, LATEST
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import (
    BackupGoneError,
    BucketError,
    ConfigurationError,
    CorruptError,
    GraphError,
    NoBackupError,
    Side,
)
from neo4j_r2.core.figures import counted, duration
from neo4j_r2.core.patience import Patience
from neo4j_r2.graph.login import log_in, wait_until_ready
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.ask import ask, explain_questions
from neo4j_r2.restore.questions import Question
from neo4j_r2.restore.run_drill import run_drill
from neo4j_r2.restore.scratch import BackedUp, ClaimedScratch, Scratch
from neo4j_r2.restore.source import Source, StoredSource, Wish, chosen_source
from neo4j_r2.restore.unlock import unlock
from neo4j_r2.run.database_drill import DatabaseDrill
from neo4j_r2.run.drill_record import DrillRecord
from neo4j_r2.run.drill_state import DrillFile
from neo4j_r2.run.phases import ASK, EMPTY
from neo4j_r2.run.stall_watch import Watch
from neo4j_r2.run.state import StateFile

log = logging.getLogger(__name__)

_TRIES: Final = 3
"""How many backups are tried if each is removed while it is drilled."""


@dataclass(frozen=True)
class Drills:
    """What all drills of one run share."""

    config: Config
    databases: Sequence[str]
    """All whose backups are drilled."""
    questions: tuple[Question, ...]
    record: DrillRecord
    bucket: Bucket
    watch: Watch
    patience: Patience
    """How long to wait at the beginning for a Neo4j or an R2 that is briefly away."""


def drill_database(drills: Drills, database: str, key: str | None, drill: DatabaseDrill) -> None:
    """Drill a backup of a database. If there is none at all, that is no failure.

    A prune on another host may remove a backup while it is drilled. Then the latest one is drilled.

    :param key: the key of the backup; None means the latest one.
    :raises BackupError: if the drill fails.
    """
    for left in reversed(range(_TRIES)):
        with drills.watch.waiting_for(Side.R2):
            stored = _find(drills, database, key)
        if stored is None:
            log.info("There is no backup of database %s yet: nothing to drill", database)
            drill.has_backup = False
            return
        try:
            _drill(drills, database, stored, drill)
        except BucketError as error:
            if not _is_gone(drills.bucket, drills.config.r2.prefix, stored.label, error):
                raise
            if key or not left:
                raise BackupGoneError(f"{stored.label} was removed while it was drilled") from error
            log.warning(
                "%s was removed while it was drilled; drilling the latest backup instead",
                stored.label,
            )
        else:
            return


def _find(drills: Drills, database: str, key: str | None) -> StoredSource | None:
    """Return the backup that is to be drilled; None if there is none yet."""
    with drills.patience.spending(QUICK_SECONDS) as seconds:
        drills.bucket.preflight(seconds)
    return find_backup(drills.config, drills.bucket, database, key)


def find_backup(
    config: Config, bucket: Bucket, database: str, key: str | None
) -> StoredSource | None:
    """Return the backup that is to be drilled, and record what was found of the newest ones.

    :param key: the key of the backup; None means the latest one.
    :returns: None if there was never any.
    :raises CorruptError: if this host knows of a backup, but the bucket has none.
    """
    prefix = config.r2.prefix
    try:
        stored = chosen_source(bucket, prefix, Wish(database, key or LATEST))
    except NoBackupError as error:
        newest = find_newest(bucket, backups_of(bucket, prefix, database), is_of(database, None))
        record_faults(config, database, newest)
        if last := _last_known_key(config.service.state_directory, database):
            raise CorruptError(
                f"{last} should be a complete backup, but is none: {error}"
            ) from error
        return None
    if stored.newest:
        record_faults(config, database, stored.newest)
    if parse_key(stored.label, prefix) is None:
        raise ConfigurationError(
            f"{stored.label} is no backup under {prefix}/, so it can have no proof; "
            "`verify --drill` drills it without one"
        )
    return stored


def _last_known_key(directory: Path, database: str) -> str | None:
    """Return the archive's key of the last backup that this host has made or proved, if any."""
    state, drills = StateFile(directory).read(), DrillFile(directory).read()
    last = state.of(database).last_backup if state else None
    proof = drills.of(database).last_proof if drills else None
    known = last or proof
    return known.archive_key if known else None


def _is_gone(bucket: Bucket, prefix: str, label: str, error: BucketError) -> bool:
    """Whether a drill has failed because its backup was removed."""
    parsed = parse_key(label, prefix)
    return parsed is not None and was_removed(bucket, parsed[0].manifest_key, error)


def _drill(drills: Drills, database: str, stored: StoredSource, drill: DatabaseDrill) -> None:
    config, watch = drills.config, drills.watch
    drill.begin(stored.label)
    log.info("Starting restore drill of %s", stored.label)
    source = unlock(stored, config.private_keys, VARIABLE)
    settings = config.drill.scratch(database)
    with (
        watch.waiting_for(Side.NEO4J),
        Graph(settings, config.retry_seconds) as graph,
        Target(settings) as target,
    ):
        with drills.patience.spending() as seconds:
            wait_until_ready(partial(log_in, graph.connection), seconds, watch.progress)
        scratch = ClaimedScratch(
            graph, target, _backed_up(drills, source), watch.progress, drills.record
        )
        scratch.admit()
        explain_questions(graph.connection, drills.questions)
        with forgetting_if_damaged(config, source):
            drilled = run_drill(scratch, source, watch, drill.phases)
        answers = _ask(drills, scratch, source, drill)
        result = Proved(stored, source, drilled, answers, now())
        with watch.waiting_for(Side.R2):
            problem = record_proof(config, drills.bucket, result, drill)
        _empty(scratch, drill)
    if problem:
        raise problem
    log.info(
        "The drill succeeded: %s comes back %s; restored in %s",
        source.label, drilled.how, duration(timedelta(seconds=drill.phases.restore_seconds)),
    )  # fmt: skip


def _backed_up(drills: Drills, source: Source) -> BackedUp:
    """Return what is known of the databases that no drill may touch."""
    config = drills.config
    state = StateFile(config.service.state_directory).read()
    known = state.databases.values() if state else ()
    ids = {each.last_backup.database_id for each in known if each.last_backup}
    settings: list[Neo4jSettings] = []
    if config.neo4j.password:
        expected = state.expected if state else ()
        asked = source_databases(config.databases, expected, drills.databases)
        settings = [config.of(database).neo4j for database in asked]
    else:
        log.debug("NEO4J_PASSWORD is not set: the Neo4j that is backed up is not asked who it is")
    return BackedUp(ids | ({source.manifest.database_id} if source.manifest else set()), settings)


def source_databases(
    configured: Sequence[str], expected: Sequence[str], drilled: Sequence[str]
) -> list[str]:
    """Return the databases of the Neo4j that is backed up, as far as this host knows them.

    All of them are asked who they are, whichever are drilled: the scratch database must be none.

    :param configured: can be `ALL_DATABASES`.
    :param expected: those that this host backs up.
    """
    named = () if configured == ALL_DATABASES else configured
    return list(dict.fromkeys([*named, *expected, *drilled]))


def _ask(
    drills: Drills, scratch: Scratch, source: Source, drill: DatabaseDrill
) -> Sequence[Answer]:
    """Ask the questions, and return the answers.

    :raises CorruptError: naming those whose answer is not as expected.
    """
    if not drills.questions:
        return ()
    with drill.phases.phase(ASK):
        asked = ask(scratch.graph.connection, drills.questions, drills.watch)
    drill.questions_asked = len(drills.questions)
    drill.questions_failed = tuple(asked.failed)
    if asked.failed:
        which = f"{len(asked.failed)} of {counted(len(drills.questions), 'question')}"
        names = ", ".join(asked.failed)
        raise CorruptError(f"The drill failed: {which}: {names}; {scratch.holding(source.label)}")
    return asked.answers


def _empty(scratch: Scratch, drill: DatabaseDrill) -> None:
    """Empty the scratch database.

    :raises GraphError: if that fails; the backup is proved all the same.
    """
    log.info("Emptying %s", scratch.uri)
    try:
        with drill.phases.phase(EMPTY):
            scratch.empty()
    except GraphError as error:
        raise GraphError(
            f"The backup is proved, but emptying {scratch.uri} failed: {error}"
        ) from error
