"""Removes the backups that retention gives up."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import StoredBackup, StoredManifest, read_manifest, stored_backups
from neo4j_r2.config import PruneSettings
from neo4j_r2.errors import CorruptError
from neo4j_r2.pipeline import ordered_map
from neo4j_r2.retention import (
    Candidate,
    Policy,
    Verdict,
    decide,
    emptied_databases,
    shrunk_databases,
)
from neo4j_r2.rules import Rules, is_young
from neo4j_r2.shrink import Size

log = logging.getLogger(__name__)

_AT_ONCE: Final = 8
"""Manifests that are read side by side; few enough for the connections that the client keeps."""


def prune(
    bucket: Bucket, prefix: str, settings: PruneSettings, latest: StoredManifest, now: datetime
) -> None:
    """Remove old backups of the database that `latest` is a backup of.

    :raises BucketError: if R2 fails; `latest` is safe all the same.
    """
    rules = settings.rules
    if rules.days == 0:
        log.info("Retention is off (BACKUP_RETENTION_DAYS=0), all backups are kept")
        if latest.export.nodes and not _size(latest).has_shrunk(settings.shrink_percent):
            return
    elif rules.counts:
        log.info("Cleaning up backups that no rule keeps: %s", rules)
    else:
        log.info("Cleaning up backups older than %d days", rules.days)
    carry_out(bucket, judge(bucket, prefix, settings, latest, now), is_dry=settings.is_dry)


def judge(
    bucket: Bucket, prefix: str, settings: PruneSettings, latest: StoredManifest, now: datetime
) -> list[Verdict]:
    """Decide on every backup under the prefix, oldest first, and change nothing.

    :param latest: the newest complete backup; what is of another database than it is kept.
    :raises BucketError: if R2 fails.
    """
    listing = ((stored.key, stored.size) for stored in bucket.objects(f"{prefix}/"))
    backups = stored_backups(listing, prefix)
    describe = partial(_candidate, bucket, settings.rules, latest, now)
    candidates = list(ordered_map(describe, backups, _AT_ONCE))
    databases = {latest.database: latest.database_id}
    policy = Policy(settings.rules, databases, settings.shrink_percent)
    _warn(candidates, policy)
    return [Verdict(*pair) for pair in zip(backups, decide(candidates, policy, now), strict=True)]


def carry_out(bucket: Bucket, verdicts: Sequence[Verdict], *, is_dry: bool) -> None:
    """Remove what is to be removed, or only say so if it `is_dry`.

    :raises BucketError: if R2 fails; the next prune removes what is left.
    """
    removed = 0
    for verdict in verdicts:
        backup, decision = verdict.backup, verdict.decision
        if decision.remove and is_dry:
            removed += 1
            log.info("Would remove %s: %s", _label(backup), decision.reason)
        elif decision.remove:
            removed += _remove(bucket, backup, decision.reason)
        else:
            level = logging.WARNING if decision.warning else logging.DEBUG
            log.log(level, "Kept %s: %s", _label(backup), decision.reason)
    if is_dry:
        log.info("Dry run: %d old backups would be removed", removed)
    else:
        log.info("Cleanup complete: %d old backups removed", removed)


def _warn(candidates: Sequence[Candidate], policy: Policy) -> None:
    """Say why nothing is removed, if that is so; of an empty graph not also that it has shrunk."""
    if emptied_databases(candidates, policy):
        log.warning("The newest backup is of an empty graph, older are not: nothing is removed")
        return
    for size in shrunk_databases(candidates, policy).values():
        log.warning(
            "The graph has shrunk: the newest backup has %d entities, the last accepted one had "
            "%d; nothing is removed until one has %d, or `backup.py prune --accept-shrink`",
            size.entities, size.last_accepted, size.least(policy.shrink_percent),
        )  # fmt: skip


def _candidate(
    bucket: Bucket, rules: Rules, latest: StoredManifest, now: datetime, backup: StoredBackup
) -> Candidate:
    """Describe a backup to retention; its manifest is read only where the decision needs it."""
    if backup.manifest_key is not None and latest.archive_key in dict(backup.archives):
        return _described(backup, latest)
    if backup.manifest_key is None or not _is_decisive(backup, rules, latest, now):
        return Candidate(backup.name, complete=False, database_id=None, entities=0)
    try:
        return _described(backup, read_manifest(bucket.get(backup.manifest_key)))
    except CorruptError as error:
        log.warning("%s: %s", backup.manifest_key, error)
        return Candidate(backup.name, complete=False, database_id=None, entities=0, readable=False)


def _is_decisive(backup: StoredBackup, rules: Rules, latest: StoredManifest, now: datetime) -> bool:
    """Whether a decision can depend on a backup's manifest: one that is young is kept anyway.

    But where rules count backups, it has to be known which count; and after one of an empty graph,
    whether there is one that is not.
    """
    if backup.name.database != latest.database:
        return False
    if latest.export.nodes == 0:
        return True
    if rules.days == 0:
        return False
    return bool(rules.counts) or not is_young(backup.name.taken, rules.days_of_uncounted, now)


def _described(backup: StoredBackup, manifest: StoredManifest) -> Candidate:
    complete = backup.is_completed_by(manifest)
    return Candidate(
        backup.name,
        complete,
        manifest.database_id,
        manifest.export.entities if complete else 0,
        before_restore=manifest.before_restore,
        last_accepted=manifest.last_accepted,
        is_accepted=backup.acceptance_key is not None,
    )


def _size(manifest: StoredManifest) -> Size:
    return Size(manifest.export.entities, manifest.last_accepted)


def _remove(bucket: Bucket, backup: StoredBackup, reason: str) -> int:
    """Delete a backup, its manifest first: what is left of it then is no backup any more."""
    for key in backup.keys:
        if not bucket.delete(key):
            log.info("Kept %s: a lock rule of the bucket holds it", key)
            return 0
        log.info("Removed %s: %s", key, reason)
    return 1


def _label(backup: StoredBackup) -> str:
    return backup.keys[0]
