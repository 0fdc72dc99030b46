"""The parts of documents that programs write, such as the source map."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.document import Section
from testbed.source_map import DOCUMENT, PACKAGES, SECTION, source_map
from tests.unit.process import ROOT

PART = Section("part")
BEGIN, END = PART.begin, PART.end


def test_the_source_map_says_what_the_modules_say() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert SECTION.replaced(text, source_map()) == text, "python -m testbed.source_map writes it"


def test_the_source_map_has_every_package_and_module() -> None:
    package = ROOT / "neo4j_r2"
    faces = {path.parent for path in package.rglob("__init__.py")} - {package}
    assert {str(path.relative_to(package)) for path in faces} == set(PACKAGES)
    modules = [path.name for path in package.rglob("*.py") if path.parent != package]
    lines = source_map().splitlines()
    named = [line.split("`")[1] for line in lines if line.startswith("- ")]
    assert sorted(named) == sorted(name for name in modules if name != "__init__.py")


def test_only_the_generated_section_of_a_document_changes() -> None:
    document = f"# Title\n\n{BEGIN}\nold\n{END}\n\nThe end.\n"
    assert PART.replaced(document, "new\n") == f"# Title\n\n{BEGIN}\n\nnew\n\n{END}\n\nThe end.\n"
    assert PART.replaced(PART.replaced(document, "x"), "new") == PART.replaced(document, "new")


@pytest.mark.parametrize(
    "document", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{END}", f"{BEGIN}{BEGIN}{END}"]
)
def test_a_document_without_one_section_is_refused(tmp_path: Path, document: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(document, encoding="utf-8")
    with pytest.raises(ValueError, match="no section"):
        PART.write(path, "new")
    assert path.read_text(encoding="utf-8") == document
