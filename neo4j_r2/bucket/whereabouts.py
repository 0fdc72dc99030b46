"""Where in a bucket there are backups, for somebody who has looked in the wrong place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC
from itertools import islice
from typing import Final, NamedTuple

from neo4j_r2.bucket.backups import StoredBackup, backups_among
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.newest_backup import ends_encrypted
from neo4j_r2.core.errors import BucketError, NoBackupError
from neo4j_r2.core.figures import counted
from neo4j_r2.core.local_time import shown
from neo4j_r2.core.printable import printable

_LOOKED_AT: Final = 20_000
"""How many objects of the bucket are looked at: other programs may have stored millions in it."""
OF_THE_FIRST: Final = f"of the first {_LOOKED_AT:,} objects"
_NOT_MEANT: Final = (
    "those that are there were made before a restore, or are not complete (`list`): a KEY names one"
)
_SHOWN: Final = 5
"""How many places a message names at most."""


class Place(NamedTuple):
    """Where backups of a database are."""

    prefix: str
    database: str


Places = Mapping[Place, Sequence[StoredBackup]]
"""The backups in each place, oldest first, also archives without a manifest."""


def no_backup(bucket: Bucket, prefix: str, database: str | None = None) -> NoBackupError:
    """Return the error that there is no backup in a place; it says where there are some.

    :param database: the only database that was looked for; None means all.
    """
    of_database = f" of database {database}" if database else ""
    where = whereabouts(bucket, prefix, database)
    return NoBackupError(
        f"There is no backup{of_database} under s3://{bucket.name}/{prefix}/; {where}"
    )


def elsewhere_too(bucket: Bucket, prefix: str, database: str) -> str:
    """Return the end of a sentence: in which other places there are backups; empty if in none."""
    try:
        found, _ = _look_around(bucket)
    except BucketError:
        return ""
    others = _others(found, prefix, database)
    return f"; besides, {in_words(others, bucket.name)}" if others else ""


def whereabouts(bucket: Bucket, prefix: str, database: str | None = None) -> str:
    """Look through the bucket, and return where its backups are, in words; with what to check.

    :param prefix: where somebody has looked, and found no complete backup of a run.
    :param database: the only database that was looked for; None means all.
    """
    try:
        found, is_all = _look_around(bucket)
    except BucketError as error:
        return f"the rest of the bucket cannot be listed ({error})"
    others = _others(found, prefix, database)
    here = [each for place in found if place not in others for each in found[place]]
    if not found and not is_all:
        return f"there is none among the first {_LOOKED_AT:,} objects; check BACKUP_PREFIX"
    if not here:
        text = in_words(found, bucket.name)
    else:
        elsewhere = in_words(others, bucket.name) if others else "the bucket has no others"
        text = f"{_what_is(here)}; {elsewhere}"
    return text if is_all else f"{text} ({OF_THE_FIRST})"


def _others(found: Places, prefix: str, database: str | None) -> Places:
    """Return the places that are not where somebody has looked."""
    return {
        place: backups
        for place, backups in found.items()
        if place.prefix != prefix or database not in (None, place.database)
    }


def encrypted_under(bucket: Bucket, prefix: str) -> Place | None:
    """Return a database with encrypted backups under a prefix; None if there is none.

    :raises BucketError: if the prefix cannot be listed.
    """
    found = places_of((each.key, each.size) for each in bucket.objects(f"{prefix}/"))
    return _first_encrypted(found, lambda place: place.prefix == prefix)


def encrypted_anywhere(bucket: Bucket, database: str) -> tuple[Place | None, bool]:
    """Look through the bucket for encrypted backups of a database.

    :returns: a place whose newest backup is encrypted, or None; and whether all objects of the
        bucket were looked at.
    :raises BucketError: if the bucket cannot be listed.
    """
    found, is_all = _look_around(bucket)
    return _first_encrypted(found, lambda place: place.database == database), is_all


def _first_encrypted(found: Places, is_meant: Callable[[Place], bool]) -> Place | None:
    """Return the first of some places whose newest backup is encrypted."""
    return next((each for each in found if is_meant(each) and ends_encrypted(found[each])), None)


def _look_around(bucket: Bucket) -> tuple[Places, bool]:
    """Return the backups of the whole bucket, and whether all of its objects were looked at."""
    objects = [(each.key, each.size) for each in islice(bucket.objects(""), _LOOKED_AT + 1)]
    return places_of(objects[:_LOOKED_AT]), len(objects) <= _LOOKED_AT


def places_of(objects: Iterable[tuple[str, int]]) -> Places:
    """Return the backups of each database under each prefix.

    :param objects: the key and size of each object.
    """
    folders: dict[str, list[tuple[str, int]]] = {}
    for key, size in objects:
        folders.setdefault(key.rpartition("/")[0], []).append((key, size))
    found: dict[Place, list[StoredBackup]] = {}
    for prefix, inside in folders.items():
        for backup in backups_among(inside, prefix):
            found.setdefault(Place(prefix, backup.name.database), []).append(backup)
    return found


def in_words(places: Places, bucket: str) -> str:
    """Return where backups are, the places with the most complete ones first."""
    if not places:
        return (
            f"the bucket {bucket} has no backup anywhere: perhaps none was made yet; or else "
            "check R2_BUCKET_NAME and the account"
        )
    largest = sorted(places.items(), key=lambda item: (-len(_committed(item[1])), -len(item[1])))
    named = [
        f"{database} under {printable(prefix)}/ ({_summary(backups)})"
        for (prefix, database), backups in largest[:_SHOWN]
    ]
    rest = len(places) - len(named)
    more = f" and {rest:,} more" if rest else ""
    return (
        f"there are backups of {', '.join(named)}{more}: check BACKUP_PREFIX, and NEO4J_DATABASE "
        "or --database"
    )


def _what_is(here: Sequence[StoredBackup]) -> str:
    """Return what there is where no backup was found that counts as one."""
    if _committed(here):
        return _NOT_MEANT
    return f"those that are there are {_summary(here)}"


def _summary(backups: Sequence[StoredBackup]) -> str:
    """Return how many backups there are, how new the newest is, and whether it is encrypted."""
    committed = _committed(backups)
    encrypted = ", encrypted" if ends_encrypted(committed or backups) else ""
    if committed:
        taken = shown(committed[-1].name.taken, UTC)
        return f"{len(committed):,}, the newest of {taken}{encrypted}"
    return f"{counted(len(backups), 'archive')} without a manifest{encrypted}: a KEY restores one"


def _committed(backups: Sequence[StoredBackup]) -> list[StoredBackup]:
    """Return the backups that have a manifest."""
    return [backup for backup in backups if backup.manifest_key]
