"""Archives made without a server: the service's code turns rows into text, and packs it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256

from neo4j.spatial import CartesianPoint

from neo4j_r2.archive.manifest import (
    ENCRYPTED_FORMAT_VERSION,
    FORMAT_VERSION,
    ExportSummary,
    LockedManifest,
    Manifest,
    StoredManifest,
)
from neo4j_r2.archive.schema_creation import schema_creation
from neo4j_r2.archive.storage.encryption import Recipients
from neo4j_r2.archive.storage.pack import TextBlock, pack
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.blocks import blocks
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import Rows, number_of
from neo4j_r2.archive.text.statements import node_statements, relationship_statements
from neo4j_r2.core.database import Database, SchemaObject
from neo4j_r2.restore.source import Source
from tests.entities import node_rows, relationship_rows
from tests.service import Service

RESTORE_KEY = RestoreKey.numbered(0)
DATABASE = Database("neo4j", "ours", "5.26.19", "community")
TAKEN = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
STEM = "neo4j-backup/neo4j_2025-10-08_02-00-00"
SOME_NODES = (*range(0, 60, 2), *range(9000, 9020), *range(20_000, 20_005))
"""The ids of the graph's nodes; they have gaps."""
_LABELS = ((), ("Person",), ("Person", "漢`字"))
_CONSTRAINTS = (
    "CREATE CONSTRAINT `key` FOR (n:`Person`) REQUIRE (n.`key`) IS UNIQUE",
    "CREATE CONSTRAINT `a;b` FOR ()-[r:`KNOWS`]-() REQUIRE (r.`;`) IS UNIQUE",
)
_INDEXES = (
    "CREATE RANGE INDEX `range` FOR (n:`Person`) ON (n.`i`, n.`s`)",
    "CREATE LOOKUP INDEX `index_343aff4e` FOR (n) ON EACH labels(n)",
    "CREATE LOOKUP INDEX `own` FOR ()-[r]-() ON EACH type(r)",
)


@dataclass(frozen=True)
class Archive:
    """An archive's bytes and its manifest."""

    data: bytes
    manifest: Manifest
    recipients: Recipients | None = None

    def source(self, *, has_manifest: bool = True) -> Source:
        """Return the archive as a restore reads it, in small pieces."""
        pieces = partial(_pieces, self.data)
        return Source("archive", self.manifest if has_manifest else None, pieces)

    def encrypted(self, recipients: Recipients) -> Archive:
        """Return the same archive, encrypted to these public keys."""
        data = b"".join(recipients.encrypt(_pieces(self.data)))
        manifest = replace(
            self.manifest,
            format_version=ENCRYPTED_FORMAT_VERSION,
            archive_key=f"{self.manifest.archive_key}.age",
            archive_size=len(data),
            archive_sha256=sha256(data).hexdigest(),
        )
        return Archive(data, manifest, recipients)

    def stored_manifest(self, key: str) -> StoredManifest:
        """Return the manifest as it is stored beside an archive with this key."""
        manifest = replace(self.manifest, archive_key=key)
        if self.recipients is None:
            return manifest
        return LockedManifest.of(manifest, self.recipients.encrypt_text(manifest.to_json()))

    def altered(self, data: bytes) -> Archive:
        """Return an archive with other bytes and the same manifest."""
        return replace(self, data=data)


@dataclass(frozen=True)
class Content:
    """The text of an archive, and its summary for the manifest."""

    blocks: Sequence[TextBlock]
    summary: ExportSummary

    @property
    def text(self) -> bytes:
        """The text of all blocks."""
        return b"".join(block.text for block in self.blocks)

    def sealed(self, *, compressed: bool) -> Archive:
        """Return an archive of this text with a manifest that fits it."""
        packed = list(pack(self.blocks, 1 if compressed else None))
        data = b"".join(block.data for block in packed)
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            service_version="0.1.0",
            database=DATABASE.name,
            database_id=DATABASE.id,
            server_version=DATABASE.server_version,
            server_edition=DATABASE.edition,
            started="2025-10-08T02:00:00Z",
            finished="2025-10-08T02:00:05Z",
            export=self.summary,
            identity=asdict(RESTORE_KEY),
            archive_key=f"{STEM}.cypher{'.gz' if compressed else ''}",
            archive_size=len(data),
            archive_sha256=sha256(data).hexdigest(),
            text_size=len(self.text),
            blocks=[block.entry for block in packed],
        )
        return Archive(data, manifest)

    def replaced(self, old: bytes, new: bytes) -> Content:
        """Return the same content with `new` instead of `old`."""
        assert old in self.text
        changed = [replace(block, text=block.text.replace(old, new)) for block in self.blocks]
        return replace(self, blocks=changed)

    def with_line(self, number: int, line: str) -> Content:
        """Return the same content with another line, as line `number` of its text (from 1)."""
        changed, before = [], 0
        for block in self.blocks:
            lines = block.text.splitlines(keepends=True)
            place = number - 1 - before
            if 0 <= place < len(lines):
                lines.insert(place, f"{line}\n".encode())
                number = 0
            before += len(lines)
            changed.append(replace(block, text=b"".join(lines)))
        return replace(self, blocks=changed)


def store(
    service: Service, archive: Archive, *, stem: str = STEM, has_manifest: bool = True
) -> str:
    """Put an archive and its manifest into a bucket, and return the archive's key."""
    key, client = archive.manifest.archive_key.replace(STEM, stem), service.s3.client()
    client.put_object(Bucket=service.bucket, Key=key, Body=archive.data)
    if has_manifest:
        manifest = archive.stored_manifest(key).to_json()
        client.put_object(Bucket=service.bucket, Key=f"{stem}.manifest.json", Body=manifest)
    return key


def content_of(nodes: Sequence[Rows], relationships: Sequence[Rows]) -> Content:
    """Return what an export writes of these entities and of a schema."""
    constraints = [SchemaObject("", "", (), text) for text in _CONSTRAINTS]
    indexes = [SchemaObject(text.split("`")[1], _type(text), (), text) for text in _INDEXES]
    prologue = frame.header(DATABASE, TAKEN, "manual") + frame.restore_key_creation(RESTORE_KEY)
    epilogue = frame.restore_key_removal(RESTORE_KEY, 1000)
    epilogue += schema_creation(constraints, indexes)
    epilogue += frame.end(number_of(nodes), number_of(relationships))
    labels, types = Counter[str](), Counter[str]()
    for rows in nodes:
        labels[json.dumps(rows.shape.group)] += len(rows)
    for rows in relationships:
        types[rows.shape.group[0]] += len(rows)
    return Content(
        [
            TextBlock("prologue", -1, -1, 0, prologue.encode("ascii")),
            *_row_blocks("nodes", nodes),
            TextBlock("clearing", -1, -1, 0, frame.CACHE_CLEARING.encode("ascii")),
            *_row_blocks("relationships", relationships),
            TextBlock("epilogue", -1, -1, 0, epilogue.encode("ascii")),
        ],
        ExportSummary(
            method="manual",
            nodes=number_of(nodes),
            relationships=number_of(relationships),
            nodes_by_labels=dict(labels),
            relationships_by_type=dict(types),
            constraints=len(constraints),
            indexes=len(indexes),
            consistent=True,
            dangling_relationships=0,
        ),
    )


def some_content() -> Content:
    """Return a graph of several blocks, with values of many kinds. It is always the same."""
    return content_of(some_nodes(), some_relationships())


def some_nodes(ids: Iterable[int] = SOME_NODES) -> list[Rows]:
    """Return the graph's nodes, or those of them with these ids."""
    return node_rows([[number, _LABELS[number % 3], *_properties(number)] for number in ids])


def some_relationships() -> list[Rows]:
    """Return the graph's relationships."""
    chosen = random.Random(5)
    return relationship_rows(
        [
            [
                number,
                "KNOWS" if number % 3 else "`",
                *chosen.choices(SOME_NODES, k=2),
                *_properties(number),
            ]
            for number in (*range(40), *range(8192, 8210))
        ]
    )


def _properties(number: int) -> tuple[list[str], list[object]]:
    values: dict[str, object] = {
        "key": number,
        "s": f"text {number} \n\t é\"'`;",
        "f": number / 7,
        "b": number % 2 == 0,
        "date": {"type": "DATE NOT NULL", "text": "2024-02-29"},
        "point": CartesianPoint((1.5, number)),
        "bytes": bytes(range(number % 9)),
        "list": [str(each) for each in range(number % 4)],
        "floats": [number / 3, -0.0],
    }
    keys = [key for place, key in enumerate(values) if (number >> place % 5) % 4]
    return keys, [values[key] for key in keys]


def _row_blocks(kind: str, rows: Sequence[Rows]) -> Iterable[TextBlock]:
    statements = node_statements if kind == "nodes" else relationship_statements
    for block in blocks([rows]):
        text = f":begin\n{statements(block.rows, RESTORE_KEY)}:commit\n".encode("ascii")
        yield TextBlock(kind, block.first, block.last, number_of(block.rows), text)


def _type(statement: str) -> str:
    return statement.split(" ")[1]


def _pieces(data: bytes) -> Iterator[bytes]:
    size = 4096
    return (data[start : start + size] for start in range(0, len(data), size))
