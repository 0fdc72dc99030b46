"""Shows a proof to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from neo4j_r2.archive.manifest import read_timestamp
from neo4j_r2.archive.proof import Answer, LockedProof, Proof, Server, StoredProof
from neo4j_r2.core.errors import BackupError, CorruptError, Ending
from neo4j_r2.core.figures import counted, duration, graph_size
from neo4j_r2.core.log import redact
from neo4j_r2.core.printable import printable
from neo4j_r2.core.tables import columns, table
from neo4j_r2.run.note_on_failure import with_notes
from neo4j_r2.run.phases import CHECK, COMPARE, RESTORE

_NUMBERS: Final = ("ANSWER", "TIME")
_SEPARATED_DIGITS: Final = 20
"""A longer number is shown as it is: it is a name rather than a count."""


@dataclass(frozen=True)
class FoundProof:
    """A proof from the bucket, decrypted if a private key was given."""

    proof: StoredProof
    fault: CorruptError | None
    """Why the bucket does not hold any more what the proof is of; None if it does."""


def document(found: FoundProof | None, error: BackupError | Ending | None) -> str:
    """Return a proof as JSON, as it lies in the bucket or decrypted.

    :param found: None if there is no proof that can be shown.
    :param error: why the command fails; None if it does not.
    """
    content = {
        "key": found.proof.archive_key if found else None,
        "proof": json.loads(found.proof.to_json()) if found else None,
        "is_current": found.fault is None if found else None,
        "exit_code": error.exit_code if error else 0,
        "error": redact(with_notes(error)) if error else None,
    }
    return json.dumps(content, indent=1) + "\n"


def sections(found: FoundProof) -> list[RenderableType]:
    """Return what a proof says; times are in UTC, as in the bucket."""
    proof = found.proof
    shown: list[RenderableType] = [
        Text(f"Proof of {printable(proof.archive_key)}"),
        columns([(name, printable(text)) for name, text in _rows(proof)]),
        Text(_locked(proof)) if isinstance(proof, LockedProof) else _questions(proof.questions),
    ]
    if found.fault is None:
        archives = "archives of these sizes" if proof.needs else "an archive of this size"
        sums = "their" if proof.needs else "its"
        shown.append(
            Text(
                f"The bucket has {archives}, and a manifest with {sums} SHA-256; `verify KEY` "
                "reads the bytes."
            )
        )
    return shown


def _rows(proof: StoredProof) -> Iterator[tuple[str, str]]:
    seconds, totals = proof.seconds, proof.totals
    is_reordered = isinstance(proof, Proof) and proof.labels_reordered
    exactly = "exactly, but for the order of labels" if is_reordered else "exactly"
    yield "Result", f"{proof.result}: the restored graph is what was backed up, {exactly}"
    taken = _span(proof.backup_started, proof.backup_finished)
    yield "Backup", f"{proof.kind}, of database {proof.database}, {taken}"
    yield "Drill", _span(proof.started, proof.finished)
    parts = f"check {_duration(seconds[CHECK])}, restore {_duration(seconds[RESTORE])}"
    yield "Time to restore", f"{_duration(proof.restore_seconds)} ({parts})"
    schema = f"{counted(totals.constraints, 'constraint')}, {_indexes(totals.indexes)}"
    graph = f"{graph_size(totals.nodes, totals.relationships)}, {schema}"
    yield "Compared", f"{graph}, in {_duration(seconds[COMPARE])}"
    if isinstance(proof, Proof):
        source, scratch = _server(proof.source), _server(proof.scratch)
        yield "Servers", f"backed up from {source}, restored into {scratch}"
    yield "Archive", f"{counted(proof.archive_size, 'byte')}, SHA-256 {proof.archive_sha256}"
    if proof.needs:
        yield "Needs", counted(len(proof.needs), "more archive")
    if isinstance(proof, Proof):
        same = "the same of the archive's rows and of the restored graph"
        yield "Fingerprint", f"{proof.fingerprint}, {same}"
    yield "Made by", f"neo4j-r2-backup {proof.service_version}"


def _span(started: str, finished: str) -> str:
    """Return two times of a proof; the day of the second only if it is another one."""
    first, last = read_timestamp(started), read_timestamp(finished)
    day = f"{last:%Y-%m-%d} " if last.date() != first.date() else ""
    return f"{first:%Y-%m-%d %H:%M:%S} to {day}{last:%H:%M:%S} UTC"


def _duration(seconds: float) -> str:
    return duration(timedelta(seconds=seconds))


def _indexes(number: int) -> str:
    return counted(number, "index", "indexes")


def _server(server: Server) -> str:
    return f"Neo4j {server.version} {server.edition}"


def _locked(proof: LockedProof) -> str:
    """Return what is to be said in the place of what only a private key shows."""
    if not proof.questions_asked:
        return "encrypted: no question was asked; --identity shows the rest"
    asked = counted(proof.questions_asked, "question was", "questions were")
    return f"encrypted: {asked} asked; --identity shows them"


def _questions(answers: Sequence[Answer]) -> RenderableType:
    if not answers:
        return Text("No question was asked")
    rows = [
        [*map(printable, (each.name, each.expectation, _answer(each))), _duration(each.seconds)]
        for each in answers
    ]
    headings = ("QUESTION", "EXPECTED", *_NUMBERS)
    return table(headings, rows, right=_NUMBERS, wrapped=headings[:3])


def _answer(answer: Answer) -> str:
    """Return an answer; a whole number has separators."""
    text = answer.answer
    is_short = text.isascii() and len(text) <= _SEPARATED_DIGITS
    return f"{int(text):,}" if is_short and text.removeprefix("-").isdecimal() else text
