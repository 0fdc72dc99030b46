"""Records for the health probe what a look at the bucket found of the newest backups."""

from __future__ import annotations

from collections.abc import Sequence

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.newest_backup import (
    Newest,
    backups_of,
    faults,
    find_newest,
    is_of,
    warn_of_passed_over,
)
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.run.bucket_look import BucketLook
from neo4j_r2.run.found_backup import record_found
from neo4j_r2.run.state import StateFile


def look_and_record(
    bucket: Bucket, config: Config, database: str, database_id: str | None
) -> Newest:
    """Find the newest complete backup; warn of what is passed over, and record it.

    :param database_id: the identity that the database must have had; None takes any.
    :raises BucketError: if the bucket cannot be read.
    """
    backups = backups_of(bucket, config.r2.prefix, database)
    newest = find_newest(bucket, backups, is_of(database, database_id))
    warn_of_passed_over(newest)
    record_look(config, database, newest, database_id)
    return newest


def record_look(
    config: Config, database: str, newest: Newest, database_id: str | None = None
) -> Sequence[str]:
    """Record what is wrong with the newest backups, and return it, each in one line.

    The newest complete backup is recorded too, if this host does not know it. That takes the run
    lock for an instant.

    :param database_id: the identity of the database, as Neo4j tells it; None if it was not asked.
    """
    if newest.manifest:
        record_found(config.service.state_directory, newest.manifest, database_id)
    return record_faults(config, database, newest)


def record_faults(config: Config, database: str, newest: Newest) -> Sequence[str]:
    """Record what is wrong with the newest backups, and return it, each in one line.

    This needs no lock.
    """
    directory = config.service.state_directory
    state = StateFile(directory).read()
    last = state.of(database).last_backup if state else None
    found = faults(newest, last.archive_key if last else None, config.r2.prefix, now())
    BucketLook(directory).record(database, found)
    return found
