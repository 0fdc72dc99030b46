"""Fills a database from an archive, and compares the counts.

The order of the steps: set the mark of an unfinished restore, delete what is there, write the data,
create the indexes and constraints, compare the counts, remove the mark. If a restore stops on the
way, the mark stays: `backup` then refuses the database, and a person sees what happened.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from neo4j_r2.archive.contents import rows_in
from neo4j_r2.archive.items import (
    Adaptation,
    AnyStatement,
    Item,
    MatchBatch,
    NameList,
    SchemaStatement,
)
from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.archive.text.name_lists import name_statement
from neo4j_r2.archive.text.quoting import quote_name
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.errors import GraphError, Side
from neo4j_r2.core.figures import counted
from neo4j_r2.core.threads import prefetch, while_answering
from neo4j_r2.graph import unfinished_mark
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.build_progress import BuildProgress
from neo4j_r2.restore.build_schema import LOOKUP_INDEXES, SchemaBuilder
from neo4j_r2.restore.delete_all import delete_all
from neo4j_r2.restore.replay import Replay
from neo4j_r2.run.note_on_failure import UNCHANGED, note_on_failure
from neo4j_r2.run.progress import Countdown
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_READ_AHEAD: Final = 4


@dataclass
class Counts:
    """How many entities of each group there are, or must be; see `Contents`."""

    labels: Counter[str]
    types: Counter[str]


@dataclass
class Outcome:
    """The result of a restore."""

    node_ids: NodeIds = field(default_factory=NodeIds)
    unmatched: int = 0
    """See `Replay.unmatched`."""
    ambiguous: int = 0
    """See `Replay.ambiguous`."""
    nodes: int = 0
    relationships: int = 0
    labels: list[str] = field(default_factory=list)
    """In the order in which the source knew them; nodes list theirs in it."""
    reordered: list[str] = field(default_factory=list)
    """Labels that a node lists in another order; nothing if none does."""
    failed_schema: list[str] = field(default_factory=list)
    """Each index or constraint that could not be created, and the server's reason."""
    differences: list[str] = field(default_factory=list)
    """A sentence for each group whose count differs from the archive's."""

    @property
    def problems(self) -> list[str]:
        """A sentence for everything that differs from the archive."""
        found = [f"Not restored: {each}" for each in self.failed_schema] + self.differences
        if self.unmatched:
            have = counted(self.unmatched, "relationship has", "relationships have")
            found.append(f"{have} no nodes to be between")
        if self.ambiguous:
            are = counted(self.ambiguous, "relationship is", "relationships are")
            found.append(f"{are} between several pairs of nodes")
        return found


@dataclass(frozen=True)
class Announcements:
    """What the log is told of the database, each as one line."""

    replacing: str
    """When a restore begins to replace what the database holds."""
    incomplete: str
    """When a restore fails and leaves the database incomplete."""


class Restore:
    """One restore into one database."""

    def __init__(
        self,
        graph: Graph,
        target: Target,
        on_alive: Callable[[], None],
        announcements: Announcements,
        kept_marks: Collection[str] = (unfinished_mark.NAME,),
    ) -> None:
        """Prepare; nothing is written.

        :param on_alive: is called during a long statement, whenever the server answers.
        :param kept_marks: the names of the only indexes that are not dropped.
        """
        self._graph = graph
        self._target = target
        self._on_alive = on_alive
        self._announcements = announcements
        self._kept_marks = kept_marks
        self._schema = SchemaBuilder(graph, target, BuildProgress(graph, on_alive))

    def run(
        self,
        items: Iterable[Item],
        expected: Counts | None,
        restored: Countdown,
        *,
        replaces: bool,
    ) -> Outcome:
        """Remove all constraints and indexes, and fill the database.

        :param expected: how many entities there must be in the end, None if that is not known.
        :param restored: counts the entities of each batch when the batch is taken; in the end up to
            two transactions are still to be written.
        :param replaces: whether data may be deleted too.
        :raises GraphError: if the server fails; the mark stays, unless no data was changed.
        :raises CorruptError: if the archive is damaged; the mark stays, unless no data was changed.
        """
        items = iter(items)
        with note_on_failure(UNCHANGED):
            first = list(islice(items, 1))  # an archive that cannot be read at all changes nothing
            schema = self._graph.catalogue.schema()
        with note_on_failure("no data was changed"):
            self._mark(replaces=replaces)
        with _advise_on_failure(self._announcements.incomplete):
            if replaces:
                log.info("%s", self._announcements.replacing)
            self._drop(*schema)
            if replaces:
                delete_all(self._graph, self._target, self._on_alive)
            outcome = self._replay(chain(first, items), restored)
            self._count(outcome, expected)
            self._target.run(unfinished_mark.REMOVAL)
        return outcome

    def clear(self) -> None:
        """Empty the database: no data, and only the two indexes of a new one. Kept marks stay."""
        self._drop(*self._graph.catalogue.schema())
        delete_all(self._graph, self._target, self._on_alive)
        for creation in LOOKUP_INDEXES:
            self._schema.run(creation)

    def _drop(self, constraints: Sequence[SchemaObject], indexes: Sequence[SchemaObject]) -> None:
        for constraint in constraints:
            self._target.run(f"DROP CONSTRAINT {quote_name(constraint.name)}")
        for index in indexes:
            if index.name not in self._kept_marks:
                self._target.run(f"DROP INDEX {quote_name(index.name)}")

    def _mark(self, *, replaces: bool) -> None:
        self._target.run(unfinished_mark.CREATION)
        if not replaces and any(self._graph.catalogue.counts()):
            self._target.run(unfinished_mark.REMOVAL)
            raise GraphError("Somebody has just written to the database")

    def _replay(self, items: Iterable[Item], restored: Countdown) -> Outcome:
        statements: list[str] = []
        outcome = Outcome()
        replay = Replay(self._target, self._schema.build)
        lookup_indexes: Sequence[str] = LOOKUP_INDEXES
        with restored:
            for item in items:
                if lookup_indexes and isinstance(item, AnyStatement | MatchBatch):
                    replay.flush()
                    self._schema.build(*lookup_indexes)  # the statement may find nodes by them
                    lookup_indexes = ()
                if isinstance(item, SchemaStatement):
                    statements.append(item.text)
                elif isinstance(item, AnyStatement):
                    replay.flush()
                    self._schema.run(item.text, once=True)
                elif isinstance(item, NameList):
                    self._schema.run(name_statement(item.kind, item.names))
                    outcome.labels += item.names if item.kind == "label" else []
                elif not isinstance(item, Adaptation):
                    replay.add(item)
                    restored.add(rows_in(item))
            replay.flush()
            replay.remove_helpers()
        outcome.node_ids = replay.node_ids
        outcome.unmatched, outcome.ambiguous = replay.unmatched, replay.ambiguous
        created = sum(map(_is_creation, statements))
        what = counted(created, "index or constraint", "indexes and constraints")
        log.info("Building %s", what)
        with self._schema.progress:
            outcome.failed_schema += self._schema.create(lookup_indexes)
            self._schema.await_indexes()  # without them the server scans the store for each index
            outcome.failed_schema += self._schema.create(statements)
            outcome.failed_schema += self._schema.await_indexes()
        return outcome

    def _count(self, outcome: Outcome, expected: Counts | None) -> None:
        """Count the entities, and compare the count of each group with the expected one."""
        if expected is None:
            outcome.nodes, outcome.relationships = self._graph.catalogue.counts()
            return
        labels, types = while_answering(
            self._graph.catalogue.counts_by_group,
            self._graph.connection.require_answer,
            self._on_alive,
        )
        outcome.reordered = _reordered(outcome.labels, (group for group, _ in labels))
        if outcome.reordered:
            log.warning(
                "labels(n) lists labels in another order than in the source, as this database knew "
                "them before: %s. A new database lists them as the source does",
                ", ".join(outcome.reordered),
            )
        found = _counts(labels, types)
        outcome.nodes, outcome.relationships = found.labels.total(), found.types.total()
        outcome.differences = _differences(found, expected)


def read_ahead(items: Iterable[Item], watch: Watch) -> Iterator[Item]:
    """Yield an archive's items; they are read and decoded while the server writes."""
    return watch.awaiting(Side.R2, prefetch(items, _READ_AHEAD))


@contextmanager
def _advise_on_failure(advice: str) -> Iterator[None]:
    """Log the advice if the restore does not come to its end."""
    try:
        yield
    except BaseException:
        log.warning("%s", advice)
        raise


def _reordered(labels: Sequence[str], found: Iterable[Sequence[str]]) -> list[str]:
    """Return labels that a node lists in another order than the source; nothing if none does.

    A database never forgets the order in which it met its labels.
    """
    places = {label: place for place, label in enumerate(labels)}
    for group in found:
        known = [label for label in group if label in places]
        if known != sorted(known, key=places.__getitem__):
            return known
    return []


def _is_creation(statement: str) -> bool:
    return not statement.startswith("DROP ")


def _counts(labels: list[tuple[list[str], int]], types: list[tuple[str, int]]) -> Counts:
    return Counts(
        Counter({json.dumps(sorted(group)): number for group, number in labels}),
        Counter(dict(types)),
    )


def _differences(found: Counts, expected: Counts) -> list[str]:
    return [
        f"The database has {there[group]:,} {what} {group}, the archive has {counts[group]:,}"
        for what, there, counts in (
            ("nodes with the labels", found.labels, expected.labels),
            ("relationships of type", found.types, expected.types),
        )
        for group in sorted((there - counts) + (counts - there))
    ]
