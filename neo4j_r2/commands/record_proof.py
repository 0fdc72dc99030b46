"""Stores the proof of a drill in the bucket, and records what this host has to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from neo4j_r2.archive.proof import Answer
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.proofs import store_proof
from neo4j_r2.config.settings import Config
from neo4j_r2.core.errors import BackupGoneError, BucketError
from neo4j_r2.restore.make_proof import Times, make_proof, proof_bytes
from neo4j_r2.restore.run_drill import Drilled
from neo4j_r2.restore.source import Source, StoredSource, manifest_of
from neo4j_r2.run.database_drill import DatabaseDrill
from neo4j_r2.run.drill_state import ProofState


@dataclass(frozen=True)
class Proved:
    """A drill that has proved its backup."""

    stored: StoredSource
    source: Source
    """The same backup, unlocked."""
    drilled: Drilled
    answers: Sequence[Answer]
    finished: datetime
    """When the last question was answered."""


def record_proof(
    config: Config, bucket: Bucket, proved: Proved, drill: DatabaseDrill
) -> BucketError | None:
    """Store the proof and record it; return the failure to store it, if that failed.

    The backup is proved all the same: so it is recorded, and the drill goes on.

    :raises BackupGoneError: if the backup was removed meanwhile.
    """
    manifest = manifest_of(proved.source)
    times = Times(drill.started, proved.finished)
    proof = make_proof(manifest, proved.drilled, proved.answers, times, drill.phases)
    data = proof_bytes(proof, _recipients(config) if proved.source.is_encrypted else ())
    stored, prefix = proved.stored.manifest or manifest, config.r2.prefix
    problem = None
    try:
        store_proof(bucket, stored, prefix, data, config.service.time_zone)
    except BackupGoneError:
        raise
    except BucketError as error:
        problem = BucketError(f"The backup is proved, but its proof could not be stored: {error}")
    drill.proved(replace(ProofState.of(proof), is_stored=problem is None))
    return problem


def _recipients(config: Config) -> Sequence[str]:
    """Return the public keys that a proof is encrypted to: those of now, or the given keys' own."""
    return config.recipients or (config.private_keys.public_keys if config.private_keys else ())
