"""Proofs made by hand, as a drill makes them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.archive.proof import (
    FORMAT_VERSION,
    PROVED,
    Answer,
    LockedProof,
    Proof,
    Server,
    StoredProof,
)
from neo4j_r2.archive.storage.encryption import Recipients

ANSWERS = [
    Answer(
        name="there are entities",
        query="MATCH (n:Entity) RETURN count(n) AS count",
        expectation="count > 0",
        answer="9988",
        seconds=0.1,
    ),
    Answer(
        name="every entity has a name",
        query="MATCH (n:Entity) WHERE n.name IS NULL RETURN n",
        expectation="no rows",
        answer="no rows",
        seconds=0.3,
    ),
]


def proof_of(manifest: Manifest, **changes: Any) -> Proof:
    """Return the proof of a backup, with some fields changed."""
    proof = Proof(
        format_version=FORMAT_VERSION,
        result=PROVED,
        service_version="0.2.0",
        database=manifest.database,
        database_id=manifest.database_id,
        archive_key=manifest.archive_key,
        archive_size=manifest.archive_size,
        archive_sha256=manifest.archive_sha256,
        kind=manifest.kind,
        needs=manifest.needs,
        backup_started=manifest.started,
        backup_finished=manifest.finished,
        started="2025-10-08T04:00:02Z",
        finished="2025-10-08T04:06:20Z",
        seconds={"check": 62.1, "restore": 188.0, "compare": 115.3, "ask": 0.4},
        restore_seconds=250.1,
        totals=manifest.export.totals,
        questions_asked=len(ANSWERS),
        text_size=manifest.text_size,
        source=Server(manifest.server_version, manifest.server_edition),
        scratch=Server("5.26.30", "community"),
        fingerprint="91c0" * 16,
        labels_reordered=False,
        questions=ANSWERS,
    )
    return replace(proof, **changes)


def locked(proof: Proof, *public_keys: str) -> StoredProof:
    """Return a proof as it lies beside a backup that is encrypted to these public keys."""
    return LockedProof.of(proof, Recipients(public_keys).encrypt_text(proof.to_json()))
