"""Backs up a database that a restore is about to replace."""

from __future__ import annotations

import logging
from dataclasses import replace

from neo4j_r2.backup.export_and_store import export_and_store
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.store import Destination
from neo4j_r2.backup.store_settings import StoreSettings
from neo4j_r2.bucket.client import Bucket
from neo4j_r2.config.settings import Config
from neo4j_r2.core.clock import now
from neo4j_r2.core.errors import GraphError, Side
from neo4j_r2.graph.database_contents import DatabaseContents
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.run.lock import RunLock
from neo4j_r2.run.progress import Progress
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def back_up_before_restore(
    graph: Graph, held: DatabaseContents, config: Config, lock: RunLock, watch: Watch
) -> None:
    """Back up the database, unless it holds only a part of an archive.

    :raises GraphError: if the backup lacks a part of the schema.
    """
    database = log_in(graph.connection)
    if held.is_marked:
        log.warning("Database %s holds an unfinished restore: no backup of it", database.name)
        return
    log.info("Backing up database %s first (--no-safety-backup skips this)", database.name)
    bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
    with watch.waiting_for(Side.R2):
        bucket.preflight()
    progress = Progress(held.nodes + held.relationships, watch.progress)
    # It is verified, because it is about to be the only copy.
    settings = replace(StoreSettings.of(config), verify_after=True)
    origin = Origin(database, now(), before_restore=True)
    destination = Destination(bucket, settings, lock, watch, progress)
    manifest = export_and_store(graph, "manual", origin, destination)
    if names := manifest.export.unstated_schema:
        raise GraphError(
            f"Nothing was changed: the backup lacks {', '.join(names)}, because Neo4j does not say "
            "how to create them. --no-safety-backup replaces the database all the same"
        )
    if not manifest.export.consistent:
        log.warning(
            "Somebody is writing to the database: changes that are not in that backup are lost"
        )
