"""Exports a graph to which nothing was committed since the backup before: without reading it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.archive.script import frame_block
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.backup.base import Base, Server
from neo4j_r2.backup.exporter import Lineage
from neo4j_r2.core.database import Database
from neo4j_r2.graph.reader import Graph


def is_idle(graph: Graph, base: Base, server: Server) -> bool:
    """Whether the database surely is as it was when the base was read.

    A bookmark names the last commit of this run of the server: somebody may have put an older store
    in place while it was down, and then committed as often.
    """
    return (
        bool(base.bookmark)
        and not base.late  # only the newest archive's count
        and bool(server.started)
        and server == base.server
        and frozenset(base.bookmark) == graph.connection.bookmark()
        and graph.catalogue.counts() == (base.export.nodes, base.export.relationships)
    )


class IdleExport:
    """An archive that holds no rows: all of them are in the archives that it needs."""

    method = "manual"

    def __init__(self, base: Base, database: Database, started: datetime) -> None:
        """Prepare an export; nothing is asked of the server."""
        self._base = base
        self._header = frame.increment_header(database, started)
        self.restore_key = RestoreKey(**base.restore_key)

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the archive's text."""
        prologue = self._header + self._base.names + frame.restore_key_creation(self.restore_key)
        yield frame_block("prologue", prologue)
        epilogue = self._base.schema + frame.end(0, 0)
        yield frame_block("epilogue", epilogue)

    def lineage(self) -> Lineage:
        """Return what the archive needs."""
        return Lineage(self._base.needs, self._base.row_sums)

    def summary(self) -> ExportSummary:
        """Return what the backup holds."""
        return self._base.export
