"""The proofs in the bucket: each is stored beside its backup, and never over another."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, tzinfo

from neo4j_r2.archive.manifest import (
    Need,
    StoredManifest,
    own_need,
    read_manifest,
    read_timestamp,
)
from neo4j_r2.archive.proof import StoredProof, read_proof
from neo4j_r2.bucket.backups import StoredBackup
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import BackupName, parse_key
from neo4j_r2.core.errors import (
    BackupGoneError,
    BucketError,
    BucketUnavailableError,
    ConfigurationError,
    CorruptError,
    NewerFormatError,
)
from neo4j_r2.core.figures import counted
from neo4j_r2.core.local_time import shown
from neo4j_r2.core.printable import printable

log = logging.getLogger(__name__)


def store_proof(
    bucket: Bucket, manifest: StoredManifest, prefix: str, data: bytes, zone: tzinfo = UTC
) -> bool:
    """Store the proof of a backup, unless it has one already; log which of both.

    :param data: the proof's bytes.
    :param zone: the time zone in which the log has the time of an earlier drill.
    :returns: whether it was stored. False means that there was one before.
    :raises BackupGoneError: if the backup was removed meanwhile; then no proof stays behind.
    :raises ConfigurationError: if the backup is not under the prefix: nothing would remove its
        proof.
    :raises BucketError: if R2 fails, or if something else lies there than a proof of this backup.
    """
    name = _name(manifest, prefix)
    _require(bucket, name)
    if not _put(bucket, name.proof_key, data):
        log.info(
            "%s is there already, and stays: it is of the drill of %s",
            name.proof_key, _drilled(bucket, name.proof_key, manifest, zone),
        )  # fmt: skip
        return False
    try:
        _require(bucket, name)
    except BackupGoneError:
        bucket.delete(name.proof_key)
        raise
    log.info("Proof stored: %s", name.proof_key)
    return True


def _name(manifest: StoredManifest, prefix: str) -> BackupName:
    parsed = parse_key(manifest.archive_key, prefix)
    if parsed is None:
        raise ConfigurationError(
            f"{manifest.archive_key} is not under {prefix}/, so its proof cannot be stored"
        )
    return parsed[0]


def _require(bucket: Bucket, name: BackupName) -> None:
    """:raises BackupGoneError: if the backup has no manifest any more."""
    if bucket.head(name.manifest_key) is None:
        raise BackupGoneError(f"{name.manifest_key} was removed while its backup was drilled")


def _put(bucket: Bucket, key: str, data: bytes) -> bool:
    """Put a proof; return False if there is another one."""
    if bucket.head(key) is not None:
        return False
    try:
        bucket.put_new(key, data)
    except BucketUnavailableError:
        raise
    except BucketError:
        if bucket.head(key) is None:
            raise
        return False  # another host has put its own since the look
    return True


def _drilled(bucket: Bucket, key: str, manifest: StoredManifest, zone: tzinfo) -> str:
    """Return when the drill began that a stored proof is of, in words.

    Of a newer format this version cannot read that.

    :raises BucketError: if it is no proof of this backup's archive.
    """
    try:
        proof = read_proof(bucket.get(key))
    except NewerFormatError as error:
        return f"an unknown time ({error})"
    except CorruptError as error:
        raise BucketError(f"{key} is there already, but {error}; remove it") from error
    if proof.archive_sha256 != manifest.archive_sha256:
        raise BucketError(
            f"{key} is there already, but it is of another archive, with SHA-256 "
            f"{printable(proof.archive_sha256)}; remove it"
        )
    return shown(read_timestamp(proof.started), zone)


def read_stored_proof(bucket: Bucket, backup: StoredBackup) -> StoredProof | None:
    """Return the proof of a backup; None if it has none.

    :raises CorruptError: if the proof is damaged, or of a newer format.
    :raises BucketError: if R2 fails.
    """
    if backup.proof_key is None:
        return None
    try:
        return read_proof(bucket.get(backup.proof_key))
    except CorruptError as error:
        raise type(error)(f"{backup.proof_key}: {error}") from error


def newest_proved(backups: Sequence[StoredBackup]) -> StoredBackup | None:
    """Return the newest of some backups that has a proof; None if none has one.

    :param backups: oldest first.
    """
    return next((backup for backup in reversed(backups) if backup.proof_key), None)


def read_newest_proof(bucket: Bucket, backups: Sequence[StoredBackup]) -> StoredProof | None:
    """Return the proof of the newest backup that has one; a warning names each damaged one.

    :param backups: oldest first.
    :raises BucketError: if R2 fails.
    """
    for backup in reversed(backups):
        try:
            if proof := read_stored_proof(bucket, backup):
                return proof
        except CorruptError as error:
            log.warning("Passed over %s", error)
    return None


def refuse_outdated(bucket: Bucket, backup: StoredBackup, proof: StoredProof) -> None:
    """Look whether the archives and the manifest are in the bucket as a proof names them.

    :param backup: the backup of the proof, with what is in the bucket now.
    :raises CorruptError: if they are not.
    :raises BucketError: if R2 fails.
    """
    if backup.manifest_key is None:
        raise CorruptError(f"{backup.proof_key}: its backup has no manifest any more")
    try:
        manifest = read_manifest(bucket.get(backup.manifest_key))
    except CorruptError as error:
        raise type(error)(f"{backup.manifest_key}: {error}") from error
    if difference := _difference(proof, manifest):
        raise CorruptError(
            f"The proof is of another archive than the manifest names now: {difference}"
        )
    if problem := backup.problem(manifest):
        raise CorruptError(f"The bucket has not what the proof is of any more: {problem}")


def _difference(proof: StoredProof, manifest: StoredManifest) -> str:
    """Return how the archives differ that a proof and a manifest name; empty if they do not."""
    proved = [*proof.needs, Need(proof.archive_key, proof.archive_size, proof.archive_sha256)]
    named = [*manifest.needs, own_need(manifest)]
    if len(proved) != len(named):
        return f"it is of {counted(len(proved), 'archive')}, and not of {len(named)}"
    for old, new in zip(proved, named, strict=True):
        if old != new:
            return f"it is of {_described(old)}, and the manifest names {_described(new)}"
    return ""


def _described(archive: Need) -> str:
    size = counted(archive.size, "byte")
    return printable(f"{archive.key} of {size} with SHA-256 {archive.sha256}")
