"""Has a state file when the service starts: the one that is there, or one from the bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.newest_backup import newest_backup
from neo4j_r2.config.settings import Config
from neo4j_r2.core import clock
from neo4j_r2.core.database import Database
from neo4j_r2.run.record import backup_state
from neo4j_r2.run.state import DatabaseState, State, StateFile


def recover_state(bucket: Bucket, config: Config, databases: Mapping[str, Database | None]) -> None:
    """Write the state: of a lost one the newest complete backups tell; a new schedule is noted.

    :param databases: that are to be backed up, by name; None is of one that is not there now.
    :raises ConfigurationError: if the state directory cannot be written.
    :raises BucketError: if the bucket cannot be read.
    """
    service = config.service
    now = clock.now()
    file = StateFile(service.state_directory)
    state = file.read()
    if state is None:
        known = {
            name: _from_bucket(bucket, config.r2.prefix, name, database, now)
            for name, database in databases.items()
        }
        since = min((each.since for each in known.values()), default=now)
        state = State(since, service.due_times, tuple(databases), databases=known)
    if state.schedule != service.due_times:
        state = replace(state, schedule=service.due_times, since=now)
    file.write(state.expecting(tuple(databases), now))


def _from_bucket(
    bucket: Bucket, prefix: str, name: str, database: Database | None, now: datetime
) -> DatabaseState:
    """Return what the newest complete backup of a database tells."""
    identity = database.id if database else None
    manifest = newest_backup(bucket, prefix, name, identity)
    if manifest is None:
        return DatabaseState(now)
    newest = backup_state(manifest)
    return DatabaseState(newest.started, newest)
