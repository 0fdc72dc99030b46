"""Deletes all data of a database, in steps that fit into the server's memory.

A step is a range of internal ids, in its own transaction. So nothing is read twice. If the server
refuses a step, the deletion goes on from there in smaller steps.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from neo4j_r2.core.figures import graph_size
from neo4j_r2.core.threads import while_answering
from neo4j_r2.graph.estimate import mean_sizes
from neo4j_r2.graph.reader import Graph
from neo4j_r2.graph.writer import Target, TooLargeError, Write
from neo4j_r2.run.progress import INTERVAL_SECONDS, Countdown

log = logging.getLogger(__name__)

STEP_IDS: Final = 10_000
"""The most ids in a step."""
STEP_CHARACTERS: Final = 8 * 1024 * 1024
"""A step should not delete more characters of values than this."""
_STEPS_BEFORE_MORE: Final = 16
_TRIES: Final = 8
"""For a step of one entity that is refused: other transactions may hold the memory for a while."""
_LONGEST_PAUSE: Final = 4.0
_RELATIONSHIPS: Final = (
    "UNWIND $rows AS r UNWIND range(r[0], r[1]) AS i MATCH ()-[e]->() WHERE id(e) = i DELETE e"
)
_NODES: Final = (
    "UNWIND $rows AS r UNWIND range(r[0], r[1]) AS i MATCH (n) WHERE id(n) = i DETACH DELETE n"
)


@dataclass
class Steps:
    """How many ids a step has: fewer after the server has refused a step, then slowly more."""

    ids: int
    limit: int
    """No step ever has more ids than this."""
    most: int
    """Up to how many ids a step may grow for now: fewer than the server refused last."""
    accepted: int = 0
    """Steps since the last refusal."""

    @staticmethod
    def of(mean_characters: int) -> Steps:
        """Return the steps to begin with, for entities of a mean size."""
        ids = max(1, min(STEP_IDS, STEP_CHARACTERS // max(1, mean_characters)))
        return Steps(ids, limit=ids, most=ids)

    def shrink(self) -> bool:
        """Make the steps smaller; returns False if a step is one entity already."""
        could = self.ids > 1
        self.accepted = 0
        self.most = max(1, self.ids // 2)
        self.ids = max(1, self.ids // 4)
        return could

    def grow(self) -> None:
        """Make the steps larger after one that the server has accepted."""
        self.accepted += 1
        if self.accepted % _STEPS_BEFORE_MORE == 0:  # what was large, or used memory, is past
            self.most = min(self.limit, 2 * self.most)
        self.ids = min(self.most, 2 * self.ids)


def delete_all(
    graph: Graph,
    target: Target,
    on_alive: Callable[[], None],
    interval_seconds: float = INTERVAL_SECONDS,
) -> None:
    """Delete every relationship and every node; log now and then how many are left.

    :param on_alive: is called after each step; during a long step, whenever the server answers.
    :param interval_seconds: how often the log gets a line.
    :raises GraphError: if the server fails, or has too little memory for a single entity.
    """
    nodes, relationships = graph.catalogue.counts()
    if not nodes and not relationships:
        return
    log.info("Deleting %s", graph_size(nodes, relationships))
    node, relationship = mean_sizes(graph)
    last_node, last_relationship = graph.nodes.highest_id(), graph.relationships.highest_id()
    total = nodes + relationships
    with Countdown("Deleted", total, on_alive, interval_seconds) as deleted:
        deletion = _Deletion(graph, target, on_alive, deleted)
        deletion.run(_RELATIONSHIPS, last_relationship, Steps.of(relationship.weight))
        deletion.run(_NODES, last_node, Steps.of(node.weight))


@dataclass(frozen=True)
class _Deletion:
    graph: Graph
    target: Target
    on_alive: Callable[[], None]
    deleted: Countdown

    def run(self, query: str, last: int, steps: Steps) -> None:
        """Delete all entities up to the last id, by a query that takes a range of ids."""
        first = tries = 0
        while first <= last:
            end = min(first + steps.ids - 1, last)
            write = partial(self.target.write, [Write(query, [[first, end]], None)])
            try:
                written = while_answering(
                    write, self.graph.connection.require_answer, self.on_alive
                )
            except TooLargeError:
                tries += 1
                if steps.shrink():
                    log.warning("Neo4j refused a deletion for its size, deleting in smaller steps")
                    tries = 0
                elif tries < _TRIES:
                    time.sleep(min(_LONGEST_PAUSE, 0.25 * 2**tries))
                else:
                    raise
                continue
            first, tries = end + 1, 0
            steps.grow()
            self.deleted.add(sum(each.deleted for each in written))
