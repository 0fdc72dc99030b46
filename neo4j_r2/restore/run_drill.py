"""Runs a restore drill: restores a backup into a scratch database, has it compared, empties it."""

from __future__ import annotations

import logging

from neo4j_r2.archive.contents import Contents
from neo4j_r2.config.neo4j_settings import Neo4jSettings
from neo4j_r2.core.errors import ConfigurationError, CorruptError, GraphError, Side
from neo4j_r2.graph.database_contents import database_contents
from neo4j_r2.graph.fit_for_restore import refuse_unfit_for_restore
from neo4j_r2.graph.login import log_in
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.check_archive import prove
from neo4j_r2.restore.compare_restored import differences
from neo4j_r2.restore.fill import Announcements, Counts, Outcome, Restore, read_ahead
from neo4j_r2.restore.source import Source
from neo4j_r2.restore.try_values import Trial
from neo4j_r2.run.note_on_failure import UNCHANGED, note_on_failure
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


def run_drill(scratch: Neo4jSettings, retry_seconds: float, source: Source, watch: Watch) -> None:
    """Prove a backup, restore it into a scratch database, compare the two, and empty it again.

    :raises GraphError: if the scratch database is not empty, cannot take a restore, or cannot make
        a value of the archive.
    :raises CorruptError: if the database differs from the archive; then the database stays as it
        is, so that somebody can look at it.
    """
    with (
        watch.waiting_for(Side.NEO4J),
        Graph(scratch, retry_seconds) as graph,
        Target(scratch) as target,
    ):
        refuse_unfit(graph, source)
        with note_on_failure(UNCHANGED):
            contents = _prove_for(graph, source, watch)
        refuse_unfit(graph, source)  # again, because the proof can take long
        log.info("Restoring into %s for a drill", scratch.uri)
        announcements = Announcements(
            replacing=f"Replacing what {scratch.uri} holds",
            incomplete=f"{scratch.uri} is left incomplete: empty it before the next drill",
        )
        restore = Restore(graph, target, watch.progress, announcements)
        outcome, found = _restore_and_compare(source, contents, graph, restore, watch)
        problems = [*outcome.problems, *found]
        for problem in problems:
            log.warning("%s", problem)
        if problems:
            raise CorruptError(
                f"The drill failed; {scratch.uri} holds what came back of {source.label}"
            )
        restore.clear()
    exactly = "exactly, but for the order of labels" if outcome.reordered else "exactly"
    log.info("The drill succeeded: %s comes back %s", source.label, exactly)


def _prove_for(graph: Graph, source: Source, watch: Watch) -> Contents:
    """Read the whole archive, and let the database try the values that it might not know."""
    trial = Trial(graph, is_proved=True)
    with watch.waiting_for(Side.R2):
        contents = prove(source, watch, trial.add)
    trial.finish()
    return contents


def refuse_unfit(graph: Graph, source: Source) -> None:
    """Refuse a drill in the backup's own database, and in one that is not empty or not writable.

    :raises ConfigurationError: if the backup was taken of this database.
    :raises GraphError: if the database is not empty, or cannot take a restore.
    """
    database = log_in(graph.connection)
    if source.manifest and database.id == source.manifest.database_id:
        raise ConfigurationError(
            "--drill: this is the database that the backup was taken of; give the address of an "
            "empty Neo4j that nobody uses"
        )
    refuse_unfit_for_restore(graph.connection, database.name)
    if obstacles := database_contents(graph).drill_obstacles():
        raise GraphError(
            f"The drill needs an empty database, but {'; '.join(obstacles)}. In the end it would "
            "remove all of this. Empty it, or give the address of another Neo4j"
        )


def _restore_and_compare(
    source: Source, contents: Contents, graph: Graph, restore: Restore, watch: Watch
) -> tuple[Outcome, list[str]]:
    """Restore; return the outcome, and how the database differs from the archive besides."""
    total = contents.nodes + contents.relationships
    restored = Countdown("Restored", total, watch.progress)
    counts = Counts(contents.labels, contents.types)
    items = read_ahead(source.items(), watch)
    outcome = restore.run(items, counts, restored, replaces=False)
    log.info("Comparing the restored graph with the archive")
    twice = 2 * total  # the archive's entities, and the graph's
    with Countdown("Compared", twice, watch.progress) as compared:
        return outcome, differences(source, graph, outcome.node_ids, compared.add)
