"""The proof of a drill says what the manifest and the drill say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from neo4j_r2 import __version__
from neo4j_r2.archive.manifest import INCREMENTAL, Need
from neo4j_r2.archive.proof import LockedProof, Proof, Server, read_proof
from neo4j_r2.core.database import Database
from neo4j_r2.restore.make_proof import Times, make_proof, proof_bytes
from neo4j_r2.restore.run_drill import Drilled
from neo4j_r2.run.phases import Phases
from tests.keys import KeyPair
from tests.proofs import ANSWERS
from tests.unit.archive.test_manifest import RECORD

NEEDS = [Need("neo4j-backup/neo4j_2025-10-07_02-00-00.cypher.gz", 10, "11")]
MANIFEST = replace(RECORD, kind=INCREMENTAL, needs=NEEDS)
SCRATCH = Database("neo4j", "D1", "2026.08.1", "community")
DRILLED = Drilled(SCRATCH, "91c0" * 16, labels_reordered=True)
TIMES = Times(
    datetime(2025, 10, 8, 4, 0, 2, tzinfo=UTC), datetime(2025, 10, 8, 4, 6, 20, tzinfo=UTC)
)


def made(**seconds: float) -> Proof:
    phases = Phases()
    phases.seconds = {"check": 62.06, "restore": 188.04, "compare": 115.31, **seconds}
    return make_proof(MANIFEST, DRILLED, ANSWERS, TIMES, phases)


def test_a_proof_names_the_archives_and_the_totals_of_the_manifest() -> None:
    proof = made()
    assert (proof.archive_key, proof.archive_size, proof.archive_sha256) == (
        MANIFEST.archive_key,
        MANIFEST.archive_size,
        MANIFEST.archive_sha256,
    )
    assert (proof.kind, proof.needs, proof.totals) == (INCREMENTAL, NEEDS, MANIFEST.export.totals)
    assert (proof.database, proof.database_id) == ("neo4j", "A1")
    assert (proof.backup_started, proof.backup_finished) == (MANIFEST.started, MANIFEST.finished)
    assert proof.text_size == MANIFEST.text_size


def test_a_proof_says_what_the_drill_found_and_how_long_it_took() -> None:
    proof = made(ask=0.42)
    assert proof.service_version == __version__
    assert (proof.source, proof.scratch) == (
        Server("5.26.19", "community"),
        Server("2026.08.1", "community"),
    )
    assert (proof.fingerprint, proof.labels_reordered) == (DRILLED.fingerprint, True)
    assert (proof.started, proof.finished) == ("2025-10-08T04:00:02Z", "2025-10-08T04:06:20Z")
    assert proof.seconds == {"check": 62.1, "restore": 188.0, "compare": 115.3, "ask": 0.4}
    assert proof.restore_seconds == 250.1
    assert (proof.questions_asked, proof.questions) == (2, ANSWERS)


def test_without_questions_none_took_any_time() -> None:
    assert made().seconds["ask"] == 0.0


def test_a_proof_is_stored_in_the_clear_or_encrypted_to_public_keys() -> None:
    proof = made()
    assert read_proof(proof_bytes(proof, ())) == proof
    pair = KeyPair.new()
    locked = read_proof(proof_bytes(proof, [pair.public]))
    assert isinstance(locked, LockedProof)
    assert locked.unlocked(pair.keys.decrypt_text(locked.encrypted)) == proof
    assert proof.fingerprint.encode() not in locked.to_json()
