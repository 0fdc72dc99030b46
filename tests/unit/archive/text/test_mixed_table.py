"""Rows of many groups: what is written is read back, and everything else refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.text.mixed_grammar import read_mixed
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import Column, Rows
from neo4j_r2.archive.text.statements import node_statements, relationship_statements
from neo4j_r2.archive.text.unwind import read_unwind
from neo4j_r2.core.errors import CorruptError
from tests.entities import entities, nodes, relationships

RESTORE_KEY = RestoreKey.numbered(0)
MANY = 40
NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    st.binary(max_size=3),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), max_size=3),
    st.just({"type": "DATE NOT NULL", "text": "2024-02-29"}),
    st.just({"type": "list of 32-bit float", "text": [1.5, -0.25]}),
)
CONTENTS = st.dictionaries(NAMES, VALUES, max_size=3)
Content = dict[str, object]
Entity = tuple[tuple[str, ...], tuple[str, ...], frozenset[tuple[Column, str]]]


def written(rows: list[Rows]) -> list[Entity]:
    return [(each.group, each.names, frozenset(each.cells)) for each in entities(rows)]


def read(script: str) -> list[Entity]:
    """Return what mixed statements hold; each has to be one."""
    found = []
    for line in script.splitlines():
        tables = read_mixed(*read_unwind(line), RESTORE_KEY)
        assert tables is not None
        for table in tables:
            first = table.shape.id_cells
            columns = [Column(each.key, each.kind) for each in table.shape.columns]
            for row in table.rows:
                values = frozenset(zip(columns, row[first:], strict=True))
                found.append((table.shape.group, tuple(row[:first]), values))
    return found


def distinct(number: int, group: list[str]) -> list[str]:
    return [f"{number}", *(f"{number}{each}" for each in group)]


@given(st.lists(st.tuples(st.lists(NAMES, unique=True, max_size=3), CONTENTS), max_size=5))
def test_nodes_of_many_label_sets_are_read_back(graph: list[tuple[list[str], Content]]) -> None:
    graph += [([f"{number}"], {"a": number}) for number in range(MANY)]
    rows = nodes(
        (distinct(number, labels), content) for number, (labels, content) in enumerate(graph)
    )
    found = read(node_statements(rows, RESTORE_KEY))
    assert len(found) == len(graph)
    assert set(found) == set(written(rows))


@given(st.lists(st.tuples(NAMES, CONTENTS), max_size=5))
def test_relationships_of_many_types_are_read_back(graph: list[tuple[str, Content]]) -> None:
    graph += [("", {"a": number}) for number in range(MANY)]
    rows = relationships(
        (f"{number}{kind}", number, 7, content) for number, (kind, content) in enumerate(graph)
    )
    found = read(relationship_statements(rows, RESTORE_KEY))
    assert len(found) == len(graph)
    assert set(found) == set(written(rows))


def sets_of(sets: int, each: int) -> list[tuple[list[str], Content]]:
    """Return nodes of so many label sets, and so many nodes of each."""
    return [([f"L{number // each}"], {"a": number}) for number in range(sets * each)]


@pytest.mark.parametrize(
    ("sets", "each", "statements"), [(32, 1, 32), (33, 1, 1), (40, 16, 1), (40, 17, 40)]
)
def test_only_many_small_tables_are_mixed(sets: int, each: int, statements: int) -> None:
    assert len(node_statements(nodes(sets_of(sets, each)), RESTORE_KEY).splitlines()) == statements


def test_frequent_rows_keep_a_statement_of_their_own() -> None:
    frequent: list[tuple[list[str], Content]] = [(["F"], {"a": number}) for number in range(100)]
    lines = node_statements(nodes([*sets_of(40, 1), *frequent]), RESTORE_KEY).splitlines()
    assert len(lines) == 2
    assert read_mixed(*read_unwind(lines[0]), RESTORE_KEY) is None
    assert ":`F` {" in lines[0]


def test_mixed_statements_do_not_depend_on_the_order_of_the_shapes() -> None:
    rows = nodes(sets_of(50, 2))
    assert node_statements(rows[::-1], RESTORE_KEY) == node_statements(rows, RESTORE_KEY)


[LINE] = node_statements(nodes(sets_of(33, 1)), RESTORE_KEY).splitlines()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("toInteger(r[place + 2])", "toInteger(r[place + 1])"),
        ("END);", "END) DETACH DELETE n;"),
        ("\\tinteger\\t7", "\\tnumber\\t7"),
        ("\\tinteger\\t7", "\\tinteger"),
        ("\\tinteger\\t7", "\\tstring\\t7"),
        (",L7\\ta", ",L7\\t"),
        (",L7\\t", ",L7,A\\t"),
        (",L7\\t", "L7\\t"),
        ("7\\t,L7\\ta\\tinteger\\t7", "7"),
    ],
)
def test_a_changed_statement_is_refused(before: str, after: str) -> None:
    assert before in LINE
    with pytest.raises(CorruptError):
        read_mixed(*read_unwind(LINE.replace(before, after, 1)), RESTORE_KEY)
