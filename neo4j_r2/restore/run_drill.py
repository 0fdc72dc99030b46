"""Runs a restore drill: restores a backup into a scratch database, and compares the two."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from neo4j_r2.archive.contents import Contents
from neo4j_r2.core.database import Database
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.restore.check_archive import check_before_drill
from neo4j_r2.restore.compare_restored import compare_restored
from neo4j_r2.restore.fill import Counts, Outcome, read_ahead
from neo4j_r2.restore.scratch import Scratch
from neo4j_r2.restore.source import Source
from neo4j_r2.run.note_on_failure import UNCHANGED, note_on_failure
from neo4j_r2.run.phases import CHECK, COMPARE, RESTORE, Phases
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drilled:
    """A backup that came back exactly. The scratch database holds it."""

    scratch: Database
    fingerprint: str
    """64 hex digits, the same of the archive's rows and of the restored graph."""
    labels_reordered: bool
    """Whether the scratch database knew labels in another order, so that nodes list them in it."""

    @property
    def how(self) -> str:
        """How the backup came back, in words."""
        return "exactly, but for the order of labels" if self.labels_reordered else "exactly"


def run_drill(scratch: Scratch, source: Source, watch: Watch, phases: Phases) -> Drilled:
    """Prove a backup, restore it into a scratch database, and compare the two.

    :param scratch: has admitted the drill.
    :param phases: takes the time of each phase.
    :raises GraphError: if the scratch database is not empty any more, fails, or cannot make a value
        of the archive.
    :raises CorruptError: if the archive is not good, or if the database differs from it; then the
        database stays as it is, so that somebody can look at it.
    """
    with phases.phase(CHECK), note_on_failure(UNCHANGED):
        contents = check_before_drill(source, scratch.graph, watch)
    database = scratch.claim()  # it looks again, because the check can take long
    log.info("Restoring into %s for a drill", scratch.uri)
    with phases.phase(RESTORE):
        outcome = _restore(scratch, source, contents, watch)
    log.info("Comparing the restored graph with the archive")
    twice = 2 * (contents.nodes + contents.relationships)  # the archive's entities, and the graph's
    with phases.phase(COMPARE), Countdown("Compared", twice, watch.progress) as compared:
        comparison = compare_restored(
            source, scratch.graph, outcome.node_ids, compared.add, scratch.marks
        )
    problems = [*outcome.problems, *comparison.differences]
    for problem in problems:
        log.warning("%s", problem)
    if problems:
        raise CorruptError(f"The drill failed; {scratch.holding(source.label)}")
    return Drilled(database, comparison.fingerprint, bool(outcome.reordered))


def _restore(scratch: Scratch, source: Source, contents: Contents, watch: Watch) -> Outcome:
    total = contents.nodes + contents.relationships
    restored = Countdown("Restored", total, watch.progress)
    counts = Counts(contents.labels, contents.types)
    return scratch.restore.run(read_ahead(source.items(), watch), counts, restored, replaces=False)
