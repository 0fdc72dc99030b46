"""Makes sure of a state file when the service starts; recovers a lost one from the bucket."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.bucket.keys import parse_key
from neo4j_r2.bucket.newest_backup import (
    backups_of,
    find_newest,
    is_of,
    newest_backup,
    warn_of_passed_over,
)
from neo4j_r2.config.settings import Config
from neo4j_r2.core import clock
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import NoSpaceError
from neo4j_r2.run.found_backup import with_found
from neo4j_r2.run.state import BackupState, DatabaseState, State, StateFile

log = logging.getLogger(__name__)


def recover_state(bucket: Bucket, config: Config, databases: Mapping[str, Database | None]) -> None:
    """Write the state file with the databases and the schedule that are configured now.

    If the file is lost, the newest complete backup of each database stands in for it. If it is
    there, but a run could not record its backup, that one is taken from the bucket too. If the
    schedule is new, backups are expected from now on.

    :param databases: the databases that are to be backed up, by name; None for one that is not up.
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
    else:
        for name, database in databases.items():
            state = _with_newer(bucket, config.r2.prefix, state, name, database)
    if state.schedule != service.due_times:
        state = replace(state, schedule=service.due_times, since=now)
    try:
        file.write(state.expecting(tuple(databases), now))
    except NoSpaceError as error:
        log.warning("The start of the service is not recorded: %s", error)


def _with_newer(
    bucket: Bucket, prefix: str, state: State, name: str, database: Database | None
) -> State:
    """Return the state with the newest complete backup of a database, if it was not known.

    No manifest is read as long as the keys name no newer backup.
    """
    known = state.of(name)
    parsed = parse_key(known.last_backup.archive_key, prefix) if known.last_backup else None
    newest_known = parsed[0].taken if parsed else known.since
    newer = [each for each in backups_of(bucket, prefix, name) if each.name.taken > newest_known]
    identity = database.id if database else None
    newest = find_newest(bucket, newer, is_of(name, identity))
    warn_of_passed_over(newest, known.last_backup.archive_key if known.last_backup else None)
    return with_found(state, newest.manifest, identity) if newest.manifest else state


def _from_bucket(
    bucket: Bucket, prefix: str, name: str, database: Database | None, now: datetime
) -> DatabaseState:
    """Return the state of a database as its newest complete backup shows it."""
    identity = database.id if database else None
    manifest = newest_backup(bucket, prefix, name, identity)
    if manifest is None:
        return DatabaseState(now)
    newest = BackupState.of(manifest)
    return DatabaseState(newest.started, newest)
