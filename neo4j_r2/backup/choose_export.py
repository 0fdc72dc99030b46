"""Chooses how a graph is exported, by APOC or manually, and logs the reason."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Final

from neo4j_r2.backup.walk_export import Walk
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import GraphError
from neo4j_r2.core.figures import entity_count, megabytes
from neo4j_r2.graph.reader import Graph
from neo4j_r2.run.progress import Progress

if TYPE_CHECKING:
    from neo4j_r2.backup.apoc_check import ApocCheck
    from neo4j_r2.backup.apoc_export import ApocExport

log = logging.getLogger(__name__)

FAST_ENTITIES: Final = 10_000
"""cypher-shell restores this many entities from APOC's text in about a minute."""
FAST_CHARACTERS: Final = 32 * 1024 * 1024
"""This much text is small for the server's heap, where APOC builds it."""


def choose_exporter(
    graph: Graph, method: str, database: Database, started: datetime, progress: Progress
) -> Walk | ApocExport:
    """Return the exporter to use for this graph.

    :param method: auto, apoc or manual.
    :raises GraphError: if `method` is apoc, and APOC is missing or cannot be used.
    """
    walk = Walk(graph, database, started, progress.add)
    if method == "manual":
        log.info("Using manual export")
        return walk
    untested = _untested(database)
    version = graph.apoc.version()
    if version is None:
        if method == "apoc":
            advice = f"set auto, since {untested}" if untested else "install the plugin or set auto"
            raise GraphError(
                f"APOC not available, and BACKUP_EXPORT_METHOD=apoc demands it; {advice}"
            )
        log.warning("APOC not available, using manual export")
        return walk
    reason = untested or (_too_many(graph) if method == "auto" else None)
    check = None
    if reason is None:
        from neo4j_r2.backup.apoc_check import check_for_apoc  # noqa: PLC0415 - as below

        check = check_for_apoc(graph, progress.step)
    if check:
        reason = check.unfit_reason or (_too_much(check) if method == "auto" else None)
    if check and reason is None:
        # With it comes all that reads other programs' text, which takes as long to load as a login.
        from neo4j_r2.backup.apoc_export import ApocExport  # noqa: PLC0415

        log.info("APOC detected (version: %s), using APOC export", version)
        return ApocExport(graph, database, started, check, progress.add)
    if method == "apoc":
        raise GraphError(
            f"APOC detected (version: {version}), but its export cannot be used: {reason}; "
            "set BACKUP_EXPORT_METHOD to auto or manual"
        )
    log.info("APOC detected (version: %s), using manual export: %s", version, reason)
    return walk


def _untested(database: Database) -> str | None:
    if database.server_version.startswith("5.26."):
        return None
    return f"APOC's export is not tested on Neo4j {database.server_version}"


def _too_many(graph: Graph) -> str | None:
    entities = sum(graph.catalogue.counts())
    if entities <= FAST_ENTITIES:
        return None
    return f"{entity_count(entities)}, and APOC's text restores slowly above {FAST_ENTITIES:,}"


def _too_much(check: ApocCheck) -> str | None:
    if check.characters <= FAST_CHARACTERS:
        return None
    return f"{megabytes(check.characters)} of values, which APOC would hold in the server's heap"
