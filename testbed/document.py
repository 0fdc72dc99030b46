"""A part of a document that a program writes, between two marks; people write the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Section:
    """The generated part with a name."""

    name: str

    @property
    def begin(self) -> str:
        """The line before it."""
        return f"<!-- {self.name}:begin -->"

    @property
    def end(self) -> str:
        """The line after it."""
        return f"<!-- {self.name}:end -->"

    def write(self, path: Path, text: str) -> None:
        """Replace the section of a document; all else in it stays.

        :raises ValueError: if the document has not one section, between one pair of marks.
        """
        path.write_text(self.replaced(path.read_text(encoding="utf-8"), text), encoding="utf-8")

    def replaced(self, document: str, text: str) -> str:
        """Return a document with its section replaced; see `write`."""
        before, begin, rest = document.partition(self.begin)
        _, end, after = rest.partition(self.end)
        is_one = self.begin not in rest and self.end not in after and self.end not in before
        if not begin or not end or not is_one:
            raise ValueError(f"the document has no section between {self.begin} and {self.end}")
        return f"{before}{self.begin}\n\n{text.strip()}\n\n{self.end}{after}"
