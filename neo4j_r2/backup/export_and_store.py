"""Exports a graph and stores it as one backup."""

from __future__ import annotations

import logging

from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.backup.choose_export import choose_exporter
from neo4j_r2.backup.exporter import ApocError
from neo4j_r2.backup.make_manifest import Origin
from neo4j_r2.backup.store import Destination, store
from neo4j_r2.backup.store_with_rows import Chains, store_with_rows
from neo4j_r2.backup.walk_export import Walk
from neo4j_r2.graph.estimate import estimate
from neo4j_r2.graph.reader import Graph

log = logging.getLogger(__name__)


def export_and_store(
    graph: Graph,
    method: str,
    origin: Origin,
    destination: Destination,
    chains: Chains | None = None,
) -> Manifest:
    """Store the graph as a backup. If APOC's export fails, the manual export takes its place.

    :param method: auto, apoc or manual. With apoc nothing takes its place.
    :param chains: how incremental backups are made; None makes a full one. APOC's are always full.
    """
    if chains and method != "apoc":
        return store_with_rows(graph, origin, destination, chains)
    progress = destination.progress
    size = estimate(graph)
    graph.read_sizes.expect(size.weight, sum(graph.catalogue.counts()))
    exporter = choose_exporter(graph, method, origin.database, origin.started, progress)
    try:
        return store(exporter, origin, destination, size.text)
    except ApocError as error:
        if method == "apoc":
            raise
        log.warning("APOC export failed (%s), using manual export", error)
        walk = Walk(graph, origin.database, origin.started, progress.add)
        return store(walk, origin, destination, size.text)
