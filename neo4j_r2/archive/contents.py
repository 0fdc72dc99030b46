"""Counts what an archive holds while it is read."""

from __future__ import annotations

import json
from collections import Counter

from neo4j_r2.archive.items import (
    Adaptation,
    AnyStatement,
    Item,
    MatchBatch,
    NameList,
    NodeBatch,
    RelationshipBatch,
    SchemaStatement,
)
from neo4j_r2.archive.manifest import ExportSummary
from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.archive.text.quoting import CYPHER_25
from neo4j_r2.core.errors import CorruptError


class Contents:
    """Counts of all items of an archive; checks that relationships fit the nodes."""

    def __init__(self) -> None:
        self.labels: Counter[str] = Counter()
        """Numbers of nodes. The key is the JSON list of their labels, in ascending order."""
        self.types: Counter[str] = Counter()
        """Numbers of relationships by type. A row of a `MatchBatch` counts as one."""
        self.schema: list[str] = []
        self.is_countable = True
        """Whether a restore creates exactly what was counted."""
        self._node_ids = NodeIds()

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return self.labels.total()

    @property
    def relationships(self) -> int:
        """How many relationships there are; exact if `is_countable`."""
        return self.types.total()

    def add(self, item: Item) -> None:
        """Count an item.

        :raises CorruptError: if a node comes twice, or an endpoint of a relationship is missing.
        """
        if isinstance(item, NodeBatch):
            self.labels[json.dumps(item.labels)] += len(item.rows)
            for name in item.names:
                self._node_ids.put(name, 0)
        elif isinstance(item, SchemaStatement):
            self.schema.append(item.text)
        elif isinstance(item, AnyStatement):
            self.is_countable = False
        elif not isinstance(item, Adaptation | NameList):
            self._add_relationships(item)

    def _add_relationships(self, item: RelationshipBatch | MatchBatch) -> None:
        start, end = (item.start, item.end) if isinstance(item, MatchBatch) else (None, None)
        for names, pattern in ((item.starts, start), (item.ends, end)):
            if pattern is None:
                self._node_ids.get(names)
        self.types[item.type] += len(item.rows)
        self.is_countable &= isinstance(item, RelationshipBatch)

    def compare(self, export: ExportSummary) -> None:
        """Compare the counts with those of a manifest.

        :raises CorruptError: naming the first difference.
        """
        for what, counted, said in (
            ("nodes with the labels", self.labels, Counter(export.nodes_by_labels)),
            ("relationships of type", self.types, Counter(export.relationships_by_type)),
        ):
            for group in sorted((counted - said) + (said - counted)):
                raise _differs(f"{what} {group}", counted[group], said[group])
        constraints, indexes = self._schema_sizes()
        for what, number, stated in (
            ("nodes", self.nodes, export.nodes),
            ("relationships", self.relationships, export.relationships),
            ("constraints", constraints, export.constraints),
            ("indexes", indexes, export.indexes),
        ):
            if number != stated:
                raise _differs(what, number, stated)

    def _schema_sizes(self) -> tuple[int, int]:
        """Return how many constraints and indexes an archive of this service has.

        A new database already has two lookup indexes. The archive does not mention one that stays,
        so two are added here. Removing one takes two DROP statements, because the server's version
        decides its name.
        """
        statements = (text.removeprefix(CYPHER_25) for text in self.schema)
        constraints = sum(text.startswith("CREATE CONSTRAINT ") for text in statements)
        removals = sum(text.startswith("DROP INDEX ") for text in self.schema)
        return constraints, len(self.schema) - constraints - removals + 2 - removals // 2


def _differs(what: str, counted: int, said: int) -> CorruptError:
    return CorruptError(f"the archive has {counted} {what}, the manifest says {said}")


def rows_in(item: Item) -> int:
    """Return how many entities an item holds."""
    return len(item.rows) if isinstance(item, NodeBatch | RelationshipBatch | MatchBatch) else 0
