"""Takes a backup into the state that a look at the bucket has found there, and that is not known.

A run could not record its backup if the state directory was full.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from neo4j_r2.archive.manifest import StoredManifest
from neo4j_r2.core.errors import ConfigurationError, LockedError
from neo4j_r2.run.lock import holder, run_lock
from neo4j_r2.run.processes import ProcessId
from neo4j_r2.run.state import BackupState, State, StateFile

log = logging.getLogger(__name__)


def with_found(state: State, manifest: StoredManifest, database_id: str | None) -> State:
    """Return the state with a backup as the last one of its database, if it is newer.

    :param database_id: the identity of the database; None means the one of the last known backup.
    """
    known = state.of(manifest.database)
    last, found = known.last_backup, BackupState.of(manifest)
    if database_id is None and last:
        database_id = last.database_id
    is_newer = found.started > (last.started if last else known.since)
    if not is_newer or found.database_id != database_id:
        return state
    return state.with_database(manifest.database, replace(known, last_backup=found))


def record_found(directory: Path, manifest: StoredManifest, database_id: str | None) -> None:
    """Record a backup that was found, if it is not known.

    Another run may be under way, and write the state file. Nothing is recorded then: that run looks
    at the bucket itself.

    :param database_id: the identity of the database; None means the one of the last known backup.
    """
    file = StateFile(directory)
    state = file.read()
    if state is None or with_found(state, manifest, database_id) == state:
        return
    try:
        with ExitStack() as stack:
            if holder(directory) != ProcessId.own():
                stack.enter_context(run_lock(directory))
            file.write(with_found(file.read() or state, manifest, database_id))
        log.info("The state did not know the backup %s; now it does", manifest.archive_key)
    except LockedError:
        return
    except ConfigurationError as error:
        log.warning("The backup %s is not recorded: %s", manifest.archive_key, error)
