"""The proof that APOC's text gives a graph back: read it as a restore would, and compare."""

from __future__ import annotations

from neo4j_r2.archive.content_fingerprint import ContentFingerprint
from neo4j_r2.archive.contents import Contents
from neo4j_r2.archive.items import Item, NodeBatch, RelationshipBatch
from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.core.errors import CorruptError


class ApocProof:
    """What a restore would make of APOC's text."""

    def __init__(self) -> None:
        self._contents = Contents()
        self._fingerprint = ContentFingerprint()

    def add(self, item: Item) -> None:
        """Take what has been read.

        :raises CorruptError: if a node is there twice, or a relationship has an end that is none.
        """
        self._contents.add(item)
        if isinstance(item, NodeBatch):
            for name, row in zip(item.names, item.rows, strict=True):
                self._fingerprint.add_node(name, item.labels, item.columns, row)
        elif isinstance(item, RelationshipBatch):
            for ends, row in zip(zip(item.starts, item.ends, strict=True), item.rows, strict=True):
                self._fingerprint.add_relationship(item.type, ends, item.columns, row)

    def compare(self, summary: ExportSummary, content: ContentFingerprint) -> None:
        """Compare all of it with the counts and the content of the graph.

        :raises CorruptError: naming a difference.
        """
        self._contents.compare(summary)
        if self._fingerprint.sums != content.sums:
            raise CorruptError("a value or an end of a relationship differs from the graph's")
