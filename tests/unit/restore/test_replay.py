"""How a replay's transactions get smaller; the integration tests have the writing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest

from neo4j_r2.archive.items import NodeBatch
from neo4j_r2.graph.writer import Target, TooLargeError, Write, Written
from neo4j_r2.restore.replay import Replay

MANY = 100
"""Rows of a batch that gets a statement of its own."""


class SmallTarget:
    """A server that gives its nodes ascending ids, and takes only so many rows at once."""

    def __init__(self, most_rows: int) -> None:
        self.sizes: list[list[int]] = []
        """The rows of each statement, for each transaction that was taken."""
        self.nodes: list[object] = []
        """The value of each node, at the place of its id."""
        self._most_rows = most_rows

    def write(self, writes: Sequence[Write]) -> list[Written]:
        """Create a node for each row: a row is its number, and its value."""
        sizes = [len(write.rows) for write in writes]
        if sum(sizes) > self._most_rows:
            raise TooLargeError("too large")
        assert [write.creates for write in writes] == sizes
        self.sizes.append(sizes)
        return [self._create(write) for write in writes]

    def _create(self, write: Write) -> Written:
        first = len(self.nodes)
        self.nodes += [value for _, value in write.rows]
        ids = [[number, first + place] for place, (number, _) in enumerate(write.rows)]
        return Written(ids, len(ids), 0)


def batch(label: str, rows: int) -> NodeBatch:
    """Return nodes whose value is their name."""
    names = [f"{label}{number}" for number in range(rows)]
    return NodeBatch((label,), (), list(names), [[name] for name in names], rows)


def replayed(target: SmallTarget, *batches: NodeBatch) -> Replay:
    replay = Replay(cast("Target", target), lambda _: None)
    for each in batches:
        replay.add(each)
    replay.flush()
    return replay


def assert_every_name_has_its_node(
    replay: Replay, target: SmallTarget, *batches: NodeBatch
) -> None:
    names = [name for each in batches for name in each.names]
    assert sorted(map(str, target.nodes)) == sorted(map(str, names))
    assert [target.nodes[number] for number in replay.node_ids.get(names)] == names


def test_a_refused_transaction_of_several_statements_becomes_one_for_each() -> None:
    target, batches = SmallTarget(MANY), (batch("A", MANY), batch("B", MANY))
    replay = replayed(target, *batches)
    assert target.sizes == [[MANY], [MANY]]
    assert_every_name_has_its_node(replay, target, *batches)


@pytest.mark.parametrize("most_rows", [1, 3, 30])
def test_a_refused_statement_is_halved_until_it_fits_and_its_nodes_keep_their_names(
    most_rows: int,
) -> None:
    target, batches = SmallTarget(most_rows), (batch("A", MANY), batch("B", MANY + 1))
    replay = replayed(target, *batches)
    assert max(size for [size] in target.sizes) <= most_rows
    assert_every_name_has_its_node(replay, target, *batches)


def test_a_row_that_is_too_large_by_itself_ends_the_replay() -> None:
    with pytest.raises(TooLargeError):
        replayed(SmallTarget(0), batch("A", 4))


def test_smaller_transactions_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    replayed(SmallTarget(1), batch("A", MANY))
    assert caplog.messages == ["Neo4j refused a write for its size, writing in smaller steps"]
