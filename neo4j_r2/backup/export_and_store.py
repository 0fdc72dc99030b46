"""Exports a graph and stores it as one backup."""

from __future__ import annotations

import logging
from datetime import datetime

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.backup.apoc_export import ApocError
from neo4j_r2.backup.choose_export import choose_exporter
from neo4j_r2.backup.store import Store
from neo4j_r2.backup.walk_export import Walk
from neo4j_r2.graph.estimate import estimate
from neo4j_r2.graph.reader import Graph

log = logging.getLogger(__name__)


def export_and_store(graph: Graph, store: Store, started: datetime) -> Manifest:
    """Store the graph; if APOC's export fails and need not be used, by the walk after all."""
    method, progress = store.config.export_method, store.progress
    size = estimate(graph)
    graph.read_sizes.expect(size.weight, sum(graph.catalogue.counts()))
    exporter = choose_exporter(graph, method, store.database, started, progress)
    try:
        return store.backup(exporter, started, size.text)
    except ApocError as error:
        if method == "apoc":
            raise
        log.warning("APOC export failed (%s), using manual export", error)
        progress.restart()
        walk = Walk(graph, store.database, started, progress.add)
        return store.backup(walk, started, size.text)
