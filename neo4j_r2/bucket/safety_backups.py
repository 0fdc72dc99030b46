"""The backups that restores made of what they replaced: how many there are, and when they go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from neo4j_r2.bucket.backups import StoredBackup
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.listing import READ_AT_ONCE
from neo4j_r2.bucket.removed_backup import read_listed
from neo4j_r2.config.keep_rules import Rules
from neo4j_r2.core.errors import BackupGoneError, CorruptError
from neo4j_r2.core.figures import counted
from neo4j_r2.core.local_time import shown
from neo4j_r2.core.threads import ordered_map


def safety_backups(bucket: Bucket, backups: Iterable[StoredBackup]) -> list[datetime]:
    """Return when each of them was taken, in their order; this reads every manifest.

    :raises BucketError: if the bucket cannot be read.
    """
    stored = [each for each in backups if each.manifest_key]
    found = ordered_map(lambda backup: _is_safety_backup(bucket, backup), stored, READ_AT_ONCE)
    return [each.name.taken for each, is_one in zip(stored, found, strict=True) if is_one]


def _is_safety_backup(bucket: Bucket, backup: StoredBackup) -> bool:
    try:
        return read_listed(bucket, backup.manifest_key or "").before_restore
    except (CorruptError, BackupGoneError):
        return False


def safety_text(taken: Sequence[datetime], rules: Rules, zone: tzinfo) -> str:
    """Return how many there are, and when they go; empty if there are none.

    :param taken: when each of them was taken.
    """
    if not taken:
        return ""
    number = f"{counted(len(taken), 'backup was', 'backups were')} made before a restore"
    if rules.days == 0:
        return f"{number}; nothing is removed, because retention is off"
    days = rules.days_of_uncounted
    first = shown(min(taken) + timedelta(days=days), zone)
    if len(taken) == 1:
        return f"{number}; the next backup after {first} removes it"
    return (
        f"{number}; backups remove those older than {counted(days, 'day')}, the first after {first}"
    )
