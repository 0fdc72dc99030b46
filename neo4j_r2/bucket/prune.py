"""Removes the backups that no retention rule keeps.

`retention` makes a decision on each backup. A verdict is a decision beside its stored backup, and
the judgement is all verdicts with the pauses.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from neo4j_r2.archive.manifest import CHAIN_FORMATS, StoredManifest
from neo4j_r2.bucket.backups import StoredBackup, backups_in
from neo4j_r2.bucket.candidates import Candidate, Policy
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName, parse_key
from neo4j_r2.bucket.pause import pauses
from neo4j_r2.bucket.removed_backup import read_listed
from neo4j_r2.bucket.retention import Decision, decide, spare_needed
from neo4j_r2.bucket.shrink import Size
from neo4j_r2.config.keep_rules import is_young
from neo4j_r2.config.prune_settings import PruneSettings
from neo4j_r2.core.errors import BackupGoneError, CorruptError
from neo4j_r2.core.figures import counted
from neo4j_r2.core.threads import ordered_map

log = logging.getLogger(__name__)

_AT_ONCE: Final = 8
"""How many manifests are read at once; fewer than the connections that the client keeps."""


@dataclass(frozen=True)
class Verdict:
    """A stored backup, with the decision on it."""

    backup: StoredBackup
    decision: Decision


@dataclass(frozen=True)
class Judgement:
    """The verdicts on all backups under a prefix."""

    verdicts: Sequence[Verdict]
    """Oldest first."""
    pauses: Mapping[str, str]
    """The warning of each pause, by the database's name."""


def prune(
    bucket: Bucket, prefix: str, settings: PruneSettings, latest: StoredManifest, now: datetime
) -> str:
    """Remove the backups of one database that no rule keeps.

    :param latest: the manifest of the database's newest backup, which is never removed.
    :returns: why pruning of the database is paused; empty if it is not.
    :raises BucketError: if R2 fails.
    """
    rules = settings.rules
    if rules.days == 0:
        log.info("Retention is off (BACKUP_RETENTION_DAYS=0), all backups are kept")
        # Nothing will be removed. Go on only if a pause may have to be warned of.
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

    :param latest: the manifest of each database's newest complete backup. The backups of all other
        databases are kept.
    :raises BucketError: if R2 fails.
    """
    found = backups_in(bucket, prefix)
    newest = {manifest.database: manifest for manifest in latest}
    describe = partial(_candidate, bucket, settings, newest, now)
    described = list(zip(found, ordered_map(describe, found, _AT_ONCE), strict=True))
    backups = [backup for backup, candidate in described if candidate]
    candidates = [candidate for _, candidate in described if candidate]
    databases = {name: manifest.database_id for name, manifest in newest.items()}
    policy = Policy(settings.rules, databases, settings.shrink_percent)
    warnings = {name: pause.warning for name, pause in pauses(candidates, policy).items()}
    for warning in warnings.values():
        log.warning("%s", warning)
    decisions = decide(candidates, policy, now)
    if any(decision.remove and decision.candidate.may_be_needed for decision in decisions):
        kept = [pair for pair in zip(backups, decisions, strict=True) if not pair[1].remove]
        read = partial(_needs, bucket, policy)
        needs = ordered_map(lambda pair: read(*pair), kept, _AT_ONCE)
        names = [backup.name for backup, _ in kept]
        needed = dict(zip(names, needs, strict=True))
        for manifest in latest:  # a list may not show it yet
            if parsed := parse_key(manifest.archive_key, prefix):
                needed[parsed[0]] = _needed_names(manifest)
        decisions = spare_needed(decisions, needed)
    verdicts = [Verdict(*pair) for pair in zip(backups, decisions, strict=True)]
    return Judgement(verdicts, warnings)


def carry_out(bucket: Bucket, verdicts: Sequence[Verdict], *, is_dry: bool) -> None:
    """Remove what the verdicts say, or only log it.

    :param is_dry: whether to remove nothing.
    :raises BucketError: if R2 fails; the next prune removes the rest.
    """
    # What a backup needs must not go before it.
    incremental = [verdict for verdict in verdicts if verdict.decision.candidate.needs]
    others = [verdict for verdict in verdicts if not verdict.decision.candidate.needs]
    ordered = [*reversed(incremental), *others]
    for backup, decision in ((each.backup, each.decision) for each in ordered):
        if not decision.remove:
            level = logging.WARNING if decision.warning else logging.DEBUG
            log.log(level, "Kept %s: %s", _label(backup), decision.reason)
        elif is_dry:
            log.info("Would remove %s: %s", _label(backup), decision.reason)
    unwanted = [verdict for verdict in ordered if verdict.decision.remove]
    if is_dry:
        log.info("Dry run: %s would be removed", counted(len(unwanted), "old backup"))
        return
    known = {(each.backup.name, each.backup.manifest_key) for each in verdicts}
    removed = _remove_all(bucket, unwanted, known)
    log.info("Cleanup complete: %d old backups removed", removed)


def _remove_all(
    bucket: Bucket, unwanted: Sequence[Verdict], known: Set[tuple[BackupName, str | None]]
) -> int:
    """Remove backups, and return how many were removed.

    Meanwhile another host may have stored a backup that needs one of these. So nothing that may be
    needed is removed of a database that has a new backup by now.

    :param unwanted: dependents before what they need.
    :param known: all backups that were decided on, with the keys of their manifests.
    """
    removed = 0
    held: dict[BackupName, str] = {}
    growing: Set[str] | None = None
    for backup, decision in ((each.backup, each.decision) for each in unwanted):
        if backup.name in held:
            log.info("Kept %s: needed by %s", _label(backup), held[backup.name])
            continue
        if decision.candidate.may_be_needed:
            growing = _growing(bucket, backup.name.prefix, known) if growing is None else growing
            if backup.name.database in growing:
                log.debug("Kept %s: a new backup may need it", _label(backup))
                continue
        if _remove(bucket, backup, decision.reason):
            removed += 1
        else:
            held.update(dict.fromkeys(decision.candidate.needs or (), backup.name.stem))
    return removed


def _growing(bucket: Bucket, prefix: str, known: Set[tuple[BackupName, str | None]]) -> Set[str]:
    """Return the databases that have a backup which is not known."""
    found = backups_in(bucket, prefix)
    new = [each.name for each in found if (each.name, each.manifest_key) not in known]
    for name in new:
        log.info("%s has changed meanwhile: backups that it may need are kept for now", name.stem)
    return {name.database for name in new}


def _candidate(
    bucket: Bucket,
    settings: PruneSettings,
    newest: Mapping[str, StoredManifest],
    now: datetime,
    backup: StoredBackup,
) -> Candidate | None:
    """Return a backup as a candidate; read its manifest only if the decision depends on it.

    :returns: None if a prune on another host has removed it meanwhile.
    """
    latest = newest.get(backup.name.database)
    if latest and backup.manifest_key and latest.archive_key in dict(backup.archives):
        return _described(backup, latest)
    if backup.manifest_key is None or not _is_decisive(backup, settings, latest, now):
        return Candidate(backup.name, complete=False, database_id=None, entities=0)
    try:
        manifest = _manifest(bucket, backup.manifest_key)
    except BackupGoneError:
        return None
    if manifest:
        return _described(backup, manifest)
    return Candidate(backup.name, complete=False, database_id=None, entities=0, readable=False)


def _manifest(bucket: Bucket, key: str) -> StoredManifest | None:
    """Return a manifest; None, with a warning, if it cannot be read.

    :raises BackupGoneError: if it was removed meanwhile.
    """
    try:
        return read_listed(bucket, key)
    except CorruptError as error:
        log.warning("%s: %s", key, error)
        return None


def _is_decisive(
    backup: StoredBackup, settings: PruneSettings, latest: StoredManifest | None, now: datetime
) -> bool:
    """Whether a decision can depend on a backup's manifest.

    A young backup is kept anyway, so its manifest is not read, except in three cases. If rules
    count backups, the manifest says whether this one counts. If the newest graph is empty, the
    manifest says whether this one is not. If the newest graph has shrunk, the manifest says whether
    this one is the last accepted backup, which the alarm names.
    """
    if latest is None:
        return False
    if latest.export.nodes == 0 or _size(latest).has_shrunk(settings.shrink_percent):
        return True
    rules = settings.rules
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
        copied=backup.copied(manifest),
        needs=_needed_names(manifest),
        may_be_needed=manifest.format_version in CHAIN_FORMATS,
    )


def _needs(
    bucket: Bucket, policy: Policy, backup: StoredBackup, decision: Decision
) -> tuple[BackupName, ...] | None:
    """Return the backups that a kept one needs; None if its manifest cannot be read."""
    candidate = decision.candidate
    if candidate.needs is not None:
        return candidate.needs
    if backup.manifest_key is None or backup.name.database not in policy.databases:
        return ()
    if not candidate.readable:
        return None
    try:
        manifest = _manifest(bucket, backup.manifest_key)
    except BackupGoneError:
        return ()
    return _needed_names(manifest) if manifest else None


def _needed_names(manifest: StoredManifest) -> tuple[BackupName, ...]:
    prefix = manifest.archive_key.rpartition("/")[0]
    names = [parse_key(need.key, prefix) for need in manifest.needs]
    return tuple(name[0] for name in names if name)


def _size(manifest: StoredManifest) -> Size:
    return Size(manifest.export.entities, manifest.last_accepted)


def _remove(bucket: Bucket, backup: StoredBackup, reason: str) -> bool:
    """Delete a backup in the order of its keys: a cut leaves a whole backup, or none any more."""
    for key in backup.keys:
        if not bucket.delete(key):
            log.info("Kept %s: a lock rule of the bucket holds it", key)
            return False
        log.info("Removed %s: %s", key, reason)
    return True


def _label(backup: StoredBackup) -> str:
    return backup.manifest_key or backup.archives[0][0]
