"""Chooses the backup, or the database, that a command's options mean: a pure decision."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from neo4j_r2.bucket.backups import StoredBackup
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.config.parsers import ALL_DATABASES, LATEST
from neo4j_r2.core.errors import ConfigurationError

_SUGGESTIONS: Final = 3


def choose_database(configured: Sequence[str], wished: str | None, key: str | None) -> str:
    """Return the name of the one database that is meant.

    :param configured: one name, several, or `ALL_DATABASES`.
    :param wished: the name that an option gives; None without the option.
    :param key: the key of an archive, or the path of its file. It decides if several databases are
        configured and no option names one.
    :raises ConfigurationError: if several databases could be meant.
    """
    if wished is not None:
        return wished
    if len(configured) == 1 and tuple(configured) != ALL_DATABASES:
        return configured[0]
    name = (key or "").rpartition("/")[2]
    parsed = parse_key(f"-/{name}", "-")
    if parsed is not None:
        return parsed[0].database
    raise ConfigurationError(
        "NEO4J_DATABASE names more than one database: say which one is meant (--database)"
    )


def choose(
    backups: Sequence[StoredBackup], database: str, key: str, at: datetime | None
) -> StoredBackup:
    """Return the backup that has a key, or the latest complete backup of a database.

    :param backups: oldest first. A key can name an incomplete backup too.
    :param key: the key of an archive or a manifest, with or without the prefix; or `LATEST`.
    :param at: the latest backup must not be taken after this time; None sets no limit.
    :raises ConfigurationError: if there is no such backup; the message suggests the nearest keys.
    """
    if key == LATEST:
        return _latest(backups, database, at)
    for backup in backups:
        if key in {name for full in _keys(backup) for name in (full, full.rpartition("/")[2])}:
            return backup
    known = [name for backup in backups for name in _keys(backup)]
    nearest = difflib.get_close_matches(key, known, _SUGGESTIONS, 0.0)
    hint = f"; nearest are {', '.join(nearest)}" if nearest else "; there are none at all"
    raise ConfigurationError(f"There is no backup {key}{hint}")


def _latest(backups: Sequence[StoredBackup], database: str, at: datetime | None) -> StoredBackup:
    complete = [
        backup
        for backup in backups
        if backup.manifest_key and backup.archives and backup.name.database == database
    ]
    candidates = [backup for backup in complete if at is None or backup.name.taken <= at]
    if candidates:
        return candidates[-1]
    if complete:
        first = complete[0].name.taken.isoformat()
        raise ConfigurationError(f"There is no backup that old; the oldest is of {first}")
    raise ConfigurationError(f"There is no backup of database {database}")


def _keys(backup: StoredBackup) -> list[str]:
    keys = [key for key, _ in backup.archives]
    return [*keys, backup.manifest_key] if backup.manifest_key else keys
