"""Which objects of the bucket are backups, by their keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from neo4j_r2.archive.manifest import StoredManifest

TIME_FORMAT: Final = "%Y-%m-%d_%H-%M-%S"
_AGE_SUFFIX: Final = ".age"
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
