"""The reader of our own statements: it reads all that is written, and nothing else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.cells.kinds import FLOATS_32, KINDS
from neo4j_r2.archive.text.quoting import string_literal
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import Column, Rows
from neo4j_r2.archive.text.statements import node_statements, relationship_statements
from neo4j_r2.archive.text.table_grammar import Table, read_table, render
from neo4j_r2.archive.text.unwind import read_unwind
from neo4j_r2.core.errors import CorruptError
from tests import entities

Content = dict[str, object]
Entities = dict[tuple[tuple[str, ...], ...], dict[Column, str]]

RESTORE_KEY = RestoreKey("_Backup`Node", "_backup\\u0060id", "")
SPECIAL = "\u2028a\n\t\x1c\x1d\x1e\x1f-.,;:~\"\\'`(){}[]/*u0060r é😀\x00"
NAMES = st.text(st.sampled_from(SPECIAL), min_size=1, max_size=6) | st.text(min_size=1, max_size=6)
VALUES = (
    NAMES
    | st.just("")
    | st.lists(NAMES, max_size=3)
    | st.integers()
    | st.binary(max_size=4)
    | st.just({"type": FLOATS_32, "text": [0.5, 1.0]})
)
PROPERTIES = st.dictionaries(st.sampled_from(["a", "b", "`, r[0]: ", "\\u0060"]) | NAMES, VALUES)
ROWS = 'UNWIND split("1\\t2\\tx", "\\n") AS line WITH split(line, "\\t") AS r '
NODE = ROWS + "CREATE (:`L`:`A``` {`k`: toInteger(r[0]), `a`: toInteger(r[1]), `b`: r[2]});"
RELATIONSHIP = (
    ROWS + "MATCH (a:`L` {`k`: toInteger(r[0])}) USING INDEX a:`L`(`k`) "
    "MATCH (b:`L` {`k`: toInteger(r[1])}) USING INDEX b:`L`(`k`) "
    'CREATE (a)-[:`R` {`b`: CASE r[2] WHEN "-" THEN null ELSE date(r[2]) END}]->(b);'
)
VECTOR = KINDS[FLOATS_32].format(c="r[1]")
NODE_VECTOR = (
    ROWS + "CREATE (n:`L` {`k`: toInteger(r[0]), `b`: r[2]}) WITH n, r "
    f'CALL db.create.setNodeVectorProperty(n, "a", {VECTOR});'
)
CALL = NODE_VECTOR.partition(" WITH n, r")[2].partition(VECTOR)[0]
RELATIONSHIP_VECTOR = (
    RELATIONSHIP.partition("CREATE")[0] + "CREATE (a)-[e:`R`]->(b) WITH e, r "
    'CALL db.create.setRelationshipVectorProperty(e, "a", '
    f"{KINDS[FLOATS_32].format(c='r[2]')});"
)
REST = ") USING INDEX ) MATCH ) USING INDEX ) CREATE (a)-[:"
STRING = r'"(?:[^"\\]|\\.)*"'
QUOTED = rf"{STRING}|`(?:[^`]|``)*`"
TEXTS = [
    *("/**/", " //", ";\n", "\\u0060", "\\u0020", "`: r[1]", "});", "}) CREATE ({", "$a", "1"),
    *(", `c`: r[3]", " CALL db.x()", "; MATCH (n) DELETE n;", ' LOAD CSV FROM "x" AS x'),
]


def expected(rows: Sequence[Rows]) -> Entities:
    return {(each.group, each.names): dict(each.cells) for each in entities.entities(rows)}


def read(table: Table) -> Entities:
    shape, first = table.shape, table.shape.id_cells
    columns = [Column(each.key, each.kind) for each in shape.columns]
    missing = {(column, each.missing) for column, each in zip(columns, shape.columns, strict=True)}
    return {
        (shape.group, tuple(row[:first])): dict({*zip(columns, row[first:], strict=True)} - missing)
        for row in table.rows
    }


def written(table: Table, like: str) -> str:
    """Return the statement of a table, with the separators of another one."""
    line, cell = map(json.loads, re.findall(STRING, like)[1:3])
    literals = map(string_literal, (line.join(map(cell.join, table.rows)), line, cell))
    unwind = "UNWIND split({}, {}) AS line WITH split(line, {}) AS r".format(*literals)
    return f"{unwind} {render(table.shape)};"


def words(line: str) -> set[str]:
    """Return the words outside of names and strings, after escapes are decoded as by Cypher."""
    decoded = re.sub(r"\\u([0-9A-Fa-f]{4})", lambda match: chr(int(match[1], 16)), line)
    return set(re.findall(r"\w+|//", re.sub(QUOTED, "", decoded, flags=re.DOTALL)))


VOCABULARY = words(
    NODE + RELATIONSHIP + NODE_VECTOR + RELATIONSHIP_VECTOR + "".join(KINDS.values())
) | set(map(str, range(99)))


def is_refused(line: str) -> bool:
    try:
        read_table(*read_unwind(line))
    except CorruptError:
        return True
    return False


def is_itself(line: str) -> bool:
    return written(read_table(*read_unwind(line)), line) == line and words(line) <= VOCABULARY


def check(script: str, rows: Sequence[Rows], entity: str) -> None:
    assert all(map(is_itself, script.splitlines()))
    tables = [read_table(*read_unwind(line)) for line in script.splitlines()]
    assert expected(rows) == {key: value for each in tables for key, value in read(each).items()}
    names = {(each.shape.restore_label, each.shape.restore_property) for each in tables}
    assert names <= {(RESTORE_KEY.label, RESTORE_KEY.key)}
    assert {each.shape.entity for each in tables} <= {entity}


@given(st.lists(st.tuples(st.lists(NAMES, unique=True), PROPERTIES), max_size=6))
@example([([], {"a": "-"}), ([], {"a": "--", "b": ""}), ([], {"b": "-"}), ([], {})])
@example([(["A"], {"a": "\n\t\x1e\x1f\x1c\x1d"})])
@example([(["`", "``", "\\"], {"`: r[1], `": 1, "\\u0060": b"", '"': [], "é😀\n": [1.0]})])
def test_statements_of_nodes_are_read_back(graph: list[tuple[list[str], Content]]) -> None:
    rows = entities.nodes(graph)
    check(node_statements(rows, RESTORE_KEY), rows, "node")


@given(st.lists(st.tuples(NAMES, PROPERTIES), max_size=6))
@example([("KNOWS`]->(b)", {}), ("KNOWS`]->(b)", {"a": ""}), ("\\", {})])
def test_statements_of_relationships_are_read_back(graph: list[tuple[str, Content]]) -> None:
    rows = entities.relationships(
        (kind, number, 7, content) for number, (kind, content) in enumerate(graph)
    )
    check(relationship_statements(rows, RESTORE_KEY), rows, "relationship")


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {FLOATS_32}))
@pytest.mark.parametrize("missing", [None, "-", '"\\'])
def test_every_kind_is_told_from_the_others(kind: str, missing: str | None) -> None:
    one, other = (KINDS[kind].format(c=cell) for cell in ("r[1]", "r[2]"))
    if missing is not None:
        other = f"CASE r[2] WHEN {string_literal(missing)} THEN null ELSE {other} END"
    line = NODE.replace("toInteger(r[1])", one).replace("`b`: r[2]", f"`b`: {other}")
    table = read_table(*read_unwind(line))
    columns = [(each.key, each.kind, each.missing) for each in table.shape.columns]
    assert columns == [("a", kind, None), ("b", kind, missing)]
    assert is_itself(line)


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        (NODE_VECTOR, [("a", FLOATS_32), ("b", "string")]),
        (RELATIONSHIP_VECTOR, [("a", FLOATS_32)]),
    ],
)
def test_a_list_of_32_bit_floats_is_read_from_the_call_that_sets_it(
    line: str, columns: list[tuple[str, str]]
) -> None:
    table = read_table(*read_unwind(line))
    assert [(each.key, each.kind) for each in table.shape.columns] == columns
    assert is_itself(line)


@pytest.mark.parametrize("line", [NODE, RELATIONSHIP, NODE_VECTOR, RELATIONSHIP_VECTOR])
def test_an_altered_statement_is_refused_or_is_one_of_ours_too(line: str) -> None:
    assert is_itself(line)
    quoted = [range(each.start() + 1, each.end()) for each in re.finditer(QUOTED, line)]
    unquoted = set(range(len(line) + 1)).difference(*quoted)
    for place, text in product(range(len(line) + 1), ["", *SPECIAL, *TEXTS]):
        inserted = line[:place] + text + line[place:]
        assert is_refused(inserted) or (is_itself(inserted) and (not text or place not in unquoted))
        replaced = line[:place] + text + line[place + 1 :]
        assert is_refused(replaced) or is_itself(replaced)


@pytest.mark.parametrize(
    ("line", "old", "others"),
    [
        (NODE, "`b`", ["`b\\u0060: r[2]}) DETACH DELETE n //`", "`b\\u0060\\u0060`", "`\\`", "b"]),
        (NODE, "`b`", ["`\\uD83D`", "`\\u0062`", "`\\u00e9`", "`é`", "`b", "`a`: r[2], `b`"]),
        (NODE, "`A```", ["`A``", "A", "$`A`", "`A`&`B`"]),
        (NODE, "r[2]", ["r[1]", "r[02]", "r[3]", "apoc.util.sleep(r[2])", "date(r[1])", "$a"]),
        (NODE, "toInteger(r[0])", ["r[0]", "toInteger(r[1])"]),
        (NODE, "\\tx", ["", "\\tx\\t", "\\tx\\n3", "\\t\\ud800", "\tx"]),
        (NODE, "\\tx", ["\\t\\/", "\\t\\u0078", "\\té", "\\t\\x", "\\t\\"]),
        (NODE, '"\\n"', ['""', "'\\n'", '"\\u000a"', '"\n"']),
        (NODE, '"1\\t2\\tx"', ['""', "$rows"]),
        (RELATIONSHIP, "b:`L`(`k`)", ["b:`M`(`k`)", "b:`L`(`j`)", "a:`L`(`k`)"]),
        (RELATIONSHIP, "(b:`L` {`k`", ["(b:`M` {`k`", "(b:`L` {`j`", "(b {`k`", "(b:`L` {"]),
        (NODE_VECTOR, "(n, ", ["(e, ", "(r, ", "($n, "]),
        (NODE_VECTOR, "setNode", ["setRelationship", "set", "setnode"]),
        (NODE_VECTOR, " WITH n, r", ["", " WITH *", " WITH r, n", " WITH n, r LIMIT 1"]),
        (NODE_VECTOR, "(n:", ["(:", "(m:"]),
        (NODE_VECTOR, ", `b`: r[2]", ["", ", `b`: r[1]", f", `b`: {VECTOR}"]),
        (NODE_VECTOR, '"a"', ["`a`", "'a'", '"\\u0061"', '"b" + "a"', "$a"]),
        (NODE_VECTOR, VECTOR, ["r[1]", "[1.0]", VECTOR + " + 1", VECTOR.replace("63", "62")]),
        (NODE_VECTOR, "r[1]", ["r[2]", "r[01]", "r[1111111111]", "r[0]"]),
        (
            NODE_VECTOR,
            ";",
            [" YIELD *;", " RETURN n;", " CALL db.create.setNodeVectorProperty(n);"],
        ),
        (RELATIONSHIP_VECTOR, "(e, ", ["(n, ", "(a, "]),
        (RELATIONSHIP_VECTOR, "[e:", ["[:", "[r:"]),
        (RELATIONSHIP, "`R`", ["`R`|`S`", "`R`*", "R"]),
        (RELATIONSHIP, "r[2] WHEN", ["r[1] WHEN", "r[\u0662] WHEN", "r[2]  WHEN"]),
        (RELATIONSHIP, '"-"', ['""', '"\\u002d"', "'-'", "1"]),
        (RELATIONSHIP, "]->(b)", ["]->(a)", "]-(b)", "]->(b), (c)"]),
    ],
)
def test_a_statement_that_is_written_in_another_way_is_refused(
    line: str, old: str, others: list[str]
) -> None:
    assert old in line
    for new in others:
        assert is_refused(line.replace(old, new, 1))


@pytest.mark.parametrize(
    ("line", "fill"),
    [
        *(('UNWIND split("', fill) for fill in ('"', "\\", '\\"', '"\\', "x", '", "')),
        *((f"{ROWS}CREATE (:`", fill) for fill in ("`", "``:", "`:`a`", "\\u0060", "`: r[1]", "x")),
        *((f"{ROWS}CREATE (:`L` {{`k`: toInteger(r[0])", fill) for fill in (", ", ", `a`: r[1]")),
        *((RELATIONSHIP.partition('-"')[0], fill) for fill in ("\\", '\\"', '" THEN null')),
        *((NODE_VECTOR[:-1], fill) for fill in (CALL, CALL[:-9], CALL + VECTOR, " CALL ", '"')),
        *((f"{ROWS}MATCH (a:`L` {{`k`: ", fill) for fill in (REST, ") ", "`", ";")),
    ],
)
@pytest.mark.parametrize("end", ["", '", "\\n") AS line', "`});", ";"])
def test_a_long_text_is_refused_in_linear_time(line: str, fill: str, end: str) -> None:
    begun = time.process_time()
    assert is_refused(line + fill * (1_000_000 // len(fill)) + end)
    assert time.process_time() - begun < 5  # a second at most; in quadratic time, hours


def test_many_labels_and_properties_are_read_in_linear_time() -> None:
    number = 10_000
    labels = "".join(f":`{index}`" for index in range(number))
    properties = "".join(f", `{index}`: r[{index}]" for index in range(1, number))
    rows = ROWS.replace("1\\t2\\tx", "1" + "\\t" * (number - 1))
    begun = time.process_time()
    table = read_table(
        *read_unwind(f"{rows}CREATE (:`L`{labels} {{`k`: toInteger(r[0]){properties}}});")
    )
    assert time.process_time() - begun < 5
    assert (len(table.shape.group), len(table.shape.columns)) == (number, number - 1)
