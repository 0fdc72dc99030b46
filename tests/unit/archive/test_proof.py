"""Proofs are written and read back. Damaged ones are refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import INCREMENTAL, Need
from neo4j_r2.archive.proof import (
    ENCRYPTED_FORMAT_VERSION,
    FORMAT_VERSION,
    LockedProof,
    Proof,
    read_proof,
)
from neo4j_r2.core.errors import CorruptError, NewerFormatError
from tests.keys import KeyPair
from tests.proofs import ANSWERS, locked, proof_of
from tests.unit.archive.test_manifest import ARCHIVE, JSON, RECORD, WHOLE

PROOF = proof_of(RECORD)
LOCKED = LockedProof.of(proof_of(WHOLE), "-----BEGIN AGE ENCRYPTED FILE-----")
BEFORE = Need(ARCHIVE.replace("10-08", "10-07"), 7, "aa")
OF_INCREMENT = replace(PROOF, kind=INCREMENTAL, needs=[BEFORE])
SECRET = {"text_size", "source", "scratch", "fingerprint", "labels_reordered", "questions"}
"""What the proof of an encrypted backup shows only to private keys."""


def changed(proof: Proof | LockedProof, **values: object) -> bytes:
    """Return a proof's bytes with some fields changed; one that is None is left out."""
    fields = {**json.loads(proof.to_json()), **values}
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


def with_part(name: str, **values: object) -> bytes:
    """Return a proof's bytes with something changed in one of its parts."""
    return changed(PROOF, **{name: {**json.loads(PROOF.to_json())[name], **values}})


@given(st.text(), st.text(), st.integers(0), st.floats(0, 1e9))
def test_a_proof_is_ascii_and_reads_back_unchanged(
    name: str, answer: str, size: int, seconds: float
) -> None:
    answers = [replace(ANSWERS[0], name=name, answer=answer, seconds=seconds)]
    proof = replace(
        PROOF,
        text_size=size,
        restore_seconds=seconds,
        questions=answers,
        questions_asked=1,
        labels_reordered=True,
    )
    data = proof.to_json()
    assert data.isascii()
    assert read_proof(data) == proof


def test_the_proof_of_an_increment_names_what_it_needs() -> None:
    assert read_proof(OF_INCREMENT.to_json()) == OF_INCREMENT
    assert json.loads(OF_INCREMENT.to_json())["needs"] == [
        {"key": BEFORE.key, "size": 7, "sha256": "aa"}
    ]


def test_a_proof_without_questions_reads_back_unchanged() -> None:
    proof = replace(PROOF, questions=[], questions_asked=0)
    assert read_proof(proof.to_json()) == proof


def test_an_encrypted_proof_reads_back_unchanged_and_shows_nothing_of_the_contents() -> None:
    data = LOCKED.to_json()
    assert data.isascii()
    assert read_proof(data) == LOCKED
    shown = json.loads(data)
    whole = json.loads(proof_of(WHOLE).to_json())
    assert shown.keys() == (whole.keys() - SECRET) | {"encrypted"}
    assert shown == {
        **{name: value for name, value in whole.items() if name not in SECRET},
        "format_version": ENCRYPTED_FORMAT_VERSION,
        "encrypted": "-----BEGIN AGE ENCRYPTED FILE-----",
    }


def test_decryption_gives_the_whole_proof() -> None:
    whole = proof_of(WHOLE)
    assert whole.format_version == FORMAT_VERSION
    assert LOCKED.unlocked(whole.to_json()) == whole


@pytest.mark.parametrize(
    "other",
    [
        replace(proof_of(WHOLE), database_id="B2"),
        replace(proof_of(WHOLE), archive_sha256="11"),
        replace(proof_of(WHOLE), finished="2025-10-08T04:06:21Z"),
        replace(proof_of(WHOLE), restore_seconds=1.0),
        replace(proof_of(WHOLE), questions=ANSWERS[:1], questions_asked=1),
        LOCKED,
    ],
    ids=["database", "archive", "times", "seconds", "questions", "locked"],
)
def test_an_encrypted_part_of_another_proof_is_corrupt(other: Proof | LockedProof) -> None:
    with pytest.raises(CorruptError):
        LOCKED.unlocked(other.to_json())


@pytest.mark.parametrize("version", [0, ENCRYPTED_FORMAT_VERSION + 1, "2", None, True])
def test_the_error_names_an_unknown_format_version(version: object) -> None:
    data = json.dumps({"format_version": version, "invented": []}).encode()
    with pytest.raises(CorruptError, match=f"format version {version!r}; .* reads 1, 2") as error:
        read_proof(data)
    assert isinstance(error.value, NewerFormatError) == (version == ENCRYPTED_FORMAT_VERSION + 1)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b"\xff\xfe")
@example(b"9" * 5000)
@example(b"{}")
@example(b"null")
def test_other_data_than_a_proof_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptError):
        read_proof(data)


@pytest.mark.parametrize("proof", [PROOF, LOCKED], ids=["plain", "locked"])
def test_a_proof_without_one_of_its_fields_is_corrupt(proof: Proof | LockedProof) -> None:
    for name in json.loads(proof.to_json()):
        with pytest.raises(CorruptError):
            read_proof(changed(proof, **{name: None}))


WRONG: dict[str, list[object]] = {
    "result": ["failed", 1],
    "archive_size": ["100", -1, 1.0, True],
    "archive_key": [5, "neo4j-backup/other"],
    "kind": ["partial", 1],
    "needs": [{}, "", [1], [{"key": ARCHIVE, "size": 7}], [vars(BEFORE), vars(BEFORE)]],
    "backup_started": ["yesterday", 5, "2025-10-08T02:00:01", "2025-10-08T02:00:01+00:00"],
    "finished": ["2025-13-08T02:00:01Z"],
    "seconds": [{}, 5, {"check": 1.0}],
    "restore_seconds": ["1", 1, -1.0, float("nan"), float("inf"), True],
    "totals": [[], {"nodes": 3, "relationships": 2, "constraints": 1}],
    "questions_asked": [1, "2", -2],
    "text_size": [-1, "300"],
    "source": ["5.26", {"version": "5.26"}, {"version": 5, "edition": "community"}],
    "fingerprint": [0],
    "labels_reordered": [0, "false"],
    "questions": [{}, "", [1, 2], [{"name": "one"}, {"name": "two"}]],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_proof_with_a_wrong_value_is_corrupt(field: str, value: object) -> None:
    data = changed(OF_INCREMENT if field == "archive_key" else PROOF, **{field: value})
    with pytest.raises(CorruptError, match="not one of this service"):
        read_proof(data)


@pytest.mark.parametrize("value", [1, -1.0, float("nan"), "1"])
@pytest.mark.parametrize("phase", ["check", "restore", "compare", "ask"])
def test_a_phase_whose_length_is_no_time_is_corrupt(phase: str, value: object) -> None:
    with pytest.raises(CorruptError):
        read_proof(with_part("seconds", **{phase: value}))


@pytest.mark.parametrize("value", ["3", -1, 3.0, None])
def test_a_total_that_is_no_count_is_corrupt(value: object) -> None:
    with pytest.raises(CorruptError):
        read_proof(with_part("totals", nodes=value))


@pytest.mark.parametrize(
    "change",
    [{"name": 1}, {"query": None}, {"answer": 9988}, {"seconds": "0.1"}, {"seconds": -1.0}],
)
def test_an_answer_of_another_form_is_corrupt(change: dict[str, Any]) -> None:
    answers = json.loads(PROOF.to_json())["questions"]
    with pytest.raises(CorruptError):
        read_proof(changed(PROOF, questions=[{**answers[0], **change}, answers[1]]))


@pytest.mark.parametrize("value", [5, "ä"])
def test_a_damaged_encrypted_part_is_corrupt(value: object) -> None:
    with pytest.raises(CorruptError):
        read_proof(changed(LOCKED, encrypted=value))


def test_fields_of_later_versions_are_ignored() -> None:
    content = json.loads(OF_INCREMENT.to_json())
    content["added"] = 1
    for part in ("totals", "source", "scratch"):
        content[part]["added"] = 2
    for part in ("needs", "questions"):
        content[part][0]["added"] = 3
    assert read_proof(json.dumps(content).encode()) == OF_INCREMENT


WRITTEN = """\
{
 "format_version": 1,
 "result": "proved",
 "service_version": "0.2.0",
 "database": "neo4j",
 "database_id": "A1",
 "archive_key": "neo4j-backup/neo4j_2025-10-08_02-00-00.cypher.gz",
 "archive_size": 100,
 "archive_sha256": "00",
 "kind": "full",
 "needs": [],
 "backup_started": "2025-10-08T02:00:00Z",
 "backup_finished": "2025-10-08T02:00:05Z",
 "started": "2025-10-08T04:00:02Z",
 "finished": "2025-10-08T04:06:20Z",
 "seconds": {
  "check": 62.1,
  "restore": 188.0,
  "compare": 115.3,
  "ask": 0.4
 },
 "restore_seconds": 250.1,
 "totals": {
  "nodes": 3,
  "relationships": 2,
  "constraints": 1,
  "indexes": 4
 },
 "questions_asked": 1,
 "text_size": 300,
 "source": {
  "version": "5.26.19",
  "edition": "community"
 },
 "scratch": {
  "version": "5.26.30",
  "edition": "community"
 },
 "fingerprint": "FINGERPRINT",
 "labels_reordered": false,
 "questions": [
  {
   "name": "there are entities",
   "query": "MATCH (n:Entity) RETURN count(n) AS count",
   "expectation": "count > 0",
   "answer": "9988",
   "seconds": 0.1
  }
 ]
}
"""


def test_the_bytes_of_a_proof_do_not_change_between_versions() -> None:
    proof = replace(PROOF, questions=ANSWERS[:1], questions_asked=1)
    assert proof.to_json().decode("ascii") == WRITTEN.replace("FINGERPRINT", "91c0" * 16)


def test_a_private_key_opens_what_was_encrypted_to_its_public_key() -> None:
    pair, whole = KeyPair.new(), proof_of(WHOLE)
    stored = read_proof(locked(whole, pair.public).to_json())
    assert isinstance(stored, LockedProof)
    assert stored.unlocked(pair.keys.decrypt_text(stored.encrypted)) == whole
