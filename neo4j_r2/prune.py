"""Removes the backups that retention gives up, after a backup has succeeded."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import Manifest, StoredBackup, stored_backups
from neo4j_r2.errors import CorruptError
from neo4j_r2.retention import Candidate, Policy, decide, emptied_databases

log = logging.getLogger(__name__)


def prune(bucket: Bucket, prefix: str, retention_days: int, latest: Manifest, now: datetime) -> int:
    """Remove old backups of the database that `latest` is a backup of; return their number.

    :raises BucketError: if R2 fails; `latest` is safe all the same.
    """
    is_empty = latest.export.nodes == 0
    if retention_days == 0:
        log.info("Retention is off (BACKUP_RETENTION_DAYS=0), all backups are kept")
        if not is_empty:
            return 0
    else:
        log.info("Cleaning up backups older than %d days", retention_days)
    backups = _backups(bucket, prefix, latest.database)
    horizon = now - timedelta(days=retention_days)
    candidates = [
        _candidate(bucket, backup, latest, look=is_empty or backup.name.taken < horizon)
        for backup in backups
    ]
    policy = Policy(retention_days, {latest.database: latest.database_id})
    if emptied_databases(candidates, policy):
        log.warning("This backup is of an empty graph, earlier ones are not: nothing is removed")
    by_name = {backup.name: backup for backup in backups}
    removed = 0
    for decision in decide(candidates, policy, now):
        backup = by_name[decision.candidate.name]
        if decision.remove:
            removed += _remove(bucket, backup, decision.reason)
        else:
            level = logging.WARNING if decision.warning else logging.DEBUG
            log.log(level, "Kept %s: %s", _label(backup), decision.reason)
    if retention_days:
        log.info("Cleanup complete: %d old backups removed", removed)
    return removed


def _backups(bucket: Bucket, prefix: str, database: str) -> list[StoredBackup]:
    listing = ((stored.key, stored.size) for stored in bucket.objects(f"{prefix}/"))
    backups = stored_backups(listing, prefix)
    return [backup for backup in backups if backup.name.database == database]


def _candidate(bucket: Bucket, backup: StoredBackup, latest: Manifest, *, look: bool) -> Candidate:
    """Describe a backup to retention; its manifest is read only where the decision needs it."""
    if backup.manifest_key is None:
        return Candidate(backup.name, complete=False, database_id=None, entities=0)
    if latest.archive_key in dict(backup.archives):
        return _described(backup, latest)
    if not look:
        return Candidate(backup.name, complete=False, database_id=None, entities=0)
    try:
        return _described(backup, Manifest.from_json(bucket.get(backup.manifest_key)))
    except CorruptError as error:
        log.warning("%s: %s", backup.manifest_key, error)
        return Candidate(backup.name, complete=False, database_id=None, entities=0, readable=False)


def _described(backup: StoredBackup, manifest: Manifest) -> Candidate:
    complete = (manifest.archive_key, manifest.archive_size) in backup.archives
    entities = manifest.export.nodes + manifest.export.relationships
    return Candidate(backup.name, complete, manifest.database_id, entities if complete else 0)


def _remove(bucket: Bucket, backup: StoredBackup, reason: str) -> int:
    """Delete a backup, its manifest first: what is left of it then is no backup any more."""
    keys = [backup.manifest_key] if backup.manifest_key else []
    for key in (*keys, *(key for key, _ in backup.archives)):
        if not bucket.delete(key):
            log.info("Kept %s: a lock rule of the bucket holds it", key)
            return 0
        log.info("Removed %s: %s", key, reason)
    return 1


def _label(backup: StoredBackup) -> str:
    return backup.manifest_key or backup.archives[0][0]
