"""Which proofs `status` reads in the bucket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from neo4j_r2.bucket.backups import backups_in
from neo4j_r2.commands.status import newer_proofs
from neo4j_r2.config.service_settings import read_service_settings
from neo4j_r2.monitoring.status_document import Known
from neo4j_r2.run.drill_state import DrilledDatabase, DrillState, ProofState
from neo4j_r2.run.state import State
from tests.proofs import proof_of
from tests.unit.memory_bucket import NOW, PREFIX, MemoryBucket, name_of

OLD = NOW - timedelta(days=9)


@pytest.mark.parametrize(
    ("own", "is_read"),
    [(None, True), (3, True), (2, False), (1, False)],
    ids=["none", "of an older backup", "of the same", "of a newer one"],
)
def test_only_a_proof_of_a_newer_backup_than_this_host_has_proved_is_read(
    own: int | None, *, is_read: bool
) -> None:
    memory = MemoryBucket()
    memory.add(1)
    for days in (2, 3):
        proof = proof_of(memory.add(days))
        memory.content[name_of(days).proof_key] = proof.to_json()
    taken = name_of(own).taken if own else None
    proof_state = ProofState(NOW, NOW, "own", taken, 1.0, 5, 0, is_stored=True) if taken else None
    known = Known(
        settings=read_service_settings({"DRILL_SCHEDULE": "0 3 * * *"}, {}),
        state=State(OLD, expected=("neo4j",)),
        drills=DrillState(OLD, databases={"neo4j": DrilledDatabase(OLD, proof_state)}),
        start_problem=None,
        now=NOW,
        is_scheduled=True,
    )

    found = newer_proofs(memory.bucket, backups_in(memory.bucket, PREFIX), known)

    key = name_of(2).archive_key(compressed=True)
    assert [each.archive_key for each in found.values()] == ([key] if is_read else [])
    assert memory.read == ([name_of(2).proof_key] if is_read else [])
