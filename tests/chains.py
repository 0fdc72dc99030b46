"""Chains of archives made without a server: a full one, and what changed since the one before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any

from neo4j_r2.archive.audit_chain import NeededArchive
from neo4j_r2.archive.manifest import (
    CHAIN_FORMAT_VERSION,
    ENCRYPTED_CHAIN_FORMAT_VERSION,
    FULL,
    INCREMENTAL,
    ExportSummary,
    Need,
    timestamp,
)
from neo4j_r2.archive.row_hashes import RowSum, row_hashes, sums_of_rows
from neo4j_r2.archive.schema_creation import schema_creation
from neo4j_r2.archive.script import frame_block, rows_block, with_clearings
from neo4j_r2.archive.storage.encryption import PrivateKeys, Recipients
from neo4j_r2.archive.storage.pack import TextBlock
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.blocks import BLOCK_CHARACTERS, blocks
from neo4j_r2.archive.text.name_lists import name_statements
from neo4j_r2.archive.text.rows import EntityKind, Rows, gone_rows
from neo4j_r2.core.database import Names, SchemaObject
from neo4j_r2.restore.source import Source
from tests.archives import DATABASE, RESTORE_KEY, TAKEN, Archive, Content
from tests.entities import Record, node_rows, relationship_rows

INCREMENT_CHARACTERS = 2_000
"""Blocks of these increments are small, so that there are several of them."""
Records = Mapping[int, Record]


@dataclass(frozen=True)
class Graph:
    """A graph at the moment of a backup."""

    nodes: Records
    relationships: Records
    constraints: Sequence[str] = ("CREATE CONSTRAINT `k` FOR (n:`A`) REQUIRE (n.`key`) IS UNIQUE",)
    names: Names = field(default_factory=lambda: Names(["A", "B"], ["T", "U"], ["key", "s"]))
    late: Collection[int] = ()
    """The ids of nodes that the backup reads late."""

    def changed(
        self, nodes: Mapping[int, Any] = {}, relationships: Mapping[int, Any] = {}, **others: Any
    ) -> Graph:
        """Return the graph with other entities; None stands for one that is gone."""
        return replace(
            self,
            nodes=_changed(self.nodes, nodes),
            relationships=_changed(self.relationships, relationships),
            late=(),
            **others,
        )

    def full(self, number: int = 0) -> Content:
        """Return the text of a full backup, the `number`th one."""
        ordinary = [self.nodes[each] for each in sorted(self.nodes) if each not in self.late]
        header = frame.header(DATABASE, TAKEN + timedelta(days=number), "manual")
        rows = _Parts(
            node_rows(ordinary), self._late_rows(), relationship_rows(_all(self.relationships))
        )
        return self._content(header, rows, BLOCK_CHARACTERS)

    def since(self, old: Graph, number: int = 1) -> Content:
        """Return the text of an increment."""
        node_ids = {
            each for each in _differing(old.nodes, self.nodes, old.late) if each not in self.late
        }
        gone_nodes = [each for each in old.nodes if each not in self.nodes or each in self.late]
        ids = _differing(old.relationships, self.relationships, ())
        gone = [each for each in old.relationships if each not in self.relationships]
        rows = _Parts(
            [*node_rows([self.nodes[each] for each in sorted(node_ids)]), *_gone(gone_nodes)],
            self._late_rows(),
            [*relationship_rows([self.relationships[each] for each in sorted(ids)]), *_gone(gone)],
        )
        header = frame.increment_header(DATABASE, TAKEN + timedelta(days=number))
        return self._content(header, rows, INCREMENT_CHARACTERS)

    def row_sums(self) -> dict[str, str]:
        """Return the sums of all rows."""
        sums: dict[EntityKind, RowSum] = {"node": RowSum(), "relationship": RowSum()}
        for rows in node_rows(_all(self.nodes)):
            sums["node"].add(row_hashes("node", rows))
        for rows in relationship_rows(_all(self.relationships)):
            sums["relationship"].add(row_hashes("relationship", rows))
        return sums_of_rows(sums)

    def summary(self) -> ExportSummary:
        """Return what a manifest says of the graph."""
        labels = Counter(json.dumps(sorted(record[1])) for record in self.nodes.values())
        types = Counter(record[1] for record in self.relationships.values())
        return ExportSummary(
            method="manual",
            nodes=len(self.nodes),
            relationships=len(self.relationships),
            nodes_by_labels=dict(labels),
            relationships_by_type=dict(types),
            constraints=len(self.constraints),
            indexes=2,
            consistent=True,
            dangling_relationships=0,
        )

    def _late_rows(self) -> list[Rows]:
        return node_rows([self.nodes[each] for each in sorted(self.late)])

    def _content(self, header: str, parts: _Parts, characters: int) -> Content:
        prologue = header + name_statements(self.names) + frame.restore_key_creation(RESTORE_KEY)
        schema = [SchemaObject("", "", (), text) for text in self.constraints]
        epilogue = frame.restore_key_removal(RESTORE_KEY, 1000) + schema_creation(schema, _LOOKUPS)
        made = [*parts.text_blocks(characters)]
        nodes = sum(block.entities for block in made if block.kind != "relationships")
        relationships = sum(block.entities for block in made if block.kind == "relationships")
        epilogue += frame.end(nodes, relationships)
        made = [frame_block("prologue", prologue), *made, frame_block("epilogue", epilogue)]
        return Content([*with_clearings(made)], self.summary())


_LOOKUPS = [
    SchemaObject(name, "LOOKUP", (), f"CREATE LOOKUP INDEX `{name}` {target}")
    for name, target in (
        ("index_343aff4e", "FOR (n) ON EACH labels(n)"),
        ("index_f7700477", "FOR ()-[r]-() ON EACH type(r)"),
    )
]


@dataclass(frozen=True)
class _Parts:
    nodes: Sequence[Rows]
    late: Sequence[Rows]
    relationships: Sequence[Rows]

    def text_blocks(self, characters: int) -> Iterator[TextBlock]:
        for kind, rows in (
            ("nodes", self.nodes),
            ("late nodes", self.late),
            ("relationships", self.relationships),
        ):
            for block in blocks([rows] if rows else [], characters):
                yield rows_block(kind, block, RESTORE_KEY)


@dataclass(frozen=True)
class Chain:
    """Backups of one database, oldest first: a full one, and increments."""

    archives: Sequence[Archive]

    @property
    def newest(self) -> Archive:
        """The own archive of the newest backup."""
        return self.archives[-1]

    def source(self, number: int = -1, keys: PrivateKeys | None = None) -> Source:
        """Return one of the backups as a command reads it."""
        place = number % len(self.archives)
        manifest = self.archives[place].manifest
        needs = [
            NeededArchive(need, _opener(archive))
            for need, archive in zip(manifest.needs, self.archives[:place], strict=True)
        ]
        decrypt = keys.decrypt if keys else iter
        return Source(manifest.archive_key, manifest, _opener(self.archives[place]), needs, decrypt)

    def objects(self) -> dict[str, bytes]:
        """Return what a bucket holds: all archives and their manifests, by their keys."""
        stored: dict[str, bytes] = {}
        for archive in self.archives:
            key = archive.manifest.archive_key
            stored[key] = archive.data
            stem = key.partition(".cypher")[0]
            stored[f"{stem}.manifest.json"] = archive.stored_manifest(key).to_json()
        return stored

    def with_data(self, number: int, data: bytes) -> Chain:
        """Return the chain with other bytes of one archive."""
        archives = list(self.archives)
        archives[number] = archives[number].altered(data)
        return Chain(archives)


def chain_of(*graphs: Graph, recipients: Recipients | None = None) -> Chain:
    """Return a full backup of the first graph, and an increment for each other one."""
    archives: list[Archive] = []
    for number, graph in enumerate(graphs):
        content = graph.since(graphs[number - 1], number) if number else graph.full()
        archive = content.sealed(compressed=True)
        if recipients:
            archive = archive.encrypted(recipients)
        version = ENCRYPTED_CHAIN_FORMAT_VERSION if recipients else CHAIN_FORMAT_VERSION
        manifest = replace(
            archive.manifest,
            format_version=version,
            started=timestamp(TAKEN + timedelta(days=number)),
            archive_key=archive.manifest.archive_key.replace("10-08", f"10-{8 + number:02}"),
            kind=INCREMENTAL if number else FULL,
            needs=[_need(each) for each in archives],
            row_sums=graph.row_sums(),
        )
        archives.append(replace(archive, manifest=manifest))
    return Chain(archives)


def _need(archive: Archive) -> Need:
    manifest = archive.manifest
    return Need(manifest.archive_key, manifest.archive_size, manifest.archive_sha256)


def _opener(archive: Archive) -> Callable[[], Iterator[bytes]]:
    return partial(_pieces, archive.data)


def _pieces(data: bytes) -> Iterator[bytes]:
    yield from (data[start : start + 1000] for start in range(0, len(data), 1000))


def _all(records: Records) -> list[Record]:
    return [records[number] for number in sorted(records)]


def _gone(ids: Collection[int]) -> list[Rows]:
    return [gone_rows(sorted(ids))] if ids else []


def _differing(old: Records, new: Records, late: Collection[int]) -> set[int]:
    return {
        number
        for number in new
        if number in late or repr(old.get(number)) != repr(new[number])  # 1 equals True
    }


def _changed(records: Records, changes: Mapping[int, Any]) -> dict[int, Record]:
    together = {**records, **changes}
    return {number: record for number, record in together.items() if record is not None}
