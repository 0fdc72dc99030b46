"""Statements, read back by a small interpreter of their forms."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.row_tables import STATEMENT_CHARACTERS, STATEMENT_ROWS
from neo4j_r2.archive.text.rows import Rows
from neo4j_r2.archive.text.statements import node_statements, relationship_statements
from tests.entities import entities, nodes, relationships

RESTORE_KEY = RestoreKey.numbered(0)
NAME = r"`(?:[^`]|``)*`"
SCAN = json.JSONDecoder().raw_decode
SPECIAL = "\n\t\x1c\x1d\x1e\x1f-.,;|~\"\\'`\x00é😀"

TEXTS = st.text(st.sampled_from(SPECIAL), max_size=8) | st.text(max_size=8)
VALUES = (
    TEXTS
    | st.lists(TEXTS, max_size=3)
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.booleans()
    | st.binary(max_size=4)
    | st.sampled_from([[0.5], [1.0, -0.0]]).map(lambda text: {"type": FLOATS_32, "text": text})
)
PROPERTIES = st.dictionaries(st.sampled_from(["a", "b", "c", "`, r[0]: ", "é\n"]), VALUES)
GROUPS = st.lists(st.sampled_from(["Person", "a`b", "\\u0060", "{x: 1}"]), unique=True, max_size=2)
GRAPHS = st.lists(st.tuples(GROUPS, PROPERTIES), max_size=8)


class Entity(NamedTuple):
    """What a statement creates: group, ids, and for each key its cell and expression."""

    group: tuple[str, ...]
    ids: tuple[str, ...]
    properties: frozenset[tuple[str, str, str]]


def texts(*values: object) -> list[Rows]:
    """Return a node for each value, all with the same label and key."""
    return nodes([(["A"], {"a": value}) for value in values])


def expected(rows: Sequence[Rows]) -> Counter[Entity]:
    return Counter(
        Entity(
            row.group,
            row.names,
            frozenset(
                (column.key, cell, KINDS[column.kind].format(c="r")) for column, cell in row.cells
            ),
        )
        for row in entities(rows)
    )


def created(script: str) -> Counter[Entity]:
    return Counter(entity for line in script.splitlines() for entity in interpreted(line))


def interpreted(statement: str) -> Iterator[Entity]:
    """Yield what one statement creates."""
    rows, clause = unwound(statement)
    clause, vectors = vector_properties(clause)
    node = re.fullmatch(rf"CREATE \(n?((?::{NAME})+) \{{(.*)\}}\);", clause)
    if node is not None:
        labels, content, id_cells = names(node[1]), node[2], 1
        assert labels.pop(0) == RESTORE_KEY.label
    else:
        endpoint = (
            rf"MATCH \(%s:`{RESTORE_KEY.label}` \{{`{RESTORE_KEY.key}`: toInteger\(r\[%d\]\)\}}\) "
            rf"USING INDEX %s:`{RESTORE_KEY.label}`\(`{RESTORE_KEY.key}`\) "
        )
        match = re.fullmatch(
            endpoint % ("a", 0, "a")
            + endpoint % ("b", 1, "b")
            + rf"CREATE \(a\)-\[e?:({NAME})(?: \{{(.*)\}})?\]->\(b\);",
            clause,
        )
        assert match is not None, clause
        labels, content, id_cells = names(match[1]), match[2] or "", 2
    expressions = property_map(content)
    if node is not None:
        assert expressions.pop(RESTORE_KEY.key) == "toInteger(r[0])"
    assert expressions.keys().isdisjoint(vectors)
    expressions |= vectors
    for row in rows:
        properties = (evaluated(key, text, row) for key, text in expressions.items())
        found = frozenset(each for each in properties if each is not None)
        yield Entity(tuple(labels), tuple(row[:id_cells]), found)


def vector_properties(clause: str) -> tuple[str, dict[str, str]]:
    """Return a clause without the calls after it, and the expression of each key that they set."""
    created, calls = clause, ""
    if match := re.fullmatch(r"(CREATE \(n:.*\)) WITH n, r( CALL .*);", clause):
        created, calls = match.groups()
        procedure = " CALL db.create.setNodeVectorProperty(n, "
    elif match := re.fullmatch(r"(.* CREATE \(a\)-\[e:.*\(b\)) WITH e, r( CALL .*);", clause):
        created, calls = match.groups()
        procedure = " CALL db.create.setRelationshipVectorProperty(e, "
    if not calls:
        return clause, {}
    vectors = {}
    first, *each = calls.split(procedure)
    assert first == ""
    for arguments in each:
        key, end = SCAN(arguments)
        vectors[key] = arguments[end:].removeprefix(", ").removesuffix(")")
    return f"{created};", vectors


def unwound(statement: str) -> tuple[list[list[str]], str]:
    """Return the rows of cells of an UNWIND, and what follows it."""
    literals, position = [], 0
    for keyword in ("UNWIND split(", ", ", ") AS line WITH split(line, "):
        assert statement.startswith(keyword, position)
        literal, position = SCAN(statement, position + len(keyword))
        literals.append(literal)
    end = ") AS r "
    assert statement.startswith(end, position)
    text, line, cell = literals
    rows = [each.split(cell) for each in text.split(line)]
    assert len(set(map(len, rows))) == 1
    return rows, statement[position + len(end) :]


def names(text: str) -> list[str]:
    return [unquoted(name) for name in re.findall(NAME, text)]


def unquoted(name: str) -> str:
    decoded = re.sub(r"\\u([0-9A-F]{4})", lambda match: chr(int(match[1], 16)), name)
    return decoded[1:-1].replace("``", "`")


def property_map(text: str) -> dict[str, str]:
    """Return the expression of each key; expressions hold no backticks."""
    pieces = re.split(rf"(?:, )?({NAME}): ", text)
    assert pieces[0] == ""
    return dict(zip(map(unquoted, pieces[1::2]), pieces[2::2], strict=True))


def evaluated(key: str, expression: str, row: list[str]) -> tuple[str, str, str] | None:
    """Return key, cell and the expression over the cell, or None for a missing property."""
    optional = re.match(r"CASE r\[(\d+)\] WHEN ", expression)
    if optional is not None:
        marker, end = SCAN(expression, optional.end())
        if row[int(optional[1])] == marker:
            return None
        expression = expression[end:].removeprefix(" THEN null ELSE ").removesuffix(" END")
    cells = set(re.findall(r"r\[\d+\]", expression))
    assert len(cells) == 1, expression
    cell = cells.pop()
    return key, row[int(cell[2:-1])], expression.replace(cell, "r")


@given(GRAPHS)
@example([([], {"a": "-"}), ([], {"a": "--", "b": ""}), ([], {"b": "-"}), ([], {})])
@example([(["A"], {"a": "\n\t", "b": "\x1e\x1f"}), (["A"], {"a": "\x1c\x1d", "b": "\x1c."})])
def test_every_cell_of_a_node_comes_back_exactly(
    graph: list[tuple[list[str], dict[str, object]]],
) -> None:
    rows = nodes(graph)
    assert created(node_statements(rows, RESTORE_KEY)) == expected(rows)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), PROPERTIES), max_size=8))
def test_every_cell_of_a_relationship_comes_back_exactly(
    graph: list[tuple[int, int, dict[str, object]]],
) -> None:
    rows = relationships(("KNO`WS", start, end, content) for start, end, content in graph)
    assert created(relationship_statements(rows, RESTORE_KEY)) == expected(rows)


@given(st.lists(st.text(st.sampled_from("\n\t\x1c\x1d\x1e\x1f."), max_size=12), min_size=1))
@example(["\n\x1e\x1c\t\x1f\x1d", "\x1c", "\x1c\x1c.", ".\x1c", "\x1d\x1d", "\x1d.\x1d"])
def test_text_made_of_nothing_but_separators_comes_back_exactly(values: list[str]) -> None:
    rows = texts("\n\x1e\x1c\t\x1f\x1d", *values)
    assert created(node_statements(rows, RESTORE_KEY)) == expected(rows)


@given(st.lists(st.none() | st.text(st.sampled_from("-"), max_size=5), min_size=1))
def test_text_that_looks_like_a_missing_property_comes_back_exactly(
    values: list[str | None],
) -> None:
    rows = nodes(
        [([], {"a": 1, "b": 2} | ({} if value is None else {"c": value})) for value in values]
    )
    assert created(node_statements(rows, RESTORE_KEY)) == expected(rows)


@given(GRAPHS, st.randoms(use_true_random=False))
def test_statements_do_not_depend_on_which_rows_are_read_together(
    graph: list[tuple[list[str], dict[str, object]]], random: Random
) -> None:
    rows = nodes(graph)
    alone = [half for each in rows for half in each.cut_behind(len(graph) // 2) if half]
    alone.sort(key=lambda each: (each.ids[0], random.random()))
    assert node_statements(alone, RESTORE_KEY) == node_statements(rows, RESTORE_KEY)


@given(GRAPHS)
def test_statements_are_lines_of_printable_ascii(
    graph: list[tuple[list[str], dict[str, object]]],
) -> None:
    script = node_statements(nodes(graph), RESTORE_KEY)
    assert re.fullmatch(r"([ -~]*;\n)*", script)


@given(GRAPHS)
def test_a_key_has_one_kind_in_a_statement(
    graph: list[tuple[list[str], dict[str, object]]],
) -> None:
    assume(graph)
    for line in node_statements(nodes(graph), RESTORE_KEY).splitlines():
        kinds: dict[str, set[str]] = {}
        for entity in interpreted(line):
            for key, _, expression in entity.properties:
                kinds.setdefault(key, set()).add(expression)
        assert all(len(expressions) == 1 for expressions in kinds.values())


@pytest.mark.parametrize("number", [1, STATEMENT_ROWS, STATEMENT_ROWS + 1, 2 * STATEMENT_ROWS + 1])
def test_a_statement_has_no_more_rows_than_allowed(number: int) -> None:
    rows = texts(*range(number))
    sizes = [len(unwound(line)[0]) for line in node_statements(rows, RESTORE_KEY).splitlines()]
    assert max(sizes) <= STATEMENT_ROWS
    assert sum(sizes) == number
    assert len(sizes) == -(-number // STATEMENT_ROWS)


def test_a_long_statement_takes_no_further_row() -> None:
    half = "x" * (STATEMENT_CHARACTERS // 2)
    lines = node_statements(texts(half, half, half, half, half), RESTORE_KEY).splitlines()
    assert [len(unwound(line)[0]) for line in lines] == [2, 2, 1]


def test_rows_that_differ_in_a_few_keys_share_a_statement() -> None:
    graph: list[tuple[list[str], dict[str, object]]] = [
        (["Person"], {"name": "Alice", "age": 30}),
        (["Person"], {"name": "Bob"}),
    ]
    assert len(node_statements(nodes(graph), RESTORE_KEY).splitlines()) == 1


def test_the_same_key_with_another_type_is_another_statement() -> None:
    assert len(node_statements(texts(1, "1"), RESTORE_KEY).splitlines()) == 2


def test_no_rows_are_no_statements() -> None:
    assert node_statements([], RESTORE_KEY) == ""
    assert relationship_statements([], RESTORE_KEY) == ""


def test_statements_of_the_same_columns_differ_only_in_their_rows() -> None:
    scripts = [node_statements(rows, RESTORE_KEY) for rows in (texts("x" * 9, 'y"'), texts("z"))]
    assert len({unwound(script.strip())[1] for script in scripts}) == 1


@given(st.integers(0, 99), st.integers(0, 99))
def test_restore_keys_of_different_numbers_have_different_names(one: int, other: int) -> None:
    assume(one != other)
    left, right = RestoreKey.numbered(one), RestoreKey.numbered(other)
    assert left.label != right.label
    assert left.key != right.key
    assert left.constraint != right.constraint
