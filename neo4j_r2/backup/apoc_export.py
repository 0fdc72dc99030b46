"""Exports a graph with APOC's Cypher export, if its text is known to lose nothing.

APOC streams an export from a thread and loses that thread's errors: a stream can end early and look
complete. If others write meanwhile, it repeats some entities and misses others. Its text loses some
types, names and schema objects.

So the service writes the schema itself, requires APOC's last row, compares the counts, and fails
if anything was committed meanwhile. `check_for_apoc` keeps APOC from graphs that it is known to
damage. Not all its faults are known, so `ApocProof` reads the text while it streams, with the
reader that restores use. The text must hold what the check has read.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.archive.recognise import recognise_apoc
from neo4j_r2.archive.schema_creation import constraint_creation, index_creation
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.name_lists import name_statements
from neo4j_r2.archive.text.quoting import escape_non_ascii
from neo4j_r2.backup.apoc_check import APOC_RESTORE_KEY, ApocCheck
from neo4j_r2.backup.apoc_proof import ApocProof
from neo4j_r2.backup.exporter import ApocError
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import CorruptError, GraphError
from neo4j_r2.core.figures import graph_size
from neo4j_r2.graph.read_names import read_names
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.unfinished_mark import refuse_restore_begun

_STATEMENT_ROWS: Final = 20
_BATCH_CHARACTERS: Final = 4 * 1024 * 1024
_LARGEST_BATCH: Final = 20_000


class ApocExport:
    """One export. Exhaust `blocks` before you call `summary`."""

    method = "apoc"
    restore_key = APOC_RESTORE_KEY

    def __init__(
        self,
        graph: Graph,
        database: Database,
        started: datetime,
        check: ApocCheck,
        on_progress: Callable[[int], None],
    ) -> None:
        """Prepare an export.

        :param check: of the same graph, with no reason against APOC.
        :param on_progress: is given the number of entities in each batch.
        """
        self._graph = graph
        self._database = database
        self._started = started
        self._check = check
        self._on_progress = on_progress
        self._summary: ExportSummary | None = None

    def blocks(self) -> Iterator[TextBlock]:
        """Yield the archive's text in its order.

        :raises ApocError: if the text is not complete, may mix several states of the graph, or
            does not hold what the check has read.
        """
        # Blocks that the reader has taken and that are not yielded yet. The reader checks the text
        # while it streams.
        ahead: deque[TextBlock] = deque()

        def texts() -> Iterator[bytes]:
            for block in self._text():
                ahead.append(block)
                yield block.text

        proof = ApocProof()
        try:
            for item in recognise_apoc(texts()):
                proof.add(item)
                while ahead:
                    yield ahead.popleft()
            proof.compare(self.summary(), self._check.content)
        except CorruptError as error:
            raise ApocError(f"its text does not give the graph back: {error}") from error
        yield from ahead

    def _text(self) -> Iterator[TextBlock]:
        constraints, indexes = self._graph.catalogue.schema()
        refuse_restore_begun(indexes, self._database.name)  # one that begins later is a commit
        # APOC's text finds endpoints by the user's unique properties, so it needs the constraints
        # first. The data cannot violate them, as nothing was committed meanwhile.
        text = frame.header(self._database, self._started, self.method)
        text += name_statements(read_names(self._graph.connection))
        text += constraint_creation(constraints) + frame.restore_key_creation(self.restore_key)
        yield _block("prologue", text)
        counts = self._graph.catalogue.counts()
        yield from self._statements(counts)
        self._summary = self._summarised(len(constraints), len(indexes))
        if self._graph.connection.bookmark() != self._check.bookmark:
            raise ApocError("the graph was written to during APOC's export")
        rows = frame.removal_rows(self._check.characters / max(1, counts[0]))
        text = frame.restore_key_removal(self.restore_key, rows) + index_creation(indexes)
        yield _block("epilogue", text + frame.end(*counts))

    def lineage(self) -> None:
        """Return None: its text has other ids than the database."""

    def summary(self) -> ExportSummary:
        """Return what was exported."""
        if self._summary is None:
            raise AssertionError("the blocks have not ended")
        return self._summary

    def _summarised(self, constraints: int, indexes: int) -> ExportSummary:
        labels, types = self._graph.catalogue.counts_by_group()
        return ExportSummary(
            method=self.method,
            nodes=sum(number for _, number in labels),
            relationships=sum(number for _, number in types),
            nodes_by_labels={
                json.dumps(group): number
                for group, number in sorted((sorted(names), number) for names, number in labels)
            },
            relationships_by_type=dict(sorted(types)),
            constraints=constraints,
            indexes=indexes,
            consistent=True,
            dangling_relationships=0,
        )

    def _statements(self, counts: tuple[int, int]) -> Iterator[TextBlock]:
        """Yield APOC's statements.

        :raises ApocError: if the stream ends early, or has other counts than the graph.
        """
        batch = batch_size(sum(counts), self._check.characters)
        last: Mapping[str, Any] = {"batches": 0, "rows": 0, "nodes": 0, "relationships": 0}
        try:
            for row in self._graph.apoc.export(batch, _STATEMENT_ROWS):
                text = (row["nodeStatements"] or "") + (row["relationshipStatements"] or "")
                entities = row["rows"] - last["rows"]
                self._on_progress(entities)
                yield TextBlock(
                    "statements", -1, -1, entities, escape_non_ascii(text).encode("ascii")
                )
                last = row
        except GraphError as error:
            raise ApocError(str(error)) from error
        if last["batches"] != last["rows"] // batch + 1:
            raise ApocError(
                "APOC's export ended before its last row: Neo4j's logs may say why; a low "
                "db.transaction.concurrent.maximum does this"
            )
        if (last["nodes"], last["relationships"]) != counts:
            raise ApocError(
                f"APOC exported {graph_size(last['nodes'], last['relationships'])} of "
                f"{graph_size(*counts)}"
            )


def batch_size(entities: int, characters: int) -> int:
    """Return how many entities APOC may put into one row. Each row is one string in the heap."""
    mean = max(1, characters // max(1, entities))
    return max(_STATEMENT_ROWS, min(_LARGEST_BATCH, _BATCH_CHARACTERS // mean))


def _block(kind: str, text: str) -> TextBlock:
    return TextBlock(kind, -1, -1, 0, text.encode("ascii"))
