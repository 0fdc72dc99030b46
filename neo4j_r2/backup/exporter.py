"""What the manual export and APOC's have in common."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.core.errors import GraphError


class ApocError(GraphError):
    """APOC's export failed or is not complete. The manual export can take its place."""


class Exporter(Protocol):
    """A way to turn a graph into the archive's text."""

    @property
    def restore_key(self) -> RestoreKey:
        """The temporary names that the text uses."""

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the text. It ends without an error only if it is complete."""

    def summary(self) -> ExportSummary:
        """Return what was exported. Call it after `blocks` has ended."""
