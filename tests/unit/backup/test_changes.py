"""What has changed since the backup before, as an increment holds it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.row_hashes import RowSum
from neo4j_r2.archive.text.rows import GONE, EntityKind, Rows
from neo4j_r2.backup.changes import CONSEQUENCE, Changes
from neo4j_r2.backup.row_state import RowState, RowStateWriter
from tests.entities import node_rows, relationship_rows
from tests.full_disk import filled, small_disk

Graph = Mapping[int, Any]
"""The value of each node."""
GRAPHS = st.dictionaries(st.integers(0, 40), st.integers(0, 2), max_size=30)


def batches(graph: Graph, step: int = 7) -> Iterator[list[Rows]]:
    """Yield nodes as a walk reads them."""
    records = [[number, ["A"], ["p"], [value]] for number, value in sorted(graph.items())]
    for place in range(0, len(records), step):
        yield node_rows(records[place : place + step])


def state_of(path: Path, graph: Graph, late: Sequence[int] = ()) -> RowState:
    """Return the row state of a graph; late nodes are not in it."""
    changes = Changes(RowStateWriter(path), None, [])
    for batch in batches({number: graph[number] for number in graph if number not in late}):
        assert changes.of("node", batch) == batch
    assert list(changes.rest("node")) == []
    assert changes.writer
    changes.writer.keep({"key": changes.key}, replaces=False)
    return RowState(path)


def found(
    path: Path, base: RowState, graph: Graph, late: Sequence[int] = (), step: int = 7
) -> tuple[set[int], list[int], Changes]:
    """Return which nodes an increment of a graph holds, and which ids are gone."""
    changes = Changes(RowStateWriter(path.with_suffix(".new")), base, [], late)
    parts = [changes.of("node", batch) for batch in batches(graph, step)]
    parts += changes.rest("node")
    last = -1
    for part in filter(None, parts):
        assert min(rows.ids[0] for rows in part) > last
        last = max(rows.ids[-1] for rows in part)
    all_rows = [rows for part in parts for rows in part]
    held = {number for rows in all_rows if rows.shape != GONE for number in rows.ids}
    return held, [number for rows in all_rows if rows.shape == GONE for number in rows.ids], changes


@given(GRAPHS, GRAPHS, st.integers(1, 9))
def test_only_what_is_new_changed_or_gone_is_found(
    tmp_path_factory: pytest.TempPathFactory, before: Graph, after: Graph, step: int
) -> None:
    path = tmp_path_factory.mktemp("state") / "rows"
    held, gone, changes = found(path, state_of(path, before), after, step=step)
    assert held == {number for number in after if before.get(number) != after[number]}
    assert gone == sorted(before.keys() - after.keys())
    assert changes.sums["node"].rows == len(after)


@given(GRAPHS, st.sets(st.integers(0, 40), max_size=5), GRAPHS)
def test_late_nodes_of_the_backup_before_always_count_as_changed_or_gone(
    tmp_path_factory: pytest.TempPathFactory, before: Graph, late: set[int], after: Graph
) -> None:
    path = tmp_path_factory.mktemp("state") / "rows"
    before = {**before, **dict.fromkeys(late, 0)}
    held, gone, _ = found(path, state_of(path, before, [*late]), after, [*late])
    changed = {number for number in after if before.get(number) != after[number]}
    assert held == changed | (late & after.keys())
    assert gone == sorted(before.keys() - after.keys())


@given(GRAPHS, st.integers(1, 9), st.integers(1, 9))
def test_the_sum_of_rows_does_not_depend_on_how_they_are_read(
    tmp_path_factory: pytest.TempPathFactory, graph: Graph, one: int, other: int
) -> None:
    path = tmp_path_factory.mktemp("state") / "rows"
    base = state_of(path, {})
    sums: list[RowSum] = [
        found(path, base, graph, step=step)[2].sums["node"] for step in (one, other)
    ]
    assert sums[0] == sums[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (0.0, -0.0),
        (1, 1.0),
        (1, True),
        ("1", 1),
        ([], [""]),
        ([1], [1.0]),
        ([0.0], [-0.0]),
        (math.nan, 0.0),
    ],
    ids=str,
)
def test_values_that_look_alike_differ(tmp_path: Path, before: Any, after: Any) -> None:
    path = tmp_path / "rows"
    assert found(path, state_of(path, {5: before}), {5: after})[0] == {5}
    assert found(path, state_of(path, {5: after}), {5: before})[0] == {5}
    assert found(path, state_of(path, {5: after}), {5: after})[0] == set()


def relationships(*records: Sequence[Any]) -> list[Rows]:
    return relationship_rows([[*record, [], []] for record in records])


def test_another_endpoint_type_or_kind_of_entity_is_a_change(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    changes = Changes(RowStateWriter(path), None, [])
    changes.of("node", node_rows([[3, [], [], []]]))
    changes.of("relationship", relationships((1, "T", 0, 1), (2, "T", 0, 1), (3, "T", 0, 1)))
    assert changes.writer
    changes.writer.keep({"key": changes.key}, replaces=False)
    after = Changes(None, RowState(path), [])
    assert after.of("node", node_rows([[3, [], [], []]])) == []
    batch = relationships((1, "T", 1, 0), (2, "U", 0, 1), (3, "T", 0, 1))
    changed = after.of("relationship", batch)
    assert sorted(number for rows in changed for number in rows.ids) == [1, 2]


def test_relationships_of_late_nodes_always_count_as_changed(tmp_path: Path) -> None:
    """Node 1 and relationship 5 were deleted and came back alike while the nodes were read."""
    path = tmp_path / "rows"
    before = Changes(RowStateWriter(path), None, [])
    before.of("relationship", relationships((4, "T", 0, 2), (5, "T", 0, 1)))
    assert before.writer
    before.writer.keep({"key": before.key}, replaces=False)
    after = Changes(None, RowState(path), [])
    after.add_late(node_rows([[1, [], [], []]]))
    changed = after.of("relationship", relationships((4, "T", 0, 2), (5, "T", 0, 1)))
    assert [list(rows.ids) for rows in changed] == [[5]]


@pytest.mark.parametrize("entity", ["node", "relationship"])
def test_an_empty_batch_takes_nothing(tmp_path: Path, entity: EntityKind) -> None:
    path = tmp_path / "rows"
    changes = Changes(None, state_of(path, {1: 1}), [])
    assert changes.of(entity, []) == []
    assert [[list(rows.ids) for rows in part] for part in changes.rest("node")] == [[[1]]]


def test_without_space_all_is_found_and_no_rows_are_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    graph = dict.fromkeys(range(10_000), 0)
    with small_disk(tmp_path / "disk"):
        path = tmp_path / "disk" / "rows"
        changes = Changes(RowStateWriter(path), None, [])
        with filled(path.parent):
            found = [changes.of("node", batch) for batch in batches(graph, 1000)]
            assert sum(len(rows) for batch in found for rows in batch) == len(graph)
        assert changes.writer is None
        assert [*path.parent.iterdir()] == []
    assert [record.getMessage() for record in caplog.records] == [
        f"The rows cannot be recorded (No space left on device){CONSEQUENCE}"
    ]
