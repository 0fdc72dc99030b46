"""Makes the proof of a drill, and encrypts it where the backup is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from neo4j_r2 import __version__
from neo4j_r2.archive.manifest import Manifest, timestamp
from neo4j_r2.archive.proof import (
    FORMAT_VERSION,
    PHASES,
    PROVED,
    Answer,
    LockedProof,
    Proof,
    Server,
)
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.restore.run_drill import Drilled
from neo4j_r2.run.phases import Phases


@dataclass(frozen=True)
class Times:
    """When a drill began, and when it had its last answer; in UTC."""

    started: datetime
    finished: datetime


def make_proof(
    manifest: Manifest, drilled: Drilled, answers: Sequence[Answer], times: Times, phases: Phases
) -> Proof:
    """Return the proof of a drill.

    :param manifest: of the backup that was drilled.
    """
    return Proof(
        format_version=FORMAT_VERSION,
        result=PROVED,
        service_version=__version__,
        database=manifest.database,
        database_id=manifest.database_id,
        archive_key=manifest.archive_key,
        archive_size=manifest.archive_size,
        archive_sha256=manifest.archive_sha256,
        kind=manifest.kind,
        needs=list(manifest.needs),
        backup_started=manifest.started,
        backup_finished=manifest.finished,
        started=timestamp(times.started),
        finished=timestamp(times.finished),
        seconds={name: round(phases.seconds.get(name, 0.0), 1) for name in PHASES},
        restore_seconds=round(phases.restore_seconds, 1),
        totals=manifest.export.totals,
        questions_asked=len(answers),
        text_size=manifest.text_size,
        source=Server(manifest.server_version, manifest.server_edition),
        scratch=Server(drilled.scratch.server_version, drilled.scratch.edition),
        fingerprint=drilled.fingerprint,
        labels_reordered=drilled.labels_reordered,
        questions=list(answers),
    )


def proof_bytes(proof: Proof, recipients: Sequence[str]) -> bytes:
    """Return what is stored of a proof.

    :param recipients: the public keys that most of it is encrypted to; none leaves all in the
        clear.
    """
    data = proof.to_json()
    if not recipients:
        return data
    return LockedProof.of(proof, Recipients(recipients).encrypt_text(data)).to_json()
