"""Backs up a database that a restore is about to replace."""

from __future__ import annotations

import logging
import shlex
from dataclasses import replace
from typing import Final

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.backup.export_and_store import export_and_store
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.refuse_plain_text import look_and_refuse_plain_text
from neo4j_r2.backup.store import Destination
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import is_encrypted_key
from neo4j_r2.bucket.newest_backup import backups_of, find_newest
from neo4j_r2.commands.options import RestoreOptions
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BackupError, BucketError, GraphError, Side
from neo4j_r2.core.program_name import program_name
from neo4j_r2.graph.database_contents import DatabaseContents
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.run.lock import RunLock
from neo4j_r2.run.note_on_failure import note_on_failure
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_NO_RETRIES: Final = 0
"""Seconds: a restore does not wait for what it only tells."""
_WITHOUT: Final = "--no-safety-backup replaces the database without a backup of it"


def back_up_before_restore(
    graph: Graph, held: DatabaseContents, config: Config, lock: RunLock, watch: Watch
) -> Manifest | None:
    """Back up the database, unless it holds only a part of an archive; then return None.

    :raises GraphError: if the backup lacks a part of the schema.
    :raises ConfigurationError: if the backup would be in plain text, and earlier ones are not.
    """
    database = log_in(graph.connection)
    if held.is_marked:
        log.warning(
            "Database %s holds an unfinished restore: no backup of it. %s",
            database.name, _last_safety_backup(config, database.name, watch),
        )  # fmt: skip
        return None
    log.info(
        "Backing up database %s first: %s (--no-safety-backup skips this)", database.name, held
    )
    with note_on_failure(_WITHOUT, BackupError):
        return _back_up(graph, held, config, lock, watch)


def foresee_safety_backup(
    bucket: Bucket | None, held: DatabaseContents, config: Config, database: str
) -> None:
    """Tell in a dry run what `back_up_before_restore` would do; refuse what it would refuse.

    :param bucket: None if the archive is a file, for which a dry run needs no bucket.
    :raises ConfigurationError: if the backup would be in plain text, and earlier ones are not.
    """
    if held.is_marked:
        log.info("It holds an unfinished restore: there would be no backup of it")
        return
    protection = _protection(config)
    if bucket is not None:
        with note_on_failure(_WITHOUT, BackupError):
            look_and_refuse_plain_text(bucket, _keeping_secrets(config), database)
    elif not _keeping_secrets(config).recipients and not config.allows_plain_text:
        protection += "; if those in the bucket are encrypted, it is refused"
    log.info("The backup of it would be %s", protection)


def way_back(safety: Manifest, options: RestoreOptions) -> str:
    """Return a line that names a safety backup, and says how to get back what it holds.

    :param options: of the restore that made it: the way back leads to the same database.
    """
    key = safety.archive_key
    words = [program_name(), "restore", key, "--force"]
    words += ["--to-uri", options.to_uri] if options.to_uri else []
    words += ["--to-database", safety.database]
    words += ["--identity", "FILE"] if is_encrypted_key(key) else []
    return f"What the database held before is in {key}; to get it back: {shlex.join(words)}"


def _keeping_secrets(config: Config) -> Config:
    """Return a configuration whose backups the owner of the given private keys can read.

    A host that only restores has no public keys. But whoever gives private keys has backups that
    are not for everybody, so what is replaced is not stored in plain text.
    """
    if config.recipients or config.private_keys is None:
        return config
    return replace(config, recipients=config.private_keys.public_keys)


def _protection(config: Config) -> str:
    """Return how the backup of what is replaced is stored: the end of a sentence."""
    if config.recipients:
        return "encrypted to the public keys of BACKUP_ENCRYPTION_RECIPIENTS"
    if config.private_keys is None:
        return "in plain text: neither BACKUP_ENCRYPTION_RECIPIENTS nor --identity has public keys"
    return "encrypted to the public keys of --identity"


def _last_safety_backup(config: Config, database: str, watch: Watch) -> str:
    """Return a sentence that names the last backup that a restore made of what it replaced."""
    try:
        bucket = Bucket(config.r2, _NO_RETRIES, watch.progress)
        with watch.waiting_for(Side.R2):
            backups = backups_of(bucket, config.r2.prefix, database)
            found = find_newest(bucket, backups, lambda each: each.before_restore)
    except BucketError as error:
        return f"Whether there is one of what it held before that is not known: {error}"
    unsure = "".join(f"; {each.key} may be one, but {each.reason}" for each in found.passed_over)
    if found.manifest is None:
        return f"There is none of what it held before that{unsure}"
    return f"The last one made before a restore is {found.manifest.archive_key}{unsure}"


def _back_up(
    graph: Graph, held: DatabaseContents, config: Config, lock: RunLock, watch: Watch
) -> Manifest:
    database = log_in(graph.connection)
    bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
    with watch.waiting_for(Side.R2):
        bucket.preflight()
        keeping = _keeping_secrets(config)
        look_and_refuse_plain_text(bucket, keeping, database.name)
    log.info("The backup of it is %s", _protection(config))
    progress = Progress(held.nodes + held.relationships, watch.progress)
    # It is verified, because it is about to be the only copy.
    settings = replace(StoreSettings.of(keeping), verify_after=True)
    origin = Origin(database, now(), before_restore=True)
    destination = Destination(bucket, settings, lock, watch, progress)
    manifest = export_and_store(graph, "manual", origin, destination)
    if names := manifest.export.unstated_schema:
        raise GraphError(
            f"The backup lacks {', '.join(names)}, because Neo4j does not say how to create them"
        )
    if not manifest.export.consistent:
        log.warning(
            "Somebody is writing to the database: changes that are not in that backup are lost"
        )
    return manifest
