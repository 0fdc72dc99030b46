"""Waits until Neo4j accepts the login, tries the bucket, and makes sure of a state file."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import partial

from neo4j_r2.bucket.client import Bucket
from neo4j_r2.commands.configure import configure, take_state
from neo4j_r2.commands.invocation import Invocation
from neo4j_r2.commands.options import Options
from neo4j_r2.commands.select_databases import select_databases
from neo4j_r2.config.settings import Config
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import GraphError, LoginRefusedError, Side
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.driver import CONNECTION_SECONDS
from neo4j_r2.graph.login import log_in, wait_until_ready
from neo4j_r2.run.recover_state import recover_state
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def run(invocation: Invocation[Options]) -> int:
    """Return when a backup could be made; fail at once on an error that waiting cannot heal."""
    config = take_state(invocation, configure(invocation))
    seconds = config.service.wait_seconds
    watch = Watch(
        seconds + CONNECTION_SECONDS
    )  # for a server that accepts connections and is then silent
    with watch.running():
        log.info("Waiting for Neo4j to be ready...")
        databases = wait_for_databases(config, seconds)
        log.info("Neo4j is ready!")
        watch.progress()
        with watch.waiting_for(Side.R2):
            bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
            bucket.preflight()
            recover_state(bucket, config, databases)
    return 0


def wait_for_databases(config: Config, seconds: float) -> Mapping[str, Database | None]:
    """Wait for the databases that are to be backed up, and return them by name.

    If a database does not come up but another does, it is logged as a warning and is None here:
    the others can still be backed up.

    :raises GraphError: if none of them comes up in time, or if waiting cannot help.
    """
    deadline = time.monotonic() + seconds
    found: dict[str, Database | None] = {}
    failures = []
    for name in select_databases(config, wait_seconds=seconds):
        try:
            found[name] = wait_for_database(config.of(name), max(0.0, deadline - time.monotonic()))
        except LoginRefusedError:
            raise
        except GraphError as error:
            failures.append(error)
            found[name] = None
    if len(failures) == len(found):
        raise failures[0]
    for failure in failures:
        log.warning("%s", failure)
    return found


def wait_for_database(config: Config, seconds: float) -> Database:
    """Return the database, once it is up."""
    with Connection(config.neo4j, config.retry_seconds) as connection:
        return wait_until_ready(partial(log_in, connection), seconds)
