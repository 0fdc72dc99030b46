"""Finds the newest complete backup of a database, and says which newer ones it passed over.

A backup is *passed over* if it should have been the newest one, but is not complete: it has no
manifest, or its manifest is damaged, or its archive is missing or has another size, or it is a copy
from another prefix.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.choose_backup import taken_up_to
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName, parse_key
from neo4j_r2.bucket.removed_backup import read_listed
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BackupGoneError, CorruptError, NewerFormatError

log = logging.getLogger(__name__)

LONGEST_RUN: Final = timedelta(days=1)
"""The run of a younger archive may be under way on another host: the manifest comes last."""


@dataclass(frozen=True)
class PassedOver:
    """A backup that is newer than the newest complete one, and why it is not complete."""

    key: str
    """Of its manifest; without one, of its archive."""
    reason: str
    taken: datetime
    has_manifest: bool
    is_newer_format: bool = False
    """Whether it may be complete, but only a later version of this service can tell."""

    def may_be_under_way(self, time: datetime) -> bool:
        """Whether its run may still be about to store the manifest."""
        return not self.has_manifest and time - self.taken < LONGEST_RUN


@dataclass(frozen=True)
class Newest:
    """The newest complete backup, and what was passed over for it."""

    manifest: StoredManifest | None
    """None if no backup is complete."""
    passed_over: Sequence[PassedOver]
    """Newest first."""
    names: frozenset[BackupName] = frozenset()
    """The names of all backups that were looked at, complete or not."""
    follows_encrypted: bool | None = None
    """Whether the archive of the newest of these backups, complete or not, is encrypted; None if
    there is none."""


def find_newest(
    bucket: Bucket, backups: Sequence[StoredBackup], accepts: Callable[[StoredManifest], bool]
) -> Newest:
    """Find the newest complete backup among some of one database, and log nothing.

    One that a prune on another host has removed meanwhile is left out.

    :param backups: oldest first. Manifests are read only as far as necessary.
    :param accepts: which backups are meant. The others are left out, complete or not.
    :raises BucketError: if the bucket cannot be read.
    """
    passed_over: list[PassedOver] = []
    names = frozenset(backup.name for backup in backups)
    encrypted = ends_encrypted(backups)
    for backup in reversed(backups):
        if backup.manifest_key is None:
            passed_over.append(_passed_over(backup, "it has no manifest"))
            continue
        try:
            manifest = read_listed(bucket, backup.manifest_key)
        except CorruptError as error:
            is_newer = isinstance(error, NewerFormatError)
            passed_over.append(_passed_over(backup, str(error), is_newer_format=is_newer))
            continue
        except BackupGoneError:
            continue
        if not accepts(manifest):
            continue
        if not (problem := backup.problem(manifest)):
            return Newest(manifest, passed_over, names, encrypted)
        passed_over.append(_passed_over(backup, problem))
    return Newest(None, passed_over, names, encrypted)


def ends_encrypted(backups: Sequence[StoredBackup]) -> bool | None:
    """Whether the newest backup that has an archive is encrypted; None if none has one.

    :param backups: oldest first.
    """
    archived = [backup for backup in backups if backup.archives]
    return archived[-1].is_encrypted if archived else None


def newest_backup(
    bucket: Bucket, prefix: str, database: str, database_id: str | None
) -> StoredManifest | None:
    """Return the manifest of the newest complete backup of a database, or None without any.

    A backup that was made before a restore, to save the graph that it replaced, does not count. A
    warning names each backup that is passed over.

    :param database_id: the identity that the database must have had; None takes any.
    :raises BucketError: if the bucket cannot be read.
    """
    newest = find_newest(bucket, backups_of(bucket, prefix, database), is_of(database, database_id))
    warn_of_passed_over(newest)
    return newest.manifest


def backups_of(bucket: Bucket, prefix: str, database: str) -> list[StoredBackup]:
    """Return all backups of a database under a prefix, oldest first.

    :raises BucketError: if the bucket cannot be read.
    """
    return taken_up_to(backups_in(bucket, prefix), database, None)


def is_of(database: str, database_id: str | None) -> Callable[[StoredManifest], bool]:
    """Return whether a run made a backup of this database, and not a restore, as a function.

    :param database_id: the identity that the database must have had; None takes any.
    """
    return lambda manifest: (
        manifest.database == database
        and database_id in (None, manifest.database_id)
        and not manifest.before_restore
    )


def warn_of_passed_over(newest: Newest, otherwise: str | None = None) -> None:
    """Log a warning for each backup that was passed over, with what is used instead.

    :param otherwise: the archive's key of what is used if none of these backups is complete.
    """
    used = newest.manifest.archive_key if newest.manifest else otherwise
    instead = f"{used} is used instead" if used else "no other backup is complete"
    for each in newest.passed_over:
        doubt = ", its run may still be under way" if each.may_be_under_way(now()) else ""
        log.warning("Passed over %s: %s%s; %s", each.key, each.reason, doubt, instead)


def faults(newest: Newest, last_key: str | None, prefix: str, time: datetime) -> list[str]:
    """Return what is wrong with the newest backups, each in one line: a pure decision.

    An archive without a manifest is no fault while its run may be under way.

    :param last_key: the archive's key of the last backup that is known to have been complete.
    :param time: the time of the look at the bucket.
    """
    found = [
        f"{each.key}: {each.reason}"
        for each in newest.passed_over
        if each.key == last_key or not each.may_be_under_way(time)
    ]
    last = parse_key(last_key, prefix) if last_key else None
    if last and _is_gone(last[0], newest):
        found.append(f"{last_key}: it is not in the bucket any more")
    return found


def _is_gone(name: BackupName, newest: Newest) -> bool:
    """Whether a backup was removed although no newer one is complete: a prune never does that."""
    if name in newest.names:
        return False
    manifest = newest.manifest
    found = parse_key(manifest.archive_key, name.prefix) if manifest else None
    return found is None or found[0].taken < name.taken


def _passed_over(backup: StoredBackup, reason: str, *, is_newer_format: bool = False) -> PassedOver:
    key = backup.manifest_key or backup.archives[0][0]
    has_manifest = backup.manifest_key is not None
    return PassedOver(key, reason, backup.name.taken, has_manifest, is_newer_format)
