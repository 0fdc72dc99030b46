"""Where in a bucket there are backups, for somebody who has looked in the wrong place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Final

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.core.errors import BucketError, ConfigurationError
from neo4j_r2.core.printable import printable

_LOOKED_AT: Final = 20_000
"""How many objects of the bucket are looked at: other programs may have stored millions in it."""
_SHOWN: Final = 5
"""How many places a message names at most."""

Place = tuple[str, str]
"""A prefix, and the name of a database that has backups under it."""


def no_backup(bucket: Bucket, prefix: str, database: str | None = None) -> ConfigurationError:
    """Return the error that there is no backup in a place; it says where there are some.

    :param database: the only database that was looked for; None means all.
    """
    of_database = f" of database {database}" if database else ""
    return ConfigurationError(
        f"There is no backup{of_database} under s3://{bucket.name}/{prefix}/; {whereabouts(bucket)}"
    )


def elsewhere_too(bucket: Bucket, prefix: str, database: str) -> str:
    """Return the end of a sentence: in which other places there are backups; empty if in none."""
    try:
        places = places_of(_first_keys(bucket)[:_LOOKED_AT])
    except BucketError:
        return ""
    del places[prefix, database]
    return f"; besides, {in_words(places, bucket.name)}" if places else ""


def whereabouts(bucket: Bucket) -> str:
    """Look through the bucket, and return where its backups are, in words; with what to check."""
    try:
        keys = _first_keys(bucket)
    except BucketError as error:
        return f"the rest of the bucket cannot be listed ({error})"
    text = in_words(places_of(keys[:_LOOKED_AT]), bucket.name)
    return f"{text} (of the first {_LOOKED_AT:,} objects)" if len(keys) > _LOOKED_AT else text


def _first_keys(bucket: Bucket) -> list[str]:
    """Return the keys that are looked at, and one more if there are more."""
    return [each.key for each in islice(bucket.objects(""), _LOOKED_AT + 1)]


def places_of(keys: Iterable[str]) -> Counter[Place]:
    """Count the manifests of each database under each prefix."""
    found: Counter[Place] = Counter()
    for key in keys:
        prefix = key.rpartition("/")[0]
        parsed = parse_key(key, prefix)
        if parsed and parsed[0].manifest_key == key:
            found[prefix, parsed[0].database] += 1
    return found


def in_words(places: Counter[Place], bucket: str) -> str:
    """Return where backups are, the places with the most backups first."""
    if not places:
        return f"the bucket {bucket} has no backup anywhere: check R2_BUCKET_NAME and the account"
    named = [
        f"{database} ({number:,}) under {printable(prefix)}/"
        for (prefix, database), number in places.most_common(_SHOWN)
    ]
    rest = len(places) - len(named)
    more = f" and {rest:,} more" if rest else ""
    return (
        f"there are backups of {', '.join(named)}{more}: check BACKUP_PREFIX, and NEO4J_DATABASE "
        "or --database"
    )
