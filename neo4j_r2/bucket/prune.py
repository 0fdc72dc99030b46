"""Removes the backups that retention gives up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from neo4j_r2.archive.manifest import StoredManifest, read_manifest
from neo4j_r2.bucket.backups import backups_in
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import StoredBackup
from neo4j_r2.bucket.retention import (
    Candidate,
    Policy,
    Verdict,
    decide,
    emptied_databases,
    shrunk_databases,
)
from neo4j_r2.bucket.shrink import Size
from neo4j_r2.config.keep_rules import Rules, is_young
from neo4j_r2.config.prune_settings import PruneSettings
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.threads import ordered_map

log = logging.getLogger(__name__)

_AT_ONCE: Final = 8
"""Manifests that are read side by side; few enough for the connections that the client keeps."""


@dataclass(frozen=True)
class Judgement:
    """What is to become of all backups under a prefix."""

    verdicts: Sequence[Verdict]
    """Oldest first."""
    pauses: Mapping[str, str]
    """By database, why nothing of it is removed, whatever the rules say."""


def prune(
    bucket: Bucket, prefix: str, settings: PruneSettings, latest: StoredManifest, now: datetime
) -> str:
    """Remove old backups of the database that `latest` is a backup of.

    :returns: why nothing is removed, whatever the rules say; empty without such a pause.
    :raises BucketError: if R2 fails; `latest` is safe all the same.
    """
    rules = settings.rules
    if rules.days == 0:
        log.info("Retention is off (BACKUP_RETENTION_DAYS=0), all backups are kept")
        if latest.export.nodes and not _size(latest).has_shrunk(settings.shrink_percent):
            return ""
    elif rules.counts:
        log.info("Cleaning up backups that no rule keeps: %s", rules)
    else:
        log.info("Cleaning up backups older than %d days", rules.days)
    judgement = judge(bucket, prefix, settings, [latest], now)
    carry_out(bucket, judgement.verdicts, is_dry=settings.is_dry)
    return judgement.pauses.get(latest.database, "")


def judge(
    bucket: Bucket,
    prefix: str,
    settings: PruneSettings,
    latest: Sequence[StoredManifest],
    now: datetime,
) -> Judgement:
    """Decide on every backup under the prefix, and change nothing.

    :param latest: the newest complete backup of each database; what is of others is kept.
    :raises BucketError: if R2 fails.
    """
    backups = backups_in(bucket, prefix)
    newest = {manifest.database: manifest for manifest in latest}
    describe = partial(_candidate, bucket, settings.rules, newest, now)
    candidates = list(ordered_map(describe, backups, _AT_ONCE))
    databases = {name: manifest.database_id for name, manifest in newest.items()}
    policy = Policy(settings.rules, databases, settings.shrink_percent)
    pauses = _pauses(candidates, policy)
    for pause in pauses.values():
        log.warning("%s", pause)
    decisions = decide(candidates, policy, now)
    verdicts = [Verdict(*pair) for pair in zip(backups, decisions, strict=True)]
    return Judgement(verdicts, pauses)


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


def _pauses(candidates: Sequence[Candidate], policy: Policy) -> dict[str, str]:
    """Say why nothing is removed, if that is so; of an empty graph not also that it has shrunk."""
    pauses = {
        database: (
            f"Database {database} has shrunk: the newest backup has {size.entities} entities, the "
            f"last accepted one had {size.last_accepted}; nothing is removed until one has "
            f"{size.least(policy.shrink_percent)}, or `backup.py prune --accept-shrink "
            f"--database {database}`"
        )
        for database, size in shrunk_databases(candidates, policy).items()
    }
    for database in emptied_databases(candidates, policy):
        pauses[database] = (
            f"The newest backup of database {database} is of an empty graph, older are not: "
            "nothing is removed"
        )
    return pauses


def _candidate(
    bucket: Bucket,
    rules: Rules,
    newest: Mapping[str, StoredManifest],
    now: datetime,
    backup: StoredBackup,
) -> Candidate:
    """Describe a backup to retention; its manifest is read only where the decision needs it."""
    latest = newest.get(backup.name.database)
    if latest and backup.manifest_key and latest.archive_key in dict(backup.archives):
        return _described(backup, latest)
    if backup.manifest_key is None or not _is_decisive(backup, rules, latest, now):
        return Candidate(backup.name, complete=False, database_id=None, entities=0)
    try:
        return _described(backup, read_manifest(bucket.get(backup.manifest_key)))
    except CorruptError as error:
        log.warning("%s: %s", backup.manifest_key, error)
        return Candidate(backup.name, complete=False, database_id=None, entities=0, readable=False)


def _is_decisive(
    backup: StoredBackup, rules: Rules, latest: StoredManifest | None, now: datetime
) -> bool:
    """Whether a decision can depend on a backup's manifest: one that is young is kept anyway.

    But where rules count backups, it has to be known which count; and after one of an empty graph,
    whether there is one that is not.
    """
    if latest is None:
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
