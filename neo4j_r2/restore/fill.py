"""Replays an archive into a database and finds out what came of it.

The order of writes: the mark of an unfinished restore, the removal of what is there, the data, the
indexes and constraints, the comparison of counts, the mark's removal. Whatever stops it leaves the
mark, by which `backup` refuses the database and a person sees what happened.
"""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final

from neo4j_r2.archive.contents import rows_in
from neo4j_r2.archive.items import AnyStatement, Item, MatchBatch, SchemaStatement
from neo4j_r2.archive.node_ids import NodeIds
from neo4j_r2.archive.text.quoting import quote_name
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.errors import GraphError, Side
from neo4j_r2.core.threads import prefetch, while_answering
from neo4j_r2.graph import unfinished_mark
from neo4j_r2.graph.database_contents import database_contents
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target
from neo4j_r2.restore.delete_all import delete_all
from neo4j_r2.restore.replay import Replay
from neo4j_r2.run.stall_watch import Watch

log = logging.getLogger(__name__)

_READ_AHEAD: Final = 4
_LOOKUP_INDEXES: Final = (
    "CREATE LOOKUP INDEX IF NOT EXISTS FOR (n) ON EACH labels(n)",
    "CREATE LOOKUP INDEX IF NOT EXISTS FOR ()-[r]-() ON EACH type(r)",
)
"""The two that a new database has, under the names that they have there."""
_NOT_ONLINE: Final = (
    "SHOW INDEXES YIELD name, state, failureMessage AS message WHERE state <> 'ONLINE'"
)
_FIRST_PAUSE: Final = 0.005
_LONGEST_PAUSE: Final = 0.5
"""Seconds between two looks at the indexes; a small graph's are built within a few hundredths."""


@dataclass
class Counts:
    """How many entities there are, or have to be, of each group; see `Contents`."""

    labels: Counter[str]
    types: Counter[str]


@dataclass
class Outcome:
    """What a restore came to."""

    node_ids: NodeIds = field(default_factory=NodeIds)
    unmatched: int = 0
    ambiguous: int = 0
    """See `Replay`."""
    nodes: int = 0
    relationships: int = 0
    failed_schema: list[str] = field(default_factory=list)
    """Each index or constraint that is not there, and what the server says of it."""
    differences: list[str] = field(default_factory=list)
    """Where the counts are not the archive's."""

    @property
    def problems(self) -> list[str]:
        """All that is not as the archive says."""
        found = [f"Not restored: {each}" for each in self.failed_schema] + self.differences
        if self.unmatched:
            found.append(f"{self.unmatched:,} relationships have no nodes to be between")
        if self.ambiguous:
            found.append(f"{self.ambiguous:,} relationships are between several pairs of nodes")
        return found


class Restore:
    """One restore into one database."""

    def __init__(
        self, graph: Graph, target: Target, on_alive: Callable[[], None], advice: str
    ) -> None:
        """Prepare; nothing is written.

        :param on_alive: is called while the server takes long for one statement and answers.
        :param advice: what to tell whoever finds the database incomplete.
        """
        self._graph = graph
        self._target = target
        self._on_alive = on_alive
        self._advice = advice

    def run(
        self,
        items: Iterable[Item],
        expected: Counts | None,
        on_progress: Callable[[int], None],
        *,
        replaces: bool,
    ) -> Outcome:
        """Fill the database, from which constraints and indexes are removed before.

        :param expected: what there has to be in the end, None if nobody knows.
        :param on_progress: is told of the entities in each batch taken; the last two transactions
            are written after it.
        :param replaces: whether data may be removed too.
        :raises GraphError: if the server fails; the mark stays, unless no data was changed.
        :raises CorruptError: if the archive turns out to be damaged; the mark stays likewise.
        """
        items = iter(items)
        first = list(islice(items, 1))  # so that what cannot be read at all changes nothing
        schema = self._graph.schema()
        self._mark(replaces=replaces)
        with _told_on_failure(self._advice):
            self._drop(*schema)
            if replaces:
                delete_all(self._graph, self._target, self._on_alive)
            outcome = self._replay(chain(first, items), on_progress)
            self._count(outcome, expected)
            self._target.run(unfinished_mark.REMOVAL)
        return outcome

    def clear(self) -> None:
        """Make the database as a new one, but for a mark."""
        self._drop(*self._graph.schema())
        delete_all(self._graph, self._target, self._on_alive)
        for creation in _LOOKUP_INDEXES:
            self._run_long(creation)

    def _drop(self, constraints: Sequence[SchemaObject], indexes: Sequence[SchemaObject]) -> None:
        for constraint in constraints:
            self._target.run(f"DROP CONSTRAINT {quote_name(constraint.name)}")
        for index in indexes:
            if index.name != unfinished_mark.NAME:
                self._target.run(f"DROP INDEX {quote_name(index.name)}")

    def _mark(self, *, replaces: bool) -> None:
        try:
            self._target.run(unfinished_mark.CREATION)
        except GraphError as error:
            raise GraphError(f"{error}; no data was changed") from error
        if not replaces and any(self._graph.counts()):
            self._target.run(unfinished_mark.REMOVAL)
            raise GraphError("Somebody has just written to the database; no data was changed")

    def _replay(self, items: Iterable[Item], on_progress: Callable[[int], None]) -> Outcome:
        schema: list[str] = []
        replay = Replay(self._target, self._build)
        lookup_indexes: Sequence[str] = _LOOKUP_INDEXES
        for item in items:
            if lookup_indexes and isinstance(item, AnyStatement | MatchBatch):
                replay.flush()
                self._build(*lookup_indexes)  # by which it may find nodes
                lookup_indexes = ()
            if isinstance(item, SchemaStatement):
                schema.append(item.text)
            elif isinstance(item, AnyStatement):
                replay.flush()
                self._run_long(item.text)
            else:
                replay.add(item)
                on_progress(rows_in(item))
        replay.flush()
        replay.remove_helpers()
        outcome = Outcome(replay.node_ids, replay.unmatched, replay.ambiguous)
        log.info("Building %d indexes and constraints", sum(map(_is_creation, schema)))
        outcome.failed_schema += self._create(lookup_indexes)
        self._await_indexes()  # or the server would scan the whole store for each of the others
        outcome.failed_schema += self._create(schema)
        outcome.failed_schema += self._await_indexes()
        return outcome

    def _build(self, *statements: str) -> None:
        """Create indexes, and wait until they are built."""
        for statement in statements:
            self._run_long(statement)
        self._await_indexes()

    def _create(self, statements: Iterable[str]) -> list[str]:
        """Create indexes and constraints; return those that the server refuses."""
        failures = []
        for statement in statements:
            try:
                self._run_long(statement)
            except GraphError as error:
                if statement not in database_contents(self._graph).statements:  # made just now
                    failures.append(f"{statement}: {error}")
        return failures

    def _await_indexes(self) -> list[str]:
        """Wait until no index is being built; return those that could not be, and why.

        `db.awaitIndexes` looks only every tenth of a second, and ends with the first that fails.
        """
        pause = _FIRST_PAUSE
        while True:
            indexes = self._graph.rows(_NOT_ONLINE)
            if all(each["state"] == "FAILED" for each in indexes):
                return [_failure(each["name"], each["message"]) for each in indexes]
            self._on_alive()
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _count(self, outcome: Outcome, expected: Counts | None) -> None:
        """Find out how many entities there are, and of which groups not as many as expected."""
        if expected is None:
            outcome.nodes, outcome.relationships = self._graph.counts()
            return
        found = while_answering(lambda: _counts(self._graph), self._graph.answer, self._on_alive)
        outcome.nodes, outcome.relationships = found.labels.total(), found.types.total()
        outcome.differences = _differences(found, expected)

    def _run_long(self, statement: str) -> None:
        while_answering(lambda: self._target.run(statement), self._graph.answer, self._on_alive)


def read_ahead(items: Iterable[Item], watch: Watch) -> Iterator[Item]:
    """Yield what an archive holds, which is read and decoded while the server writes."""
    return watch.awaiting(Side.R2, prefetch(items, _READ_AHEAD))


@contextmanager
def _told_on_failure(advice: str) -> Iterator[None]:
    """Say what state the database is in, should the restore not come to its end."""
    try:
        yield
    except BaseException:
        log.warning("%s", advice)
        raise


def _is_creation(statement: str) -> bool:
    return not statement.startswith("DROP ")


def _failure(index: str, message: str) -> str:
    reason, _, _ = message.partition("\n")
    return f"index {index}: {reason}"


def _counts(graph: Graph) -> Counts:
    labels, types = graph.counts_by_group()
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
