"""Chooses the backup, or the database, that a command's options mean: a pure decision."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from neo4j_r2.bucket.backups import StoredBackup
from neo4j_r2.bucket.keys import PROOF_SUFFIX, parse_key
from neo4j_r2.config.parsers import ALL_DATABASES
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.local_time import shown
from neo4j_r2.core.printable import printable

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
    if named := database_of_key(key or ""):
        return named
    raise ConfigurationError(
        "NEO4J_DATABASE names more than one database: say which one is meant (--database)"
    )


def database_of_key(key: str) -> str | None:
    """Return the name of the database in the key of an archive or a manifest; None without one.

    :param key: with or without the prefix or the extension; or the path of a file.
    """
    name = key.rpartition("/")[2]
    parsed = parse_key(f"-/{name}", "-") or parse_key(f"-/{name}.manifest.json", "-")
    return parsed[0].database if parsed else None


def choose(backups: Sequence[StoredBackup], key: str) -> StoredBackup:
    """Return the backup that has a key, complete or not.

    :param key: the key of an archive or a manifest, with or without the prefix or the extension.
    :raises ConfigurationError: if there is no such backup; the message suggests the nearest keys.
    """
    for backup in backups:
        names = [*_keys(backup), f"{backup.name.prefix}/{backup.name.stem}"]
        if key in {name for full in names for name in (full, full.rpartition("/")[2])}:
            return backup
    raise no_such_backup(backups, key)


def no_such_backup(
    backups: Sequence[StoredBackup], key: str, other_prefix: str = ""
) -> ConfigurationError:
    """Return the error that no backup has a key, with the nearest archives' keys.

    :param other_prefix: the prefix of these backups, if it is not the configured one.
    """
    known = [archive for backup in backups for archive, _ in backup.archives]
    nearest = difflib.get_close_matches(key, known, _SUGGESTIONS, 0.0)
    there = f" with BACKUP_PREFIX={printable(other_prefix)}" if other_prefix else ""
    hint = f"; nearest are {', '.join(nearest)}; `list`{there} shows all" if nearest else ""
    return ConfigurationError(f"There is no backup {key}{hint}")


def taken_up_to(
    backups: Sequence[StoredBackup], database: str, at: datetime | None
) -> list[StoredBackup]:
    """Return the backups among which the latest one of a database is, in their order.

    :param at: the latest time that a backup may be taken at; None sets no limit.
    """
    return [
        backup
        for backup in backups
        if backup.name.database == database and (at is None or backup.name.taken <= at)
    ]


def oldest_is_younger(
    backups: Sequence[StoredBackup], database: str, at: datetime | None
) -> ConfigurationError | None:
    """Return the error that all backups of a database are younger than a time, if that is so.

    :param backups: oldest first.
    """
    times = [
        backup.name.taken
        for backup in taken_up_to(backups, database, None)
        if backup.manifest_key and backup.archives
    ]
    if not times or at is None or times[0] <= at:
        return None
    zone = at.tzinfo or UTC
    return ConfigurationError(
        f"There is no backup of database {database} that old, up to {shown(at, zone)}; the oldest "
        f"is of {shown(times[0], zone)}"
    )


def plain_key(key: str, bucket: str) -> str:
    """Return the key in a text that may also be an address, as in `s3://BUCKET/KEY`.

    :raises ConfigurationError: if the address is in another bucket.
    """
    scheme, separator, address = key.partition("://")
    if not separator or scheme.lower() != "s3":
        return key
    named, _, rest = address.partition("/")
    if named != bucket or not rest:
        raise ConfigurationError(
            f"{key} names no object of the bucket {bucket}, which R2_BUCKET_NAME names"
        )
    return rest


def key_of_proved(key: str, bucket: str) -> str:
    """Return the key of a backup in a text that may also be the key or the address of its proof.

    :raises ConfigurationError: if the address is in another bucket.
    """
    return plain_key(key, bucket).removesuffix(PROOF_SUFFIX)


def _keys(backup: StoredBackup) -> list[str]:
    keys = [key for key, _ in backup.archives]
    return [*keys, backup.manifest_key] if backup.manifest_key else keys
