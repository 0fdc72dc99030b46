"""What the manual export and APOC's have in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from neo4j_r2.archive.manifest import ExportSummary, Need
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.core.errors import BackupError, GraphError


class ApocError(GraphError):
    """APOC's export failed or is not complete. The manual export can take its place."""


class NeedMissingError(BackupError):
    """An archive that an increment needs is gone. A full backup can take its place."""


@dataclass(frozen=True)
class Lineage:
    """How an archive stands to those before it."""

    needs: list[Need]
    """The archives that a restore of it needs besides, oldest first."""
    row_sums: dict[str, str]
    """See `Manifest.row_sums`."""


class Exporter(Protocol):
    """A way to turn a graph into the archive's text."""

    @property
    def restore_key(self) -> RestoreKey:
        """The temporary names that the text uses."""

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the text. It ends without an error only if it is complete."""

    def lineage(self) -> Lineage | None:
        """Return what it stands on; None if no later backup can need it. Call it at the end too."""

    def summary(self) -> ExportSummary:
        """Return what was exported. Call it after `blocks` has ended."""
