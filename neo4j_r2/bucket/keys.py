"""The keys that this service gives to its objects, and what a key says of a backup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

TIME_FORMAT: Final = "%Y-%m-%d_%H-%M-%S"
PROOF_SUFFIX: Final = ".proof.json"
_AGE_SUFFIX: Final = ".age"
_NAME = re.compile(
    r"(?P<database>[a-z][a-z0-9.-]{2,62})_(?P<time>\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)"
    r"\.(?P<extension>cypher(?:\.gz)?(?:\.age)?|manifest\.json|accepted\.json|proof\.json)"
)


@dataclass(frozen=True)
class BackupName:
    """What names a backup: all its objects have keys that begin alike."""

    prefix: str
    database: str
    taken: datetime
    """When the backup was started, in UTC."""

    @property
    def stem(self) -> str:
        """The part of the key behind the prefix, without the extension."""
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
        """The key of the acceptance: the record that this backup may be so small."""
        return f"{self.prefix}/{self.stem}.accepted.json"

    @property
    def proof_key(self) -> str:
        """The key of the proof: the record of a drill that brought this backup back."""
        return f"{self.prefix}/{self.stem}{PROOF_SUFFIX}"


def is_encrypted_key(key: str) -> bool:
    """Whether an archive with this key is encrypted."""
    return key.endswith(_AGE_SUFFIX)


def parse_key(key: str, prefix: str) -> tuple[BackupName, str] | None:
    """Return the backup's name and the extension, or None if the key is foreign.

    A key is foreign if this service would not give it, or if it is not directly under `prefix`.
    """
    head, separator, tail = key.rpartition("/")
    match = _NAME.fullmatch(tail)
    if match is None or not separator or head != prefix:
        return None
    try:
        taken = datetime.strptime(match["time"], TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None
    name = BackupName(prefix, match["database"], taken)
    if (
        name.stem != f"{match['database']}_{match['time']}"
    ):  # digits of another script, or a year before 1000
        return None
    return name, match["extension"]
