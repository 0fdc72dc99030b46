"""The proof: the record of a drill that proved a restore point. Most of it can be encrypted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from neo4j_r2.archive.manifest import Need, Totals

FORMAT_VERSION: Final = 1
ENCRYPTED_FORMAT_VERSION: Final = 2
"""The format of the proof of an encrypted backup."""
PROVED: Final = "proved"
"""The only result: a drill that fails stores no proof."""


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
class Proof:
    """The record of a good drill. docs/design.md, "Proof", has each field."""

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
    """How long `check`, `restore`, `compare` and `ask` took."""
    restore_seconds: float
    """What `backup.py restore` takes into an empty server: check and restore together."""
    totals: Totals
    questions_asked: int
    text_size: int
    source: Server
    scratch: Server
    fingerprint: str
    """64 hex digits, the same of the archive's rows and of the restored graph."""
    labels_reordered: bool
    """Whether the scratch server knew labels in another order."""
    questions: list[Answer] = field(default_factory=list)
