"""The record that makes an archive a backup, in the clear or for the most part encrypted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from neo4j_r2.archive.storage.pack import PackedBlock
from neo4j_r2.core.errors import CorruptError

FORMAT_VERSION: Final = 1
ENCRYPTED_FORMAT_VERSION: Final = 2
"""Of a backup whose archive, and most of whose manifest, is encrypted."""
_AGE_SUFFIX: Final = ".age"
_TABLE_NUMBERS: Final = ("entities", "text_length", "offset", "length")
_TIMESTAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Totals:
    """How much an export found, and nothing of what."""

    nodes: int
    relationships: int
    constraints: int
    indexes: int

    @property
    def entities(self) -> int:
        """The number of nodes and relationships."""
        return self.nodes + self.relationships


@dataclass(frozen=True)
class ExportSummary:
    """What an export found; counts are of what is in the archive."""

    method: str
    nodes: int
    relationships: int
    nodes_by_labels: dict[str, int]
    """By the JSON list of the labels, in ascending order."""
    relationships_by_type: dict[str, int]
    constraints: int
    indexes: int
    consistent: bool
    """Whether it is proved that nothing was committed meanwhile."""
    dangling_relationships: int
    """Relationships left out, because an endpoint was deleted while they were read."""
    unstated_schema: list[str] = field(default_factory=list)
    """Names of constraints and indexes left out, because the server cannot state them."""

    @property
    def entities(self) -> int:
        """The number of nodes and relationships."""
        return self.nodes + self.relationships

    @property
    def totals(self) -> Totals:
        """What of it may be said of an encrypted backup."""
        return Totals(self.nodes, self.relationships, self.constraints, self.indexes)


@dataclass(frozen=True)
class Manifest:
    """The record that makes an archive a backup; docs/design.md, "Manifest", has each field."""

    format_version: int
    service_version: str
    database: str
    database_id: str
    server_version: str
    server_edition: str
    started: str
    finished: str
    export: ExportSummary
    identity: dict[str, str]
    """The temporary label, key and constraint of the archive's text; empty for APOC's."""
    archive_key: str
    archive_size: int
    archive_sha256: str
    text_size: int
    blocks: list[dict[str, Any]]
    before_restore: bool = False
    """Whether it was made because a restore was about to replace the graph."""
    last_accepted: int = 0
    """Entities of the last accepted backup before it; 0 without one, and without the alarm."""

    @property
    def is_compressed(self) -> bool:
        """Whether each block of the archive is a gzip member."""
        return self.archive_key.removesuffix(_AGE_SUFFIX).endswith(".gz")

    def to_json(self) -> bytes:
        """Return the manifest's bytes; ASCII."""
        return _to_json(self)


@dataclass(frozen=True)
class LockedManifest:
    """What is in the clear of an encrypted backup's manifest, and the whole of it, encrypted."""

    format_version: int
    service_version: str
    database: str
    database_id: str
    started: str
    finished: str
    export: Totals
    archive_key: str
    archive_size: int
    archive_sha256: str
    """Of the object in the bucket, which is encrypted."""
    encrypted: str
    """The `Manifest` as JSON, as an age file in its form as text."""
    before_restore: bool = False
    last_accepted: int = 0

    @classmethod
    def of(cls, manifest: Manifest, encrypted: str) -> LockedManifest:
        """Return what is stored of a manifest that encrypts to a text."""
        values: dict[str, Any] = {**vars(manifest), "encrypted": encrypted}
        return cls(**_known(cls, {**values, "export": manifest.export.totals}))

    def to_json(self) -> bytes:
        """Return the manifest's bytes; ASCII."""
        return _to_json(self)

    def unlocked(self, decrypted: bytes) -> Manifest:
        """Return the whole manifest, of which `encrypted` was made.

        :raises CorruptError: if it is none, or says something else than what is in the clear.
        """
        formats: Mapping[object, type[Manifest]] = {ENCRYPTED_FORMAT_VERSION: Manifest}
        manifest = _read(decrypted, formats)
        if LockedManifest.of(manifest, self.encrypted) != self:
            raise CorruptError("the manifest's encrypted part is not of this manifest")
        return manifest


StoredManifest = Manifest | LockedManifest
"""A manifest as it lies in the bucket: what retention needs can be read of each."""
AnyManifest = TypeVar("AnyManifest", bound=StoredManifest)


def read_manifest(data: bytes) -> StoredManifest:
    """Parse a manifest as it is stored.

    :raises CorruptError: if this is none, or one of a newer format.
    """
    formats: Mapping[object, type[StoredManifest]] = {
        FORMAT_VERSION: Manifest,
        ENCRYPTED_FORMAT_VERSION: LockedManifest,
    }
    return _read(data, formats)


def _read(data: bytes, formats: Mapping[object, type[AnyManifest]]) -> AnyManifest:
    try:
        content = json.loads(data)
        version = content["format_version"]
        record_type = formats.get(version) if type(version) is int else None
        manifest = None
        if record_type is not None:
            export_type = get_type_hints(record_type)["export"]
            export = export_type(**_known(export_type, content["export"]))
            manifest = record_type(**{**_known(record_type, content), "export": export})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptError("the manifest is not one of this service") from error
    if manifest is None:
        raise CorruptError(
            f"the manifest has format version {version!r}; this version of the service "
            f"reads {' and '.join(map(str, formats))}"
        )
    are_typed = _has_declared_types(manifest) and _has_declared_types(manifest.export)
    if not are_typed or not _is_sound(manifest):
        raise CorruptError("the manifest is not one of this service")
    if not _is_timestamp(manifest.started) or not _is_timestamp(manifest.finished):
        raise CorruptError("the manifest has no times in UTC")
    return manifest


def _to_json(manifest: StoredManifest) -> bytes:
    """Return a manifest's bytes, made piece by piece: the table of blocks is long."""
    content = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    content["export"] = asdict(manifest.export)
    data = bytearray()
    for piece in json.JSONEncoder(indent=1).iterencode(content):
        data += piece.encode("ascii")
    return bytes(data) + b"\n"


def _known(record: type, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that a record has fields for: later versions may have added others."""
    return {field.name: values[field.name] for field in fields(record) if field.name in values}


def _has_declared_types(record: StoredManifest | ExportSummary | Totals) -> bool:
    hints = get_type_hints(type(record))
    return all(
        type(getattr(record, name)) is (get_origin(hint) or hint) for name, hint in hints.items()
    )


def _is_sound(manifest: StoredManifest) -> bool:
    if isinstance(manifest, LockedManifest):
        counts = (manifest.last_accepted, *vars(manifest.export).values())
        return all(map(_is_count, counts)) and manifest.encrypted.isascii()
    export = manifest.export
    groups = (*export.nodes_by_labels.values(), *export.relationships_by_type.values())
    counts = (manifest.last_accepted, *groups)
    return all(map(_is_count, counts)) and all(map(_is_table_entry, manifest.blocks))


def _is_count(number: object) -> bool:
    return type(number) is int and number >= 0


def _is_table_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and all(_is_count(entry.get(name)) for name in _TABLE_NUMBERS)
        and isinstance(entry.get("sha256"), str)
    )


def timestamp(time: datetime) -> str:
    """Return a time in UTC as a manifest has it."""
    return time.strftime(_TIMESTAMP)


def _is_timestamp(text: str) -> bool:
    try:
        return timestamp(datetime.strptime(text, _TIMESTAMP).replace(tzinfo=UTC)) == text
    except ValueError:
        return False


def table_entry(block: PackedBlock) -> dict[str, Any]:
    """Return a block's row in the manifest's table."""
    entry = dict(vars(block))
    del entry["data"]
    return entry
