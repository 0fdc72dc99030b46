"""The manifest: the record that makes an archive a backup. Most of it can be encrypted."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final, TypeVar, get_type_hints

from neo4j_r2.archive.json_record import has_declared_types, is_count, known_fields, read_versioned
from neo4j_r2.archive.storage.block_entry import BlockEntry
from neo4j_r2.core.errors import CorruptError

FORMAT_VERSION: Final = 3
ENCRYPTED_FORMAT_VERSION: Final = 4
"""The format of a backup whose archive and most of whose manifest are encrypted."""
CHAIN_FORMAT_VERSION: Final = 5
ENCRYPTED_CHAIN_FORMAT_VERSION: Final = 6
"""The formats of backups that need others, or that others may need. Versions that do not know
increments cannot read them, and so never remove what is needed."""
CHAIN_FORMATS: Final = (CHAIN_FORMAT_VERSION, ENCRYPTED_CHAIN_FORMAT_VERSION)
_PLAIN_FORMATS: Final = (1, FORMAT_VERSION, CHAIN_FORMAT_VERSION)
_ENCRYPTED_FORMATS: Final = (2, ENCRYPTED_FORMAT_VERSION, ENCRYPTED_CHAIN_FORMAT_VERSION)
"""The formats that can be read. The archives of 1 and 2 have neither guard nor names, and no mixed
rows (docs/design.md, "Archive grammar"); their manifests are the same."""
FULL: Final = "full"
INCREMENTAL: Final = "incremental"
_FIELDS_OF_CHAINS: Final = frozenset({"kind", "needs", "row_sums"})
KINDS: Final = (FULL, INCREMENTAL)
_MOST_NEEDS: Final = 1000
_TIME_AND_EXTENSION: Final = re.compile(r"_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.[^/]*\Z")
_AGE_SUFFIX: Final = ".age"
_TIMESTAMP: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Totals:
    """How much an export found, without any names: an encrypted backup shows this to everybody."""

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
    """What an export found. It counts what a restore brings back."""

    method: str
    nodes: int
    relationships: int
    nodes_by_labels: dict[str, int]
    """The key is the JSON list of the labels, which are in ascending order."""
    relationships_by_type: dict[str, int]
    constraints: int
    indexes: int
    consistent: bool
    """Whether it is proved that nobody committed anything during the export."""
    dangling_relationships: int
    """Relationships that were left out because somebody deleted an endpoint during the export."""
    unstated_schema: list[str] = field(default_factory=list)
    """Names of constraints and indexes that were left out because the server cannot state them."""

    @property
    def entities(self) -> int:
        """The number of nodes and relationships."""
        return self.nodes + self.relationships

    @property
    def totals(self) -> Totals:
        """The part that an encrypted backup may show."""
        return Totals(self.nodes, self.relationships, self.constraints, self.indexes)


@dataclass(frozen=True)
class Need:
    """An archive that a backup needs."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The record that makes an archive a backup. docs/design.md, "Manifest", has each field."""

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
    """The restore key of the archive's text: its label, property key and constraint.

    APOC's text has fixed names, such as UNIQUE IMPORT LABEL.
    """
    archive_key: str
    archive_size: int
    archive_sha256: str
    text_size: int
    blocks: list[BlockEntry]
    before_restore: bool = False
    """Whether the backup was made because a restore was about to replace the graph."""
    last_accepted: int = 0
    """Entities of the last accepted backup before this one; 0 if there is none or no alarm."""
    kind: str = FULL
    """full or incremental: whether its own archive holds the whole graph."""
    needs: list[Need] = field(default_factory=list)
    """The archives of earlier backups that it needs, oldest first. Its own is not among them."""
    row_sums: dict[str, str] = field(default_factory=dict)
    """The sums of all of its rows: `format`, `node` and `relationship`; see `row_hashes`. Empty if
    nothing computed them."""

    @property
    def is_compressed(self) -> bool:
        """Whether each block of the archive is a gzip member."""
        return self.archive_key.removesuffix(_AGE_SUFFIX).endswith(".gz")

    def to_json(self) -> bytes:
        """Return the manifest's bytes; ASCII."""
        return _to_json(self)


@dataclass(frozen=True)
class LockedManifest:
    """The manifest of an encrypted backup: a few fields in the clear, and all of them encrypted."""

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
    """SHA-256 of the encrypted object in the bucket."""
    encrypted: str
    """The JSON of the `Manifest`, encrypted as an armored age file."""
    before_restore: bool = False
    last_accepted: int = 0
    kind: str = FULL
    needs: list[Need] = field(default_factory=list)

    @classmethod
    def of(cls, manifest: Manifest, encrypted: str) -> LockedManifest:
        """Return what is stored of a manifest. `encrypted` is the whole manifest, encrypted."""
        values: dict[str, Any] = {**vars(manifest), "encrypted": encrypted}
        return cls(**known_fields(cls, {**values, "export": manifest.export.totals}))

    def to_json(self) -> bytes:
        """Return the manifest's bytes; ASCII."""
        return _to_json(self)

    def unlocked(self, decrypted: bytes) -> Manifest:
        """Return the whole manifest.

        :param decrypted: the bytes that `encrypted` holds.
        :raises CorruptError: if they are no manifest, or differ from the fields in the clear.
        """
        manifest = _read(decrypted, dict.fromkeys(_ENCRYPTED_FORMATS, Manifest))
        if LockedManifest.of(manifest, self.encrypted) != self:
            raise CorruptError("the manifest's encrypted part belongs to another manifest")
        return manifest


StoredManifest = Manifest | LockedManifest
"""A manifest as it lies in the bucket. Both forms show what retention needs."""
AnyManifest = TypeVar("AnyManifest", bound=StoredManifest)


def own_need(manifest: StoredManifest) -> Need:
    """Return the own archive of a backup as the backups after it need it."""
    return Need(manifest.archive_key, manifest.archive_size, manifest.archive_sha256)


def read_manifest(data: bytes) -> StoredManifest:
    """Parse a stored manifest.

    :raises CorruptError: if it is damaged.
    :raises NewerFormatError: if it has the format of a later version.
    """
    plain = dict.fromkeys(_PLAIN_FORMATS, Manifest)
    return _read(data, {**plain, **dict.fromkeys(_ENCRYPTED_FORMATS, LockedManifest)})


def _read(data: bytes, formats: Mapping[int, type[AnyManifest]]) -> AnyManifest:
    manifest = read_versioned(data, "manifest", formats, ENCRYPTED_CHAIN_FORMAT_VERSION, _record)
    are_typed = has_declared_types(manifest) and has_declared_types(manifest.export)
    if not are_typed or not _is_sound(manifest):
        raise CorruptError("the manifest is not one of this service")
    if not is_timestamp(manifest.started) or not is_timestamp(manifest.finished):
        raise CorruptError("the manifest has no times in UTC")
    return manifest


def _record(record_type: type[AnyManifest], content: dict[str, Any]) -> AnyManifest:
    """Return a record with the values of a manifest's JSON; their types are not checked yet.

    :raises ValueError, TypeError, KeyError: if that is not possible.
    """
    export_type = get_type_hints(record_type)["export"]
    values = known_fields(record_type, content)
    values["export"] = export_type(**known_fields(export_type, content["export"]))
    if isinstance(values.get("blocks"), list):
        values["blocks"] = list(map(BlockEntry.from_json, values["blocks"]))
    if isinstance(values.get("needs"), list):
        values["needs"] = [Need(**known_fields(Need, need)) for need in values["needs"]]
    return record_type(**values)


def _to_json(manifest: StoredManifest) -> bytes:
    """Return a manifest's bytes. They are made piece by piece: the table of blocks is long."""
    content = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    content["export"] = asdict(manifest.export)
    content["needs"] = [asdict(need) for need in manifest.needs]
    if manifest.format_version not in CHAIN_FORMATS:
        for name in _FIELDS_OF_CHAINS & content.keys():
            del content[name]
    data = bytearray()
    for piece in json.JSONEncoder(indent=1, default=BlockEntry.to_json).iterencode(content):
        data += piece.encode("ascii")
    return bytes(data) + b"\n"


def _is_sound(manifest: StoredManifest) -> bool:
    if manifest.kind not in KINDS or not are_needs_of(manifest.needs, manifest.archive_key):
        return False
    if isinstance(manifest, LockedManifest):
        counts = (manifest.last_accepted, *vars(manifest.export).values())
        return all(map(is_count, counts)) and manifest.encrypted.isascii()
    export = manifest.export
    groups = (*export.nodes_by_labels.values(), *export.relationships_by_type.values())
    counts = (manifest.last_accepted, *groups)
    return all(map(is_count, counts))


def are_needs_of(needs: Sequence[Need], archive_key: str) -> bool:
    """Whether a backup can need these: archives of the same place that came before, oldest first.

    :param archive_key: the key of the backup's own archive.
    """
    keys = [need.key for need in needs]
    places = {_TIME_AND_EXTENSION.sub("", str(key)) for key in (*keys, archive_key)}
    return (
        len(needs) <= _MOST_NEEDS
        and all(type(need.key) is type(need.sha256) is str for need in needs)
        and all(is_count(need.size) for need in needs)
        and all(one < two for one, two in pairwise([*keys, archive_key]))
        and len(places) == 1
    )


def timestamp(time: datetime) -> str:
    """Return a time in UTC in the form that a manifest has."""
    return time.strftime(_TIMESTAMP)


def read_timestamp(text: str) -> datetime:
    """Return the time that a manifest has.

    :raises ValueError: if it is none.
    """
    return datetime.strptime(text, _TIMESTAMP).replace(tzinfo=UTC)


def is_timestamp(text: str) -> bool:
    """Whether a text is a time in UTC in the form that a manifest has."""
    try:
        return timestamp(read_timestamp(text)) == text
    except ValueError:
        return False
