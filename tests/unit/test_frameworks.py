"""The table of libraries that the service is tried with, and the documents that name them."""

from __future__ import annotations

import re
import sys
from collections import Counter

import pytest

from frameworks.__main__ import DOCUMENT, main
from frameworks.embedding import DIMENSIONS, embedding
from frameworks.library import Library, described, libraries
from frameworks.outcome import CHECKS, Outcome, Size
from frameworks.schema_text import schema_lines
from frameworks.stage import Look
from frameworks.steps import StepError, run_step
from frameworks.table import section
from testbed.fingerprint import Fingerprint, Tally
from tests.unit.process import ROOT

LIBRARY = Library("novel", "novel-graph", "1.2.3", "Chapters. The reader is a fake.")
SIZE = Size(nodes=12, relationships=34, schema=5)
PASSED = Outcome(LIBRARY, SIZE, {check: [] for check in CHECKS})
EVERY_LIBRARY = pytest.mark.parametrize("name", libraries())


def rows(outcome: Outcome) -> list[list[str]]:
    table = re.findall(r"^\| (.*) \|$", section([outcome], "2026-11-28"), re.MULTILINE)
    return [row.split(" | ") for row in table]


def test_a_library_that_passes_has_a_row_with_its_version_and_the_size_of_its_graph() -> None:
    [_, _, row] = rows(PASSED)
    assert row == ["novel-graph 1.2.3", "12", "34", "5", "made", *["exact"] * 3, "the same", "yes"]
    assert PASSED.has_passed


def test_a_failure_is_marked_in_the_row_and_told_below() -> None:
    failed = Outcome(LIBRARY, SIZE, {**PASSED.problems, "answers": ["facts: 1 became 2"]})
    assert not failed.has_passed
    assert rows(failed)[2][8] == "**no**"
    text = section([failed], "2026-11-28")
    assert "\n- novel-graph 1.2.3, answers: facts: 1 became 2\n" in text


def test_what_was_not_reached_has_not_passed() -> None:
    failed = Outcome(LIBRARY, None, {"backup": ["the library finds nothing"]})
    assert not failed.has_passed
    assert rows(failed)[2][1:] == ["", "", "", "**no**", *["not tried"] * 5]


def test_a_graph_that_lists_labels_in_another_order_is_different() -> None:
    schema = ("CREATE CONSTRAINT one", "CREATE LOOKUP INDEX two")
    graph = Fingerprint({"nodes": Tally(1, 7), "relationships": Tally()}, "", schema, ())
    one, other = (Look(graph, Counter([labels])) for labels in (("A", "B"), ("B", "A")))
    assert one.difference(one) == ""
    assert one.difference(other) == "labels(n) lists labels in another order"
    assert one.size == Size(nodes=1, relationships=0, schema=1)


def test_a_script_names_its_library_first() -> None:
    metadata = '# /// script\n# dependencies = ["one==1.0", "other"]\n# ///\n'
    script = f'{metadata}"""About\nit."""\nimport one\n'
    assert described("script", script) == Library("script", "one", "1.0", "About it.")
    with pytest.raises(ValueError, match="script lacks"):
        described("script", '"""About it."""\n')


@EVERY_LIBRARY
def test_a_library_s_lock_file_has_the_version_that_its_script_names(name: str) -> None:
    library = libraries()[name]
    pins = library.lock.read_text(encoding="utf-8").splitlines()
    assert f"{library.package}=={library.version}" in pins


@EVERY_LIBRARY
def test_the_document_has_the_outcome_of_the_version_that_is_pinned(name: str) -> None:
    library = libraries()[name]
    text = DOCUMENT.read_text(encoding="utf-8")
    assert f"| {library.title} |" in text
    assert f"**{library.title}:** {library.about}" in text


def test_no_check_of_the_document_failed_or_was_left_out() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert "**no**" not in text
    assert "not tried" not in text


def test_the_readme_names_as_many_libraries_as_were_tried() -> None:
    [names] = re.findall(r"\[([^]]*)\]\(docs/frameworks\.md\)", _readme())
    assert len(re.split(r", | and ", names)) == len(libraries())


def _readme() -> str:
    return " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())


def test_a_name_that_is_no_library_is_a_wrong_usage() -> None:
    assert main(["novel"]) == 2


def test_a_program_that_fails_is_told_by_the_last_line_that_it_printed() -> None:
    with pytest.raises(StepError, match=r"NameError: name 'unknown' is not defined$"):
        run_step([sys.executable, "-c", "unknown"])
    assert run_step([sys.executable, "-c", "print(1)"]) == "1\n"


def test_texts_that_share_words_have_vectors_that_are_near() -> None:
    def nearness(one: str, other: str) -> float:
        return sum(a * b for a, b in zip(embedding(one), embedding(other), strict=True))

    assert len(embedding("a text")) == DIMENSIONS
    assert nearness("the same", "The same!") == pytest.approx(1)
    assert nearness("who read it", "she read it") > 0.5 > nearness("who read it", "far away")


def test_a_schema_told_with_its_properties_in_another_order_is_the_same() -> None:
    told = "Person {id: STRING, size: INTEGER}\n(:Person)-[:KNOWS]->(:Person)"
    assert schema_lines(told) == schema_lines(
        told.replace("id: STRING, size: INTEGER", "size: INTEGER, id: STRING")
    )
    assert schema_lines(told) != schema_lines(told.replace("INTEGER", "FLOAT"))
