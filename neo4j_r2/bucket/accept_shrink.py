"""The acceptance of a backup that has shrunk, and the size that the next one is compared with."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import Final

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.bucket.shrink import Size
from neo4j_r2.core.errors import ConfigurationError
from neo4j_r2.core.figures import entity_count

log = logging.getLogger(__name__)

FORMAT_VERSION: Final = 1


def last_accepted(bucket: Bucket, newest: StoredManifest | None, percent: int) -> int:
    """Return the entities of the last accepted backup of a database; 0 without any.

    Only the newest manifest counts. It says what its backup was compared with, because retention
    may have removed the accepted backup since.

    :param newest: the manifest of the newest complete backup; None without any.
    :param percent: by how much a graph may shrink. 0 turns the alarm off: then nothing is read.

    :raises BucketError: if the bucket cannot be read.
    """
    if not percent or newest is None:
        return 0
    size = Size(newest.export.entities, newest.last_accepted)
    if size.is_alarming(percent):
        is_accepted = bucket.head(_acceptance_key(newest)) is not None
        size = replace(size, is_accepted=is_accepted)
    return size.reference(percent)


def accept_shrink(
    bucket: Bucket, latest: StoredManifest, percent: int, *, is_dry: bool = False
) -> None:
    """Record in the bucket that the newest backup may be so small.

    :param latest: the manifest of the newest backup.
    :param is_dry: whether to record nothing, and only log it.
    :raises ConfigurationError: if the alarm is off, or if the graph is empty. An empty graph is
        never accepted, because somebody who has lost a graph must not lose its backups too.
    :raises BucketError: if it cannot be recorded.
    """
    if not percent:
        raise ConfigurationError("--accept-shrink: the alarm is off (BACKUP_SHRINK_PERCENT)")
    size = Size(latest.export.entities, latest.last_accepted)
    if not size.has_shrunk(percent):
        log.info("The newest backup has not shrunk: there is nothing to accept")
        return
    if not size.entities:
        raise ConfigurationError(
            "--accept-shrink: the newest backup is of an empty graph, which is never accepted"
        )
    change = (
        f"{latest.archive_key} with {entity_count(size.entities)}, after {size.last_accepted:,}"
    )
    if is_dry:
        log.info("Would accept: %s", change)
        return
    content = {
        "format_version": FORMAT_VERSION,
        "archive_key": latest.archive_key,
        "entities": size.entities,
        "last_accepted": size.last_accepted,
    }
    data = json.dumps(content, indent=1).encode("ascii") + b"\n"
    bucket.put_new(_acceptance_key(latest), data)
    log.info("Accepted: %s", change)


def _acceptance_key(manifest: StoredManifest) -> str:
    key = manifest.archive_key
    parsed = parse_key(key, key.rpartition("/")[0])
    if parsed is None:
        raise AssertionError("a manifest names an archive key that this service does not give")
    return parsed[0].acceptance_key
