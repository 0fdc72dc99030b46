"""One run of the benchmark: each graph on servers of its own, one after the other."""

from __future__ import annotations

import logging
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from typing import Final

from bench import social
from bench.backups import Backups
from bench.increments import Increments
from bench.options import Options, Scale
from bench.records import Graph, Journal, Machine
from bench.restores import Restores
from bench.stage import Stage, staged
from testbed import graphiti
from testbed.java import java

log = logging.getLogger(__name__)

_FILL: Final = {"social": social.fill, "graphiti": graphiti.fill}
_VERSIONS: Final = """
CALL dbms.components() YIELD name, versions WHERE name = 'Neo4j Kernel'
RETURN versions[0] AS neo4j, apoc.version() AS apoc"""


def run(options: Options, journal: Journal) -> None:
    """Measure all that is asked for."""
    session = datetime.now(UTC).isoformat(timespec="seconds")
    for scale in options.scales:
        log.info("%s of %d entities: starting servers", scale.graph, scale.entities)
        with staged(with_target=scale.is_restored or scale.is_incremented) as stage:
            if scale == options.scales[0]:
                journal.add(machine(session, stage))
            graph = fill(stage, scale)
            if scale.is_backed_up:
                Backups(stage, graph, session, options).compare(journal)
            if scale.is_restored:
                Restores(stage, graph, session, options).compare(journal)
            if scale.is_incremented:  # last, since it changes the graph
                Increments(stage, graph, session, options).compare(journal)


def fill(stage: Stage, scale: Scale) -> Graph:
    """Generate a graph in the source."""
    with stage.source.driver() as driver:
        size = _FILL[scale.graph](driver, entities=scale.entities)
    log.info("filled: %d nodes, %d relationships", size.nodes, size.relationships)
    return Graph(scale.graph, scale.entities, size.nodes, size.relationships)


def machine(session: str, stage: Stage) -> Machine:
    """Return what the figures depend on, and nothing that names this machine."""
    with stage.source.driver() as driver:
        [versions] = driver.execute_query(_VERSIONS).records
    return Machine(
        session,
        cores=len(os.sched_getaffinity(0)),
        python=platform.python_version(),
        neo4j=versions["neo4j"],
        apoc=versions["apoc"],
        java=_java_version(),
    )


def _java_version() -> str:
    finished = subprocess.run([java(), "-version"], capture_output=True, text=True, check=True)
    found = re.search(r'version "(.+?)"', finished.stderr)
    return found[1] if found else "unknown"
