"""Has a state file when the service starts: the one that is there, or one from the bucket."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from neo4j_r2.bucket import Bucket
from neo4j_r2.config import Config
from neo4j_r2.graph import Database
from neo4j_r2.newest import newest_backup
from neo4j_r2.record import backup_state
from neo4j_r2.state import State, StateFile


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
        manifest = newest_backup(bucket, config.r2.prefix, database.name, database.id)
        newest = backup_state(manifest) if manifest else None
        state = State(newest.started if newest else now, service.due_times, None, newest)
    if state.schedule != service.due_times:
        state = replace(state, schedule=service.due_times, since=now)
    file.write(state)
