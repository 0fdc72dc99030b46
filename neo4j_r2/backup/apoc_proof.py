"""Proves that a restore of APOC's text gives the graph back."""

from __future__ import annotations

from neo4j_r2.archive.content_fingerprint import ContentFingerprint
from neo4j_r2.archive.contents import Contents
from neo4j_r2.archive.items import Item, NodeBatch, RelationshipBatch
from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.core.errors import CorruptError


class ApocProof:
    """Collects what a restore would create from APOC's text, and compares it with the graph."""

    def __init__(self) -> None:
        self._contents = Contents()
        self._fingerprint = ContentFingerprint()

    def add(self, item: Item) -> None:
        """Add an item of the text.

        :raises CorruptError: if a node comes twice, or an endpoint of a relationship is missing.
        """
        self._contents.add(item)
        if isinstance(item, NodeBatch):
            for name, row in zip(item.names, item.rows, strict=True):
                self._fingerprint.add_node(name, item.labels, item.columns, row)
        elif isinstance(item, RelationshipBatch):
            for ends, row in zip(zip(item.starts, item.ends, strict=True), item.rows, strict=True):
                self._fingerprint.add_relationship(item.type, ends, item.columns, row)

    def compare(self, summary: ExportSummary, content: ContentFingerprint) -> None:
        """Compare everything that was added with the graph.

        :raises CorruptError: naming the first difference.
        """
        self._contents.compare(summary)
        if self._fingerprint.sums != content.sums:
            raise CorruptError("a value or an end of a relationship differs from the graph's")
