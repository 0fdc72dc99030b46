"""Waits until Neo4j accepts the login, tries the bucket, and has a state to begin with."""

from __future__ import annotations

import logging

from neo4j_r2.bucket import Bucket
from neo4j_r2.configure import configure
from neo4j_r2.driver import CONNECTION_SECONDS
from neo4j_r2.graph import Graph
from neo4j_r2.invocation import Invocation
from neo4j_r2.recover import recover_state
from neo4j_r2.watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation) -> int:
    """Return when a backup could be made; what will not heal is not waited for."""
    config = configure(invocation)
    seconds = config.service.wait_seconds
    watch = Watch(seconds + CONNECTION_SECONDS)  # for a server that takes connections and is silent
    with watch.running():
        log.info("Waiting for Neo4j to be ready...")
        with Graph(config.neo4j, config.retry_seconds) as graph:
            database = graph.wait_for_database(seconds)
        log.info("Neo4j is ready!")
        watch.progress()
        with watch.waiting_for("R2"):
            bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
            bucket.preflight()
            recover_state(bucket, config, database)
    return 0
