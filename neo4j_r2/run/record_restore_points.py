"""Records which restore points the bucket holds, as the List after a prune shows them.

A key does not say whether its backup is full or incremental, and whether a restore made it. Its
manifest does, which is read once: later records have it from the record before.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.backups import StoredBackup
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.listing import READ_AT_ONCE
from neo4j_r2.bucket.read_usage import StoredDatabase, stored_by_database
from neo4j_r2.bucket.removed_backup import read_listed
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import BackupGoneError, BucketError, ConfigurationError, CorruptError
from neo4j_r2.core.figures import counted
from neo4j_r2.core.threads import ordered_map
from neo4j_r2.run.restore_points import (
    KEPT_POINTS,
    DatabasePoints,
    RestorePoint,
    RestorePoints,
    RestorePointsFile,
)
from neo4j_r2.run.state import StateFile

log = logging.getLogger(__name__)

_MOST_READ: Final = 200
"""How many manifests are read for one record. The others are read for later ones."""


@dataclass(frozen=True)
class _Facts:
    """What a manifest says of its backup."""

    archive_key: str
    kind: str
    is_before_restore: bool


def record_restore_points(
    directory: Path,
    bucket: Bucket,
    prefix: str,
    stored: Mapping[str, StoredDatabase],
    manifests: Sequence[StoredManifest] = (),
) -> None:
    """Replace the record of restore points. A failure is only a warning.

    Nothing is written where the service has never run: nobody serves a page there.

    :param directory: the state directory; the caller holds the run lock.
    :param stored: what the List of the bucket has just shown.
    :param manifests: those that the caller has read already.
    """
    state = StateFile(directory).read()
    if state is None:
        return
    file = RestorePointsFile(directory)
    before = file.read()
    facts = {
        point.key: _Facts(point.key, point.kind, point.is_before_restore)
        for known in (before.databases.values() if before else ())
        for point in known.points
        if point.kind
    }
    facts |= {each.archive_key: _facts(each) for each in manifests}
    names = {*state.expected, *(each.database for each in manifests)}
    wanted = {name: _candidates(stored.get(name, StoredDatabase())) for name in names}
    found = _find_facts(bucket, wanted.values(), facts)
    databases = {
        name: DatabasePoints(
            points=_points(wanted.get(name, ()), found),
            backups=each.usage.backups,
            size=each.usage.size,
        )
        for name, each in {**dict.fromkeys(names, StoredDatabase()), **stored}.items()
    }
    try:
        file.write(RestorePoints(bucket.name, prefix, now(), dict(sorted(databases.items()))))
    except ConfigurationError as error:
        log.warning("The restore points are not recorded: %s", error)


def complete_restore_points(directory: Path, bucket: Bucket, prefix: str) -> None:
    """Record the restore points, if those of a database that is backed up are not known.

    Otherwise the bucket is not asked. A failure is only a warning.

    :param directory: the state directory; the caller holds the run lock.
    """
    state, known = StateFile(directory).read(), RestorePointsFile(directory).read()
    if state is None or (known and set(state.expected) <= known.databases.keys()):
        return
    try:
        record_restore_points(directory, bucket, prefix, stored_by_database(bucket, prefix))
    except BucketError as error:
        log.warning("The restore points are not recorded: %s", error)


def _candidates(stored: StoredDatabase) -> list[tuple[StoredBackup, int]]:
    """Return the newest backups that may be complete, oldest first."""
    whole = [each for each in stored.backups if each[0].manifest_key and each[0].archives]
    return whole[-KEPT_POINTS:]


def _find_facts(
    bucket: Bucket,
    wanted: Iterable[Sequence[tuple[StoredBackup, int]]],
    known: Mapping[str, _Facts],
) -> dict[StoredBackup, _Facts | None]:
    """Return what is known of each backup, or what its manifest says now.

    None stands for a backup that is not complete. One whose manifest was not read is left out.
    """
    backups = [backup for each in wanted for backup, _ in each]
    found: dict[StoredBackup, _Facts | None] = {
        backup: known[key] for backup in backups for key, _ in backup.archives if key in known
    }
    unknown = [backup for backup in backups if backup not in found]
    unknown.sort(key=lambda backup: backup.name.taken, reverse=True)
    asked = unknown[:_MOST_READ]
    read = ordered_map(lambda backup: _read(bucket, backup), asked, READ_AT_ONCE)
    try:
        for backup, facts in zip(asked, read, strict=True):
            found[backup] = facts
    except BucketError as error:
        number = counted(sum(backup not in found for backup in backups), "restore point")
        log.warning("Which kinds %s are is not known: %s", number, error)
    return found


def _read(bucket: Bucket, backup: StoredBackup) -> _Facts | None:
    try:
        manifest = read_listed(bucket, backup.manifest_key or "")
    except (CorruptError, BackupGoneError):
        return None
    return _facts(manifest) if backup.is_completed_by(manifest) else None


def _facts(manifest: StoredManifest) -> _Facts:
    return _Facts(manifest.archive_key, manifest.kind, manifest.before_restore)


def _points(
    candidates: Iterable[tuple[StoredBackup, int]],
    found: Mapping[StoredBackup, _Facts | None],
) -> tuple[RestorePoint, ...]:
    points = []
    for backup, size in candidates:
        facts = found.get(backup, _Facts(backup.archives[0][0], "", is_before_restore=False))
        if facts is not None:
            points.append(
                RestorePoint(
                    taken=backup.name.taken,
                    key=facts.archive_key,
                    size=size,
                    kind=facts.kind,
                    is_proved=backup.proof_key is not None,
                    is_before_restore=facts.is_before_restore,
                )
            )
    return tuple(points)
