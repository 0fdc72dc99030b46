"""The part of a document that the benchmark writes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

BEGIN: Final = "<!-- bench:begin -->"
END: Final = "<!-- bench:end -->"


def write_document(path: Path, section: str) -> None:
    """Replace the generated section of a document; all else in it stays.

    :raises ValueError: if the document has not one section, between one pair of marks.
    """
    path.write_text(replaced(path.read_text(encoding="utf-8"), section), encoding="utf-8")


def replaced(document: str, section: str) -> str:
    """Return a document with its generated section replaced; see `write_document`."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after or END in before:
        raise ValueError(f"the document has no section between {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after}"
