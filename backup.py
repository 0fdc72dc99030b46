#!/usr/bin/env python3
"""Backs up a live Neo4j database to Cloudflare R2.

    python3 backup.py [backup]

README.md has the configuration, docs/design.md the format and the guarantees.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from neo4j_r2 import log as logs
from neo4j_r2.apoc import ApocError
from neo4j_r2.bucket import Bucket
from neo4j_r2.catalog import Manifest
from neo4j_r2.config import Config, read_config, requested_log_format
from neo4j_r2.errors import (
    EXIT_UNEXPECTED,
    BackupError,
    BucketError,
    GraphError,
    Interruption,
    Stalled,
)
from neo4j_r2.estimate import estimate_text
from neo4j_r2.export import choose_exporter
from neo4j_r2.graph import Graph
from neo4j_r2.lock import run_lock
from neo4j_r2.progress import Progress
from neo4j_r2.prune import prune
from neo4j_r2.store import Store
from neo4j_r2.sweep import sweep
from neo4j_r2.walk import Walk
from neo4j_r2.watch import Watch, raise_on_signals

log = logging.getLogger("backup")

DOTENV = Path(".env")


def run_backup(config: Config) -> None:
    """Make one backup: export, compress and upload side by side, then prune."""
    log.info("Starting Neo4j backup process")
    watch = Watch(config.stall_seconds)
    started = datetime.now(UTC).replace(microsecond=0)
    with run_lock(config.state_directory) as lock, watch.running():
        log.info("Connecting to Neo4j: %s", config.neo4j.uri)
        with Graph(config.neo4j, config.retry_seconds) as graph:
            database = graph.database()
            with watch.waiting_for("R2"):
                bucket = Bucket(config.r2, config.retry_seconds, watch.progress)
                bucket.preflight()
                sweep(bucket, lock, config.r2, database.name, started)
            log.info("Connected successfully, starting export...")
            progress = Progress(sum(graph.counts()), watch.progress)
            store = Store(bucket, config, lock, watch, progress, database)
            manifest = back_up(graph, store, started)
        with watch.waiting_for("R2"):
            clean_up(bucket, config, manifest, started)
    log.info("Backup completed successfully!")


def back_up(graph: Graph, store: Store, started: datetime) -> Manifest:
    """Store the graph; if APOC's export fails and need not be used, by the walk after all."""
    method, progress = store.config.export_method, store.progress
    estimate = estimate_text(graph)
    graph.expect(estimate // max(1, sum(graph.counts())))
    exporter = choose_exporter(graph, method, store.database, started, progress)
    try:
        return store.backup(exporter, started, estimate)
    except ApocError as error:
        if method == "apoc":
            raise
        log.warning("APOC export failed (%s), using manual export", error)
        progress.restart()
        walk = Walk(graph, store.database, started, progress.add)
        return store.backup(walk, started, estimate)


def clean_up(bucket: Bucket, config: Config, manifest: Manifest, now: datetime) -> None:
    """Prune; a failure of it leaves the new backup as safe as it is, and says so.

    :raises BucketError: with that message.
    """
    try:
        prune(bucket, config.r2.prefix, config.retention_days, manifest, now)
    except BucketError as error:
        raise BucketError(f"The backup is safe, but cleaning up failed: {error}") from error
    except SystemExit:
        log.warning("The backup is safe, but cleaning up was cut short")
        raise


def main(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code, after one line that says what went wrong."""
    parse_arguments(arguments)
    logs.set_up("info", requested_log_format(os.environ, DOTENV))
    try:
        config = read_config(os.environ, DOTENV)
        logs.set_up(config.log_level, config.log_format, config.secrets())
        raise_on_signals()
        run_backup(config)
    except BackupError as error:
        log.error("%s", error)
        return error.exit_code
    except Stalled as stalled:
        error_type = BucketError if stalled.side == "R2" else GraphError
        log.error("No progress for %d s while waiting for %s", stalled.seconds, stalled.side)
        return error_type.exit_code
    except Interruption as interruption:
        log.error("Interrupted by signal %d", interruption.number)
        return interruption.number + 128
    except Exception:
        log.exception("Unexpected error")
        return EXIT_UNEXPECTED
    return 0


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; exits with 2 on a wrong one, as on a wrong configuration."""
    parser = argparse.ArgumentParser(prog="backup.py", description=__doc__.splitlines()[0])
    parser.add_argument("command", nargs="?", choices=["backup"], default="backup")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
