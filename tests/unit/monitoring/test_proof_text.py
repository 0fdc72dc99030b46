"""What `proof` shows to people and to programs."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.manifest import INCREMENTAL, Need, Totals
from neo4j_r2.archive.proof import Proof, Server, StoredProof
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.tables import plain, terminal
from neo4j_r2.monitoring.proof_text import FoundProof, document, sections
from tests.keys import KeyPair
from tests.proofs import ANSWERS, locked, proof_of
from tests.unit.archive.test_manifest import ARCHIVE, RECORD
from tests.unit.process import ROOT

PAIR = KeyPair.new()
SHA256, PRINT = (sha256(each).hexdigest() for each in (b"archive", b"graph"))
PROOF = replace(
    proof_of(RECORD),
    backup_finished="2025-10-08T02:00:18Z",
    archive_size=6_001_234,
    archive_sha256=SHA256,
    totals=Totals(10_000, 24_518, 2, 25),
    scratch=Server("5.26.19", "community"),
    fingerprint=PRINT,
)
GONE = CorruptError("The bucket has not what the proof is of any more: its archive is not there")
CURRENT = (
    "The bucket has an archive of this size, and a manifest with its SHA-256; `verify KEY` reads "
    "the bytes."
)


def text_of(proof: StoredProof, fault: CorruptError | None = None, width: int | None = None) -> str:
    """Return what `proof` prints: into a pipe, or on a terminal that is so wide."""
    console = terminal(width) if width else None
    return plain(*sections(FoundProof(proof, fault)), console=console)


def value(name: str, proof: StoredProof) -> str:
    """Return what stands behind a name in the text."""
    (line,) = [each for each in text_of(proof).splitlines() if each.startswith(f"{name}  ")]
    return line.removeprefix(name).strip()


def test_the_text_is_the_one_in_the_documents() -> None:
    assert text_of(PROOF) in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_the_text_says_what_was_proved_how_and_of_what() -> None:
    assert (
        text_of(PROOF)
        == f"""\
Proof of {ARCHIVE}

Result           proved: the restored graph is what was backed up, exactly
Backup           full, of database neo4j, 2025-10-08 02:00:00 to 02:00:18 UTC
Drill            2025-10-08 04:00:02 to 04:06:20 UTC
Time to restore  4 min 10 s (check 1 min 2 s, restore 3 min 8 s)
Compared         10,000 nodes, 24,518 relationships, 2 constraints, 25 indexes, in 1 min 55 s
Servers          backed up from Neo4j 5.26.19 community, restored into Neo4j 5.26.19 community
Archive          6,001,234 bytes, SHA-256 {SHA256}
Fingerprint      {PRINT}, the same of the archive's rows and of the restored graph
Made by          neo4j-r2-backup 0.2.0

QUESTION                 EXPECTED    ANSWER  TIME
there are entities       count > 0    9,988   0 s
every entity has a name  no rows    no rows   0 s

{CURRENT}
"""
    )


def test_a_drill_over_midnight_names_both_days() -> None:
    late = replace(PROOF, started="2025-10-08T23:59:58Z", finished="2025-10-09T00:04:00Z")
    assert value("Drill", late) == "2025-10-08 23:59:58 to 2025-10-09 00:04:00 UTC"


def test_another_order_of_labels_is_told() -> None:
    result = value("Result", replace(PROOF, labels_reordered=True))
    assert result.endswith("is what was backed up, exactly, but for the order of labels")


def test_the_proof_of_an_increment_says_what_it_needs() -> None:
    needs = [Need(ARCHIVE.replace("10-08", f"10-0{day}"), 7, "aa") for day in (6, 7)]
    proof = replace(PROOF, kind=INCREMENTAL, needs=needs)
    assert value("Backup", proof).startswith("incremental, of database neo4j, ")
    assert value("Needs", proof) == "2 more archives"
    assert "The bucket has archives of these sizes, and a manifest with their SHA-256; " in text_of(
        proof
    )
    content = json.loads(document(FoundProof(proof, None), None))
    assert [each["key"] for each in content["proof"]["needs"]] == [each.key for each in needs]


def test_a_proof_without_questions_says_so() -> None:
    proof = replace(PROOF, questions=[], questions_asked=0)
    lines = text_of(proof).splitlines()
    assert lines[-4:] == ["", "No question was asked", "", CURRENT]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "encrypted: no question was asked; --identity shows the rest"),
        (1, "encrypted: 1 question was asked; --identity shows them"),
        (2, "encrypted: 2 questions were asked; --identity shows them"),
    ],
)
def test_an_encrypted_proof_shows_only_what_everybody_may_see(number: int, text: str) -> None:
    whole = replace(PROOF, questions=ANSWERS[:number], questions_asked=number)
    shown = text_of(locked(whole, PAIR.public))
    rest = [line for line in text_of(whole).splitlines() if line not in shown.splitlines()]
    assert text in shown.splitlines()
    assert {line.partition(" ")[0] for line in rest} <= {
        "Servers", "Fingerprint", "QUESTION", "there", "every", "No",
    }  # fmt: skip
    assert not any(word in shown for word in ("5.26.19", PRINT, "entities", "QUESTION"))


def test_what_the_bucket_does_not_hold_any_more_is_not_said_to_be_there() -> None:
    text = text_of(PROOF, GONE)
    assert "The bucket has" not in text
    assert text + f"\n{CURRENT}\n" == text_of(PROOF)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("1234567", "1,234,567"),
        ("-1234", "-1,234"),
        ("0", "0"),
        ("9988.5", "9988.5"),
        ("9" * 200, "9" * 200),
        ("--5", "--5"),
        ("'a text'", "'a text'"),
        ("²", "\\xb2"),
        ("", ""),
    ],
)
def test_only_whole_numbers_have_separators(answer: str, shown: str) -> None:
    proof = replace(PROOF, questions=[replace(ANSWERS[0], answer=answer)], questions_asked=1)
    (row,) = [each for each in text_of(proof).splitlines() if each.startswith("there are")]
    assert row.removeprefix("there are entities  count > 0").removesuffix("0 s").strip() == shown


def test_nothing_is_cut_off_on_a_terminal_of_80_columns() -> None:
    answer = replace(ANSWERS[0], name="a name " * 14, expectation="x = 'y'", answer="word " * 40)
    proof = replace(PROOF, questions=[answer], questions_asked=1)
    text = text_of(proof, width=80)
    assert max(map(len, text.splitlines())) <= 80
    assert text.split().count("word") == 40
    assert text.split().count("name") >= 14
    assert SHA256 in "".join(text.split())


@given(st.text(), st.text(), st.text(), st.text())
def test_a_foreign_text_cannot_control_the_terminal(
    name: str, answer: str, version: str, key: str
) -> None:
    answers = [replace(ANSWERS[0], name=name, expectation=name, answer=answer)]
    proof = replace(
        PROOF,
        archive_key=key,
        database=name,
        archive_sha256=key,
        service_version=version,
        source=Server(version, name),
        fingerprint=answer,
        questions=answers,
        questions_asked=1,
    )
    text = text_of(proof)
    assert len(text.splitlines()) == len(text_of(PROOF).splitlines()) - 1
    assert all(line.isascii() and line.isprintable() for line in text.splitlines())


@pytest.mark.parametrize("proof", [PROOF, locked(PROOF, PAIR.public)], ids=["plain", "encrypted"])
def test_a_document_has_the_proof_as_it_is(proof: StoredProof) -> None:
    assert json.loads(document(FoundProof(proof, None), None)) == {
        "key": ARCHIVE,
        "proof": json.loads(proof.to_json()),
        "is_current": True,
        "exit_code": 0,
        "error": None,
    }


def test_a_document_says_how_the_command_fails() -> None:
    content = json.loads(document(FoundProof(PROOF, GONE), GONE))
    assert (content["is_current"], content["exit_code"]) == (False, 5)
    assert content["error"] == str(GONE)
    assert Proof(**content["proof"]).archive_key == ARCHIVE
    assert json.loads(document(None, GONE)) == {
        "key": None,
        "proof": None,
        "is_current": None,
        "exit_code": 5,
        "error": str(GONE),
    }
