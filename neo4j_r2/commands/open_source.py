"""Opens the archive that a `restore` names: a file, or one of the stored backups."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from neo4j_r2.bucket.choose_backup import choose_database
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.commands.options import FetchOptions, RestoreOptions
from neo4j_r2.config.parsers import LATEST
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.local_time import shown
from neo4j_r2.restore.source import (
    Source,
    StoredSource,
    Wish,
    chosen_source,
    file_source,
    has_nodes,
    latest_with_nodes,
)
from neo4j_r2.restore.unlock import unlock

log = logging.getLogger(__name__)


def open_source(
    options: RestoreOptions, config: Config, bucket: Bucket | None, at: datetime | None
) -> Source:
    """Return the archive that the command line names, and log which backup a time has chosen.

    :param bucket: None if the archive is a file.
    :param at: the time that `--at` means; None without it.
    :raises NoKeyError: if the archive is encrypted, and no given private key opens it.
    """
    stored = _find(options, config, bucket, at)
    tell_choice(stored, config, at)
    source = unlock(stored, config.private_keys)
    return replace(source, allows_any_statement=options.allow_any_statement)


def tell_choice(stored: StoredSource, config: Config, at: datetime | None) -> None:
    """Log which backup a time has chosen, if one was given."""
    if at is not None and (parsed := parse_key(stored.label, config.r2.prefix)):
        zone = config.service.time_zone
        taken = shown(parsed[0].taken, zone)
        log.info(
            "The latest backup up to %s is %s, taken at %s", shown(at, zone), stored.label, taken
        )


def _find(
    options: RestoreOptions, config: Config, bucket: Bucket | None, at: datetime | None
) -> StoredSource:
    if options.from_file is not None:
        return file_source(Path(options.from_file))
    if bucket is None:
        raise AssertionError("an archive in the bucket needs the bucket")
    bucket.preflight()
    return find_stored(options, config, bucket, at)


def find_stored(
    options: RestoreOptions | FetchOptions, config: Config, bucket: Bucket, at: datetime | None
) -> StoredSource:
    """Return the stored backup that the command line names.

    :raises ConfigurationError: if it is the latest one, and of an empty graph, but another is not.
    """
    database = choose_database(config.databases, options.database, options.key)
    wish = Wish(database, options.key or LATEST, at)
    stored = chosen_source(bucket, config.r2.prefix, wish)
    if wish.key == LATEST:
        _refuse_empty(stored, partial(latest_with_nodes, bucket, config.r2.prefix, wish, stored))
    return stored


def _refuse_empty(source: StoredSource, find_other: Callable[[], str | None]) -> None:
    """Refuse the backup of an empty graph: the data was probably lost before it was made.

    :param find_other: returns the key of the latest backup of a graph that was not empty, or None.
    :raises ConfigurationError: if there is such a backup.
    """
    if source.manifest is None or has_nodes(source.manifest):
        return
    other = find_other()
    if other is None:
        return  # the graph was empty in all of them
    raise ConfigurationError(
        f"The latest backup, {source.label}, is of an empty graph; the latest one with data is "
        f"{other}: give the key of the one that you mean"
    )
