"""Which objects of the bucket are backups: their keys and their manifests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, get_origin, get_type_hints

from neo4j_r2.errors import CorruptError
from neo4j_r2.pack import PackedBlock

FORMAT_VERSION: Final = 1
ENCRYPTED_FORMAT_VERSION: Final = 2
"""Of a backup whose archive, and most of whose manifest, is encrypted."""
TIME_FORMAT: Final = "%Y-%m-%d_%H-%M-%S"
_AGE_SUFFIX: Final = ".age"
_TABLE_NUMBERS: Final = ("entities", "text_length", "offset", "length")
_TIMESTAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
_NAME = re.compile(
    r"(?P<database>[a-z][a-z0-9.-]{2,62})_(?P<time>\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)"
    r"\.(?P<extension>cypher(?:\.gz)?(?:\.age)?|manifest\.json|accepted\.json)"
)


@dataclass(frozen=True)
class BackupName:
    """What a key says: the prefix, the database, and when the backup was started (UTC)."""

    prefix: str
    database: str
    taken: datetime

    @property
    def stem(self) -> str:
        """The name of the backup's files without their extension."""
        return f"{self.database}_{self.taken.strftime(TIME_FORMAT)}"

    def archive_key(self, *, compressed: bool, encrypted: bool = False) -> str:
        """Return the key of the archive."""
        extension = f"{'.gz' if compressed else ''}{_AGE_SUFFIX if encrypted else ''}"
        return f"{self.prefix}/{self.stem}.cypher{extension}"

    @property
    def manifest_key(self) -> str:
        """The key of the manifest."""
        return f"{self.prefix}/{self.stem}.manifest.json"

    @property
    def acceptance_key(self) -> str:
        """The key of somebody's word that the graph may be as small as it is in this backup."""
        return f"{self.prefix}/{self.stem}.accepted.json"


@dataclass(frozen=True)
class StoredBackup:
    """A backup, complete or not, as the bucket's listing shows it."""

    name: BackupName
    archives: tuple[tuple[str, int], ...]
    """Key and size of each object that is an archive of this name; rarely not one."""
    manifest_key: str | None
    acceptance_key: str | None = None

    @property
    def keys(self) -> list[str]:
        """All its objects, in the order in which they are removed: then none is left alone."""
        beside = [key for key in (self.manifest_key, self.acceptance_key) if key]
        return [*beside, *(key for key, _ in self.archives)]

    def is_completed_by(self, manifest: StoredManifest) -> bool:
        """Whether the archive that a manifest is of is here, whole."""
        return (manifest.archive_key, manifest.archive_size) in self.archives


def parse_key(key: str, prefix: str) -> tuple[BackupName, str] | None:
    """Return name and extension of a key directly under `prefix` that this service gives."""
    head, separator, tail = key.rpartition("/")
    match = _NAME.fullmatch(tail)
    if match is None or not separator or head != prefix:
        return None
    try:
        taken = datetime.strptime(match["time"], TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    name = BackupName(prefix, match["database"], taken)
    if name.stem != f"{match['database']}_{match['time']}":  # other digits, or a year before 1000
        return None
    return name, match["extension"]


def stored_backups(listing: Iterable[tuple[str, int]], prefix: str) -> list[StoredBackup]:
    """Gather keys and sizes into backups, oldest first.

    Foreign keys are left out, and acceptances of which somebody has removed the backup.
    """
    files: dict[BackupName, dict[str, tuple[str, int]]] = {}
    for key, size in listing:
        if (parsed := parse_key(key, prefix)) is not None:
            name, extension = parsed
            files.setdefault(name, {})[extension] = (key, size)
    backups = []
    for name in sorted(files, key=lambda name: (name.taken, name.database)):
        manifest, _ = files[name].pop("manifest.json", (None, 0))
        acceptance, _ = files[name].pop("accepted.json", (None, 0))
        archives = tuple(files[name][extension] for extension in sorted(files[name]))
        if manifest or archives:
            backups.append(StoredBackup(name, archives, manifest, acceptance))
    return backups


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
