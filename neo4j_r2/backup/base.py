"""The base that an incremental backup is compared with, and the reasons for a full one instead.

Whatever is not as expected makes a full backup: never an error, and never a wrong increment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self

from neo4j_r2.archive.manifest import ExportSummary, Need
from neo4j_r2.archive.row_hashes import HASHES_FORMAT
from neo4j_r2.bucket.keys import parse_key

MOST_ARCHIVES: Final = 32
"""A restore point needs at most this many archives."""
_WORDS: Final = {
    "database": "database",
    "database_id": "database identity",
    "endpoint_url": "endpoint",
    "bucket": "bucket",
    "prefix": "prefix",
    "recipients": "set of recipients",
}
_LARGEST_SHARE: Final = 0.5
"""The increments of a chain are together at most this part of the full archive."""


@dataclass(frozen=True)
class ChainPlace:
    """Of what, and where to, the backups of a chain are made."""

    database: str
    database_id: str
    endpoint_url: str
    bucket: str
    prefix: str
    recipients: list[str]


@dataclass(frozen=True)
class Server:
    """The process that answered, and the version of this service that asked.

    A bookmark tells nothing across the server's restart. Another version of this service may state
    names and schema in another way.
    """

    version: str
    started: int
    """Milliseconds since 1970; 0 if it is not known."""
    service_version: str


@dataclass(frozen=True)
class Base:
    """What the row state says of its rows."""

    format: int
    """`HASHES_FORMAT`."""
    key: str
    """The key of the digests, in hexadecimal."""
    place: ChainPlace
    needs: list[Need]
    """The archives that have the rows, oldest first."""
    late: list[int]
    """The ids of nodes that stand out of order in their archive."""
    server: Server
    bookmark: list[str]
    """The last commit; empty if something was committed while it was read."""
    export: ExportSummary
    row_sums: dict[str, str]
    """See `Manifest.row_sums`."""
    restore_key: dict[str, str]
    names: str
    """The statements of its archive that make names known."""
    schema: str
    """The statements that end its archive, but for the end marker."""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return what a row state describes.

        :raises ValueError, TypeError, KeyError: if it is of another version of this service.
        """
        if content["format"] != HASHES_FORMAT:
            raise ValueError("another format")
        bytes.fromhex(content["key"])
        places = [parse_key(need["key"], content["place"]["prefix"]) for need in content["needs"]]
        if not places or None in places:
            raise ValueError("no archives")
        if not all(type(number) is int for number in content["late"]):
            raise ValueError("no ids")
        return cls(
            **{
                **content,
                "place": ChainPlace(**content["place"]),
                "needs": [Need(**need) for need in content["needs"]],
                "server": Server(**content["server"]),
                "export": ExportSummary(**content["export"]),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as the row state holds it."""
        return asdict(self)


@dataclass(frozen=True)
class Run:
    """The backup that is to be made."""

    place: ChainPlace
    started: datetime
    full_every: timedelta
    """A full backup that is as old ends its chain."""


def reason_for_full(base: Base, run: Run, archives: Mapping[str, int]) -> str | None:
    """Return why a backup cannot be an increment of a base; None if it can.

    :param archives: the size of each object in the bucket, by its key.
    """
    if base.place != run.place:
        was, now = asdict(base.place), asdict(run.place)
        others = " and ".join(_WORDS[name] for name in was if was[name] != now[name])
        return f"the last backup had another {others}"
    if missing := missing_need(base.needs, archives):
        return missing
    names = [parse_key(need.key, run.place.prefix) for need in base.needs]
    times = [name[0].taken for name in names if name]
    if max(times) >= run.started:
        return "the clock is behind the last backup's time"
    if run.started - times[0] >= run.full_every:
        return f"the last full one is of {times[0]:%Y-%m-%d %H:%M}"
    if len(base.needs) >= MOST_ARCHIVES:
        return f"a restore would need more than {MOST_ARCHIVES} archives"
    full, *increments = (need.size for need in base.needs)
    if sum(increments) > _LARGEST_SHARE * full:
        return "the increments since the last full one are more than half of its size"
    return None


def missing_need(needs: list[Need], archives: Mapping[str, int]) -> str | None:
    """Return which needed archive is not in the bucket as it was stored; None if all are."""
    for need in needs:
        if archives.get(need.key) != need.size:
            found = "is not in the bucket any more" if need.key not in archives else "has changed"
            return f"the archive {need.key} {found}"
    return None
