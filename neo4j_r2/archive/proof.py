"""The proof: the record of a drill that proved a restore point. Most of it can be encrypted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, TypeVar

from neo4j_r2.archive.json_record import (
    has_declared_types,
    is_count,
    is_seconds,
    known_fields,
    read_versioned,
)
from neo4j_r2.archive.manifest import KINDS, Need, Totals, are_needs_of, is_timestamp
from neo4j_r2.core.errors import CorruptError

FORMAT_VERSION: Final = 1
ENCRYPTED_FORMAT_VERSION: Final = 2
"""The format of the proof of an encrypted backup."""
PROVED: Final = "proved"
"""The only result: a drill that fails stores no proof."""
PHASES: Final = ("check", "restore", "compare", "ask")
"""The parts of a drill whose lengths a proof has."""


@dataclass(frozen=True)
class Server:
    """A Neo4j server, as a proof names it."""

    version: str
    edition: str


@dataclass(frozen=True)
class Answer:
    """A question that was asked of the restored graph, and its answer, which was as expected."""

    name: str
    query: str
    expectation: str
    answer: str
    """As text, at most 200 characters."""
    seconds: float


@dataclass(frozen=True)
class _Shown:
    """What a proof shows to everybody, also that of an encrypted backup."""

    format_version: int
    result: str
    service_version: str
    database: str
    database_id: str
    archive_key: str
    archive_size: int
    archive_sha256: str
    kind: str
    needs: list[Need]
    backup_started: str
    backup_finished: str
    started: str
    finished: str
    seconds: dict[str, float]
    """How long each of `PHASES` took, with one decimal."""
    restore_seconds: float
    """What `backup.py restore` takes into an empty server: check and restore together."""
    totals: Totals
    questions_asked: int

    def to_json(self) -> bytes:
        """Return the proof's bytes; ASCII."""
        return json.dumps(asdict(self), indent=1).encode("ascii") + b"\n"


@dataclass(frozen=True)
class Proof(_Shown):
    """The record of a good drill. docs/design.md, "Proof", has each field."""

    text_size: int
    source: Server
    scratch: Server
    fingerprint: str
    """64 hex digits, the same of the archive's rows and of the restored graph."""
    labels_reordered: bool
    """Whether the scratch server knew labels in another order."""
    questions: list[Answer] = field(default_factory=list)


@dataclass(frozen=True)
class LockedProof(_Shown):
    """The proof of an encrypted backup: what its manifest shows too in the clear, all encrypted."""

    encrypted: str
    """The JSON of the `Proof`, encrypted as an armored age file."""

    @classmethod
    def of(cls, proof: Proof, encrypted: str) -> LockedProof:
        """Return what is stored of a proof. `encrypted` is the whole proof, encrypted."""
        values = {**vars(proof), "encrypted": encrypted}
        values["format_version"] = ENCRYPTED_FORMAT_VERSION
        return cls(**known_fields(cls, values))

    def unlocked(self, decrypted: bytes) -> Proof:
        """Return the whole proof.

        :param decrypted: the bytes that `encrypted` holds.
        :raises CorruptError: if they are no proof, or differ from the fields in the clear.
        """
        proof = _read(decrypted, {FORMAT_VERSION: Proof})
        if LockedProof.of(proof, self.encrypted) != self:
            raise CorruptError("the proof's encrypted part belongs to another proof")
        return proof


StoredProof = Proof | LockedProof
"""A proof as it lies in the bucket. Both forms show when it was made, and the time to restore."""
AnyProof = TypeVar("AnyProof", bound=StoredProof)


def read_proof(data: bytes) -> StoredProof:
    """Parse a stored proof.

    :raises CorruptError: if it is damaged.
    :raises NewerFormatError: if it has the format of a later version.
    """
    return _read(data, {FORMAT_VERSION: Proof, ENCRYPTED_FORMAT_VERSION: LockedProof})


def _read(data: bytes, formats: Mapping[int, type[AnyProof]]) -> AnyProof:
    proof = read_versioned(data, "proof", formats, ENCRYPTED_FORMAT_VERSION, _record)
    if not has_declared_types(proof) or not _is_sound(proof):
        raise CorruptError("the proof is not one of this service")
    return proof


def _record(record_type: type[AnyProof], content: dict[str, Any]) -> AnyProof:
    """Return a record with the values of a proof's JSON; their types are not checked yet.

    :raises ValueError, TypeError, KeyError: if that is not possible.
    """
    values = known_fields(record_type, content)
    values["totals"] = Totals(**known_fields(Totals, content["totals"]))
    values["needs"] = [Need(**known_fields(Need, need)) for need in _list(content["needs"])]
    if record_type is Proof:
        for name in ("source", "scratch"):
            values[name] = Server(**known_fields(Server, content[name]))
        answers = _list(content["questions"])
        values["questions"] = [Answer(**known_fields(Answer, answer)) for answer in answers]
    return record_type(**values)


def _list(value: object) -> list[Any]:
    if type(value) is not list:
        raise TypeError(value)
    return value


def _is_sound(proof: StoredProof) -> bool:
    """Whether all is as a drill writes it. The types of the fields are right already."""
    times = (proof.backup_started, proof.backup_finished, proof.started, proof.finished)
    seconds = (proof.restore_seconds, *proof.seconds.values())
    counts = (proof.archive_size, proof.questions_asked, *vars(proof.totals).values())
    return (
        proof.result == PROVED
        and proof.kind in KINDS
        and are_needs_of(proof.needs, proof.archive_key)
        and all(map(is_timestamp, times))
        and proof.seconds.keys() >= set(PHASES)
        and all(map(is_seconds, seconds))
        and all(map(is_count, counts))
        and (_is_rest_sound(proof) if isinstance(proof, Proof) else proof.encrypted.isascii())
    )


def _is_rest_sound(proof: Proof) -> bool:
    """Whether what an encrypted proof shows to nobody is as a drill writes it."""
    records = (proof.source, proof.scratch, *proof.questions)
    return (
        all(map(has_declared_types, records))
        and all(is_seconds(answer.seconds) for answer in proof.questions)
        and is_count(proof.text_size)
        and len(proof.questions) == proof.questions_asked
    )
