"""Has a state file when the service starts: the one that is there, or one from the bucket."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import Manifest, stored_backups
from neo4j_r2.config import Config
from neo4j_r2.errors import CorruptError
from neo4j_r2.graph import Database
from neo4j_r2.record import backup_state
from neo4j_r2.state import BackupState, State, StateFile

log = logging.getLogger(__name__)


def recover_state(bucket: Bucket, config: Config, database: Database) -> None:
    """Write the state: of a lost one the newest complete backup tells; a new schedule is noted.

    :raises ConfigurationError: if the state directory cannot be written.
    :raises BucketError: if the bucket cannot be read.
    """
    service = config.service
    now = datetime.now(UTC).replace(microsecond=0)
    file = StateFile(service.state_directory)
    state = file.read()
    if state is None:
        newest = newest_backup(bucket, config.r2.prefix, database)
        state = State(newest.started if newest else now, service.due_times, None, newest)
    if state.schedule != service.due_times:
        state = replace(state, schedule=service.due_times, since=now)
    file.write(state)


def newest_backup(bucket: Bucket, prefix: str, database: Database) -> BackupState | None:
    """Return the newest complete backup of a database, and of no other of its name."""
    listing = ((stored.key, stored.size) for stored in bucket.objects(f"{prefix}/"))
    for backup in reversed(stored_backups(listing, prefix)):
        if backup.manifest_key is None or backup.name.database != database.name:
            continue
        try:
            manifest = Manifest.from_json(bucket.get(backup.manifest_key))
        except CorruptError as error:
            log.warning("%s: %s", backup.manifest_key, error)
            continue
        is_complete = (manifest.archive_key, manifest.archive_size) in backup.archives
        if is_complete and manifest.database_id == database.id:
            return backup_state(manifest)
    return None
