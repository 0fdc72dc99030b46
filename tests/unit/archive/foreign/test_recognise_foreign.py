"""Files of other programs: what they hold, and what is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.foreign.recognise_foreign import recognise_foreign
from neo4j_r2.archive.items import (
    Adaptation,
    AnyStatement,
    Item,
    MatchBatch,
    NameList,
    NodeBatch,
    Pattern,
    RelationshipBatch,
    SchemaStatement,
)
from neo4j_r2.archive.schema_creation import schema_creation
from neo4j_r2.archive.text.frame import (
    end,
    restore_key_creation,
    restore_key_removal,
)
from neo4j_r2.archive.text.quoting import escape_non_ascii, quote_name
from neo4j_r2.archive.text.row_tables import STATEMENT_CHARACTERS, STATEMENT_ROWS
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.archive.text.split_statements import split
from neo4j_r2.backup.apoc_check import APOC_RESTORE_KEY
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.errors import CorruptError
from tests.unit.archive.text.test_literals import VALUES, apoc

EXAMPLES = {
    path.stem: path.read_bytes().decode() for path in (Path(__file__).parent / "apoc").glob("*")
}
OWN_ARCHIVE = EXAMPLES.pop("own_archive")
"""Our own archive, exported by APOC 5.26.19. The others are one graph in APOC's formats."""
SPECIFICATION = """// Neo4j Database Export
// Database: neo4j
// Exported: 2025-10-08T02:00:00

CREATE CONSTRAINT constraint_name FOR (n:Label) REQUIRE n.property IS UNIQUE;
CREATE INDEX index_name FOR (n:Label) ON (n.property);

CREATE (n:Person {name: 'Alice', age: 30});
CREATE (n:Person {name: 'Bob', age: 25});
MATCH (a:Person {name: 'Alice'}), (b:Person {name: 'Bob'})
CREATE (a)-[:KNOWS]->(b);
"""
UNWIND = """:begin
CREATE CONSTRAINT UNIQUE_IMPORT_NAME FOR (node:`UNIQUE IMPORT LABEL`) REQUIRE \
(node.`UNIQUE IMPORT ID`) IS UNIQUE;
:commit
CALL db.awaitIndexes(300);
:begin
UNWIND [{_id:12, properties:{a:"x;\\"", b:[1, 23]}}, {_id:13, properties:{a:"y", b:[4]}}] AS row
CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties SET n:A:B;
:commit
:begin
UNWIND [{start: {_id:12}, end: {_id:13}, properties:{d:date('2024-02-29')}}] AS row
MATCH (start:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.start._id})
MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})
CREATE (start)-[r:T]->(end) SET r += row.properties;
:commit
:begin
MATCH (n:`UNIQUE IMPORT LABEL`)  WITH n LIMIT 20000 \
REMOVE n:`UNIQUE IMPORT LABEL` REMOVE n.`UNIQUE IMPORT ID`;
:commit
:begin
DROP CONSTRAINT UNIQUE_IMPORT_NAME;
:commit
"""
UPDATE_ALL = """MERGE (n:Pair{a:1, b:2}) SET n.c=[1.5, 22.0], n:Other;
MERGE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:16}) SET n.`d e`=date('2024-02-29');
MATCH (n1:Pair{a:1, b:2}), (n2:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:16}) \
MERGE (n1)-[r:OF]->(n2) SET r.f=-12.5, r.g="x";
"""
NODE_ROW = (
    "UNWIND [{_id:1, properties:{}}] AS row "
    "CREATE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row._id}) SET n += row.properties"
)
RELATIONSHIP_ROW = (
    "UNWIND [{start: {_id:1}, end: {_id:2}, properties:{}}] AS row "
    "MATCH (start:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.start._id}) "
    "MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id}) "
    "CREATE (start)-[r:T]->(end) SET r += row.properties"
)

Properties = frozenset[tuple[str, str, str]]
Node = tuple[tuple[str, ...], Properties]
Graph = tuple[Counter[Node], Counter[tuple[str, Properties, Node, Node]]]


def read(text: str) -> list[tuple[int, Item]]:
    return list(recognise_foreign(text.split("\n")))


def items(text: str) -> list[Item]:
    return [item for _, item in read(text)]


def properties(columns: Iterable[Column], row: list[Any]) -> Properties:
    cells = zip(columns, row, strict=True)
    return frozenset((key, kind, repr(value)) for (key, kind), value in cells if value is not None)


def graph(found: Iterable[Item]) -> Graph:
    """Return the graph that a restore would create from the items."""
    nodes: list[Node] = []
    by_name: dict[Any, Node] = {}
    relationships: Counter[tuple[str, Properties, Node, Node]] = Counter()

    def endpoints(pattern: Pattern | None, name: Any) -> list[Node]:
        if pattern is None:
            return [by_name[name]]
        wanted = properties(pattern.columns, name)
        return [n for n in nodes if set(pattern.labels) <= set(n[0]) and wanted <= n[1]]

    for item in found:
        if isinstance(item, NodeBatch):
            made = [(item.labels, properties(item.columns, row)) for row in item.rows]
            nodes += made
            by_name |= dict(zip(item.names, made, strict=True))
        elif isinstance(item, RelationshipBatch | MatchBatch):
            start = item.start if isinstance(item, MatchBatch) else None
            end = item.end if isinstance(item, MatchBatch) else None
            for a, b, row in zip(item.starts, item.ends, item.rows, strict=True):
                relationships.update(
                    (item.type, properties(item.columns, row), one, other)
                    for one in endpoints(start, a)
                    for other in endpoints(end, b)
                )
    return Counter(nodes), relationships


def as_neo4j_shell(text: str) -> str:
    text = text.replace(":begin\n", "BEGIN\n").replace(":commit\n", "COMMIT\n")
    return text.replace("CALL db.awaitIndexes(300);", "SCHEMA AWAIT")


def as_plain(text: str) -> str:
    return re.sub(r"(?m)^(:begin|:commit|CALL .*;)\n", "", text)


def as_other_program(text: str) -> str:
    """Return the text with the oldest form of the temporary constraint, and with other numbers."""
    text = re.sub(
        r"(CREATE|DROP) CONSTRAINT UNIQUE_IMPORT_NAME.*;",
        r"\1 CONSTRAINT ON (node:`UNIQUE IMPORT LABEL`) "
        r"ASSERT (node.`UNIQUE IMPORT ID`) IS UNIQUE;",
        text,
    )
    text = text.replace(
        "CREATE CONSTRAINT ON (node:`UN", "CREATE CONSTRAINT IF NOT EXISTS ON (node:`UN"
    )
    return text.replace("LIMIT 20000", "LIMIT 7").replace("Indexes(300)", "Indexes(60)")


def as_apoc_3_0(text: str) -> str:
    """Return the text with commands as APOC 3.0 wrote them for neo4j-shell."""
    text = as_neo4j_shell(text)
    for command in ("BEGIN", "COMMIT", "SCHEMA AWAIT"):
        text = text.replace(f"{command}\n", f"{command.lower()}\n")
    return text


def as_apoc_3_4(text: str) -> str:
    """Return the text as APOC 3.4 ordered it, and with its way to wait for indexes."""
    text = re.sub(r"(?m)^:begin\n(:param rows .*\n)", r"\1:begin\n", text)
    text = text.replace("] AS row", "] as row").replace("$rows AS row", "$rows as row")
    wait = "CALL db.awaitIndex(':`Person`(`email`)');\nCALL db.awaitIndex(':Pair(a,b)');"
    return text.replace("CALL db.awaitIndexes(300);", wait)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.parametrize(
    "change",
    [
        str,
        as_apoc_3_0,
        as_apoc_3_4,
        escape_non_ascii,
        as_neo4j_shell,
        as_plain,
        as_other_program,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.removesuffix("\n"),
    ],
)
def test_all_formats_of_apoc_hold_the_same_graph(name: str, change: Callable[[str], str]) -> None:
    expected = graph(items(EXAMPLES["unwind_batch"]))
    assert sum(expected[0].values()) == 19
    assert sum(expected[1].values()) == 11
    assert graph(items(change(EXAMPLES[name]))) == expected


def test_values_of_apoc_come_back_exactly() -> None:
    (node,) = (
        dict(zip((column.key for column in item.columns), item.rows[0], strict=True))
        for item in items(EXAMPLES["none"])
        if isinstance(item, NodeBatch) and item.labels == ("Strings",)
    )
    assert node == {
        "backslash": "a\\b\\u0041\\n",
        "control": "l1\nl2\r\tt\b\f",
        "empty": "",
        "nul": "\x00\x01\x1f\x7f\x85",
        "plain": "x",
        "quotes": "a'b\"c`d",
        "statement": "';\n:begin\nMATCH (n) DETACH DELETE n;\n// x /* y */ :param a => 1; {b:1}, ]",
        "unicode": "é漢😀\u2028",
    }


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_schema_of_apoc_is_passed_on_without_the_temporary_constraint(name: str) -> None:
    texts = [item.text for item in items(EXAMPLES[name]) if isinstance(item, SchemaStatement)]
    assert len(texts) == 10
    assert "CREATE FULLTEXT INDEX ft FOR (n:Person|Place) ON EACH [n.`name`,n.`text`]" in texts
    assert not any("UNIQUE IMPORT" in text for text in texts)


def test_our_own_archive_that_apoc_exported_has_the_counts_of_its_manifest() -> None:
    nodes: Counter[tuple[str, ...]] = Counter()
    relationships: Counter[str] = Counter()
    for item in items(OWN_ARCHIVE):
        if isinstance(item, NodeBatch):
            nodes[item.labels] += len(item.rows)
        elif isinstance(item, RelationshipBatch):
            relationships[item.type] += len(item.rows)
    assert nodes == {
        (): 1,
        ("Boss", "Person"): 1,
        ("Measure",): 12,
        ("Person",): 2,
        ("Place",): 1,
    }
    assert relationships == {"AT": 3, "KNOWS": 2, "OF": 11}
    assert OWN_ARCHIVE.endswith(end(17, 16))


def test_the_schema_of_our_own_archive_is_passed_on_without_the_restore_key() -> None:
    own = re.findall(
        r"(?m)^((?:CREATE (?:[A-Z]+ )?(?:INDEX|CONSTRAINT)|DROP INDEX) .*);$", OWN_ARCHIVE
    )
    texts = [item.text for item in items(OWN_ARCHIVE) if isinstance(item, SchemaStatement)]
    assert texts == [text for text in own if "UNIQUE IMPORT" not in text]
    assert len(texts) == 11


def test_the_restore_key_of_our_own_archive_is_left_out() -> None:
    created = restore_key_creation(APOC_RESTORE_KEY)
    removed = restore_key_removal(APOC_RESTORE_KEY, 1000)
    assert items(f"{created}CREATE (:A);\n{removed}{end(1, 0)}") == items("CREATE (:A);")


@pytest.mark.parametrize("place", ["UNWIND", "MATCH (n:`UNIQUE", "DROP CONSTRAINT"])
def test_our_own_archive_that_was_cut_off_at_a_statement_is_refused(place: str) -> None:
    with pytest.raises(CorruptError, match="cut off"):
        read(OWN_ARCHIVE[: OWN_ARCHIVE.index(place)])


@given(*3 * [st.text(min_size=1)])
def test_every_schema_statement_of_our_archives_is_passed_on(
    name: str, label: str, key: str
) -> None:
    def schema_object(text: str) -> SchemaObject:
        return SchemaObject(name, text.split(" ")[1], (), text)

    quoted, label, key = (f"`{each.replace('`', '``')}`" for each in (name, label, key))
    node, relationship = f"{quoted} FOR (n:{label})", f"{quoted} FOR ()-[r:{label}]-()"
    constraints = [
        f"CREATE CONSTRAINT {node} REQUIRE (n.{key}) IS UNIQUE",
        f"CREATE CONSTRAINT {relationship} REQUIRE (r.{key}, r.{label}) IS UNIQUE",
    ]
    indexes = [
        f"CREATE RANGE INDEX {node} ON (n.{key}, n.{label})",
        f"CREATE TEXT INDEX {relationship} ON (r.{key})",
        f"CREATE POINT INDEX {node} ON (n.{key}) OPTIONS {{indexConfig: "
        "{`spatial.cartesian-3d.max`: [1000000.0, 2.0, 3.0],`spatial.wgs-84.min`: [-180.0, -9.0]}}",
        f"CREATE FULLTEXT INDEX {quoted} FOR (n:{label}|{key}) ON EACH [n.{key}, n.{label}] "
        "OPTIONS {indexConfig: {`fulltext.analyzer`: 'german'}}",
        f"CREATE VECTOR INDEX {node} ON (n.{key}) WITH [n.{label}] OPTIONS {{indexConfig: "
        "{`vector.dimensions`: 8,`vector.similarity_function`: 'COSINE'}}",
        f"CREATE LOOKUP INDEX {quoted} FOR ()-[r]-() ON EACH type(r)",
    ]
    text = schema_creation(map(schema_object, constraints), list(map(schema_object, indexes)))
    assert "DROP INDEX" in text
    assert items(text) == [SchemaStatement(line) for line in text[:-2].split(";\n")]


def test_the_size_of_a_batch_is_the_length_of_its_text() -> None:
    node, match = "CREATE (:A {a: 1})", "MATCH (a:A), (b:B) CREATE (a)-[:T]->(b)"
    found = items(f"{node};" * 1000 + f"{NODE_ROW};{RELATIONSHIP_ROW};{match};")
    sizes = [
        item.size for item in found if isinstance(item, NodeBatch | RelationshipBatch | MatchBatch)
    ]
    assert sizes == [1000 * len(node), len(NODE_ROW), len(RELATIONSHIP_ROW), len(match)]


def test_names_of_nodes_differ_where_python_takes_their_values_for_equal() -> None:
    values = ["0.0", "-0.0", "0", "false", "'0.0'", "[0.0]", "[-0.0]", "[0]", "[false]", "['0.0']"]
    rows = ", ".join(f"{{a:{value}, properties:{{}}}}" for value in values)
    found = items(f"UNWIND [{rows}] AS row CREATE (n:A{{a: row.a}}) SET n += row.properties;")
    names = {name for item in found if isinstance(item, NodeBatch) for name in item.names}
    assert len(names) == len(values)


def test_apoc_names_nodes_by_its_ids_or_by_unique_properties() -> None:
    assert read(
        'UNWIND [{email:"a@x", properties:{age:1}}] AS row\n'
        "CREATE (n:Person{email: row.email}) SET n += row.properties SET n:Boss;\n"
        f"{NODE_ROW};\n"
        'UNWIND [{start: {email:"a@x"}, end: {_id:1}, properties:{}}] AS row\n'
        "MATCH (start:Person{email: row.start.email})\n"
        "MATCH (end:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`: row.end._id})\n"
        "CREATE (start)-[r:T]->(end) SET r += row.properties;"
    ) == [
        (
            1,
            NodeBatch(
                ("Boss", "Person"),
                (Column("age", "integer"), Column("email", "string")),
                [("Person", (("email", "string", "a@x"),))],
                [[1, "a@x"]],
                ANY,
            ),
        ),
        (3, NodeBatch((), (), [("UNIQUE IMPORT LABEL", 1)], [[]], ANY)),
        (
            4,
            RelationshipBatch(
                "T",
                (),
                [("Person", (("email", "string", "a@x"),))],
                [("UNIQUE IMPORT LABEL", 1)],
                [[]],
                ANY,
            ),
        ),
    ]


ADD_STRUCTURE = """BEGIN
MERGE (n:Club:Team{name:"a", no:1}) ON CREATE SET n.founded=1999, n:Old;
MERGE (n:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:2}) ON CREATE SET n.age=12;
COMMIT
BEGIN
COMMIT
SCHEMA AWAIT
"""
UPDATE_STRUCTURE = """BEGIN
MATCH (n1:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:2}), (n2:Team:Club{no:1, name:"a"}) \
MERGE (n1)-[r:IN]->(n2) ON CREATE SET r.since=2016;
MATCH (n1:`UNIQUE IMPORT LABEL`{`UNIQUE IMPORT ID`:2}), (n2:Club:Team{name:"a", no:1}) \
MERGE (n1)-[r:IN{`UNIQUE IMPORT ID REL`:7}]->(n2) ON CREATE SET r.since=2016;
COMMIT
"""


def test_add_structure_and_update_structure_give_the_graph_together() -> None:
    found = items(ADD_STRUCTURE + UPDATE_STRUCTURE)
    club = ("name", "string", "'a'"), ("no", "integer", "1"), ("founded", "integer", "1999")
    nodes = (("Club", "Old", "Team"), frozenset(club)), ((), frozenset({("age", "integer", "12")}))
    since = frozenset({("since", "integer", "2016")})
    assert graph(found) == (Counter(nodes), Counter({("IN", since, nodes[1], nodes[0]): 2}))


def test_the_rows_of_add_structure_and_of_update_structure_are_understood() -> None:
    add = NODE_ROW.replace("CREATE", "MERGE").replace(" SET", " ON CREATE SET") + " SET n:A"
    update = RELATIONSHIP_ROW.replace("CREATE", "MERGE").replace(" SET", "  SET")
    other = add.replace("_id:1", "_id:2")
    assert graph(items(f"{add};{other};{update};")) == graph(
        items(
            f"{NODE_ROW} SET n:A;{NODE_ROW.replace('_id:1', '_id:2')} SET n:A;{RELATIONSHIP_ROW};"
        )
    )
    assert graph(items(f"{add};{other};{update.replace('  SET', ' ON CREATE SET')};"))[1]


def test_the_specifications_format_is_understood() -> None:
    person = Pattern(("Person",), (Column("name", "string"),))
    columns = (Column("age", "integer"), Column("name", "string"))
    assert read(SPECIFICATION) == [
        (
            5,
            SchemaStatement(
                "CREATE CONSTRAINT constraint_name FOR (n:Label) REQUIRE n.property IS UNIQUE"
            ),
        ),
        (6, SchemaStatement("CREATE INDEX index_name FOR (n:Label) ON (n.property)")),
        (8, NodeBatch(("Person",), columns, [None, None], [[30, "Alice"], [25, "Bob"]], ANY)),
        (10, MatchBatch("KNOWS", (), person, person, [["Alice"]], [["Bob"]], [[]], ANY)),
    ]


@pytest.mark.parametrize(
    ("text", "labels", "columns", "row"),
    [
        ("CREATE ()", (), (), []),
        ("CREATE (n)", (), (), []),
        ("CREATE (n {a: 1})", (), (Column("a", "integer"),), [1]),
        ("CREATE (:B:A:A)", ("A", "B"), (), []),
        ("CREATE (n:`a``b`:Größe)", ("Größe", "a`b"), (), []),
        ("CREATE\n(n\n:A\n{\na\n:\nnull\n,\nb: true})", ("A",), (Column("b", "boolean"),), [True]),
        ("CREATE (n:A /* {a: 1} */ {`b c`: 'x'}) // d", ("A",), (Column("b c", "string"),), ["x"]),
        ("CREATE (n {a: 'it''s'})", None, (), []),
    ],
)
def test_a_node_can_be_written_in_these_ways(
    text: str, labels: tuple[str, ...] | None, columns: tuple[Column, ...], row: list[Any]
) -> None:
    text += "\n;"
    if labels is None:
        with pytest.raises(CorruptError):
            items(text)
    else:
        assert items(text) == [NodeBatch(labels, columns, [None], [row], ANY)]


def test_a_relationship_has_the_direction_of_its_create_clause() -> None:
    (batch,) = items("MATCH (a:A), (b:B {c: 1}) CREATE (b)-[r:T {d: 1.5}]->(a);")
    assert batch == MatchBatch(
        "T",
        (Column("d", "float"),),
        Pattern(("B",), (Column("c", "integer"),)),
        Pattern(("A",), ()),
        [[1]],
        [[]],
        [[1.5]],
        ANY,
    )


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "é `", "_id"]), VALUES), max_size=6))
def test_a_value_comes_back_from_a_statement_of_every_form(maps: list[dict[str, object]]) -> None:
    written = [
        ", ".join(f"{quote_name(key)}:{apoc(value)}" for key, value in each.items())
        for each in maps * 2
    ]
    singles = "".join(f"CREATE (:A {{{text}}});\n" for text in written)
    rows = ", ".join(f"{{_id:{id_}, properties:{{{row}}}}}" for id_, row in enumerate(written))
    table = f"UNWIND [{rows}] AS row {NODE_ROW.split('row ', 1)[1]} SET n:A;" if rows else ""
    found = graph(items(singles))
    assert graph(items(table)) == found
    assert graph(items(escape_non_ascii(singles))) == found
    assert sum(found[0].values()) == len(written)
    assert sum(len(node[1]) * times for node, times in found[0].items()) == 2 * sum(map(len, maps))


def test_rows_of_a_group_share_a_batch_even_if_some_lack_a_property() -> None:
    (batch,) = items("CREATE (:A {a: 1, b: 2});CREATE (:A {b: 3});CREATE (:A {b: 4, a: 5});")
    assert isinstance(batch, NodeBatch)
    assert batch.rows == [[1, 2], [None, 3], [5, 4]]


def test_a_batch_has_a_limit_of_rows() -> None:
    text = "".join(f"CREATE (:A {{a: {i}}});\n" for i in range(STATEMENT_ROWS + 1))
    found = read(text)
    assert [line for line, _ in found] == [1, STATEMENT_ROWS + 1]
    assert [len(item.rows) for _, item in found if isinstance(item, NodeBatch)] == [
        STATEMENT_ROWS,
        1,
    ]


def test_a_batch_has_a_limit_of_characters() -> None:
    half = "x" * (STATEMENT_CHARACTERS // 2)
    found = items(f"CREATE (:A {{a: '{half}'}});\n" * 5)
    assert [len(item.rows) for item in found if isinstance(item, NodeBatch)] == [2, 2, 1]


def test_batches_of_many_groups_are_not_held_until_the_end() -> None:
    lines = (f"CREATE (:A{i});" for i in range(1000))
    first = next(recognise_foreign(lines))
    assert first[0] == 1
    assert next(lines) in {f"CREATE (:A{i});" for i in range(50, 100)}


def test_nodes_and_relationships_keep_their_order() -> None:
    match = "MATCH (a:A {a: 1}), (b:A {a: 1}) CREATE (a)-[:T]->(b);"
    found = items(f"CREATE (:A {{a: 1}});{match}CREATE (:A {{a: 1}});{match}")
    assert [type(item).__name__ for item in found] == ["NodeBatch", "MatchBatch"] * 2
    assert sum(graph(found)[1].values()) == 1 + 4


OLD_SCHEMA = """CREATE BTREE INDEX FOR (n:A) ON (n.b);
CREATE INDEX ON :A(b,c);
CREATE CONSTRAINT ON (n:A) ASSERT (n.b, n.c) IS NODE KEY;
CALL db.index.fulltext.createNodeIndex('ft',['A'],['b;']);
"""


@pytest.mark.parametrize(
    "text", [SPECIFICATION, UNWIND, UPDATE_ALL, ADD_STRUCTURE + UPDATE_STRUCTURE, OLD_SCHEMA]
)
def test_a_file_that_was_cut_off_yields_only_what_is_in_the_whole_file(text: str) -> None:
    whole = entities(recognise_foreign(text.split("\n")), "")
    for length in range(len(text)):
        cut = entities(recognise_foreign(text[:length].split("\n")), "cut off|line")
        assert cut <= whole


def entities(found: Iterable[tuple[int, Item]], errors: str) -> Counter[str]:
    """Return all that is created; up to the error, if one is expected."""
    seen: Counter[str] = Counter()
    try:
        for _, item in found:
            if isinstance(item, SchemaStatement | AnyStatement):
                seen[item.text] += 1
                continue
            if isinstance(item, Adaptation):
                seen[item.old] += 1
                continue
            assert not isinstance(item, NameList)
            fixed = (getattr(item, "labels", ""), getattr(item, "type", ""))
            names = item.names if isinstance(item, NodeBatch) else item.starts + item.ends
            seen.update(repr((fixed, row)) for row in item.rows)
            seen.update(repr((fixed, name)) for name in names)
    except CorruptError as error:
        if not errors or not re.search(errors, str(error)):
            raise
    return seen


@pytest.mark.parametrize("end", [UNWIND.index(":commit"), UNWIND.index("CALL"), len(UNWIND) - 45])
def test_a_file_that_was_cut_off_between_framed_statements_is_refused(end: int) -> None:
    with pytest.raises(CorruptError, match="cut off"):
        read(UNWIND[:end])


@pytest.mark.parametrize(
    "text",
    [
        "LOAD CSV FROM 'file:///etc/passwd' AS x CREATE (:A {a: x[0]})",
        "CALL apoc.load.json('http://x') YIELD value CREATE (:A)",
        "CALL dbms.shutdown()",
        "CALL db.awaitIndexes(300) CALL dbms.shutdown()",
        "CREATE USER x SET PASSWORD 'x'",
        "CREATE DATABASE x",
        "DROP INDEX x",
        "DROP CONSTRAINT x",
        "MATCH (n) DETACH DELETE n",
        "MATCH (n:`UNIQUE IMPORT LABEL`) WITH n LIMIT 20000 DETACH DELETE n",
        "CREATE (n:A) SET n.a = 1",
        "CREATE (n:A), (m:B)",
        "CREATE (n:A) CREATE (m:B)",
        "CREATE (n:A)-[:T]->(m:B)",
        "CREATE (n:A {a: rand()})",
        "CREATE (n:A {a: $x})",
        "CREATE (n:A {a: 1, a: 2})",
        "CREATE (n:A {a: 'b'}) RETURN apoc.cypher.runFirstColumn('x', {})",
        "CREATE (n:A {a: 'b\\\\'}) DETACH DELETE n //'})",
        "CREATE (n:`A`) DETACH DELETE n //`)",
        "CREATE (n:A&B)",
        "CREATE (n:$(x))",
        "CREATE (n:A {a: {b: 1}})",
        "CREATE (n:A {a: {b: {c: {d: 1}}}})",
        "CREATE (:`UNIQUE IMPORT LABEL` {a: 1})",
        "CREATE (:`UNIQUE IMPORT LABEL` {`UNIQUE IMPORT ID`: 'x'})",
        "MERGE (n:A)",
        "MERGE (n:A {a: 1}) ON MATCH SET n.b = 1",
        "MERGE (n:A {a: 1}) ON CREATE SET n.b = 1 ON MATCH SET n.b = 2",
        "MERGE (n:A {a: 1}) ON CREATE",
        "MERGE (n:A {a: 1}) SET m.b = 1",
        "MERGE (n:A {a: 1}) SET n.a = 1",
        "MERGE (n:A {a: 1}) SET n.b = 1, n.b = 2",
        "MATCH (a:A), (b:B) MERGE (a)-[:T]->(b)",
        "MATCH (n1:A), (n2:B) MERGE (n1)-[r:T]->(n2)",
        "MATCH (a:A), (a:B) CREATE (a)-[:T]->(a)",
        "MATCH (a:A), (b:B) CREATE (a)-[:T]->(c)",
        "MATCH (a:A), (b:B) CREATE (a)<-[:T]-(b)",
        "MATCH (a:A), (b:B) CREATE (a)-[:T]->(b) DELETE a",
        "MATCH (a:A), (b:B) WHERE a.x = b.x CREATE (a)-[:T]->(b)",
        "MATCH (a:A {b: null}), (b:B) CREATE (a)-[:T]->(b)",
        "MATCH (a:A), (b:B), (c:C) CREATE (a)-[:T]->(b)",
        "MATCH (:A), (b:B) CREATE (a)-[:T]->(b)",
        "MATCH (a:`UNIQUE IMPORT LABEL`), (b:B) CREATE (a)-[:T]->(b)",
        "UNWIND [] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND [1] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND $rows AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND [{a:1, properties:{}}] AS row CREATE (n:A{a: row.b}) SET n += row.properties",
        "UNWIND [{a:1, b:2, properties:{}}] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND [{a:1, properties:{a:2}}] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND [{a:null, properties:{}}] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND [{a:1, properties:1}] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        "UNWIND [{a:1}] AS row CREATE (n:A{a: row.a}) SET n += row.properties",
        NODE_ROW.replace("}] AS", "}]] AS"),
        NODE_ROW.replace("}] AS", "}, AS"),
        NODE_ROW.replace("}] AS", "}] {_id:2, properties:{}}] AS"),
        NODE_ROW.replace("[{", "[{start:{}, "),
        NODE_ROW.replace("_id:1", "_id:'x'"),
        NODE_ROW.replace("row.properties", "row"),
        NODE_ROW.replace("properties:{}", "properties:{a:{}}"),
        NODE_ROW + " SET n:A DETACH DELETE n",
        NODE_ROW.replace(" SET", " ON CREATE SET"),
        NODE_ROW + " SET n:`UNIQUE IMPORT LABEL`",
        RELATIONSHIP_ROW.replace("start._id", "end._id"),
        RELATIONSHIP_ROW.replace("properties:{}", "id: 1, properties:{}"),
        RELATIONSHIP_ROW.replace("end: {_id:2}", "end: {_id:2, x:1}"),
        RELATIONSHIP_ROW.replace("end: {_id:2}, ", ""),
        RELATIONSHIP_ROW + ", start.a = 1",
        "CREATE INDEX = (n:A)",
        "CREATE CONSTRAINT = (n:A) WITH n CALL dbms.shutdown()",
        "CREATE CONSTRAINT `x` = (n:A)",
        "CREATE INDEX x FOR (n:A) ON (n.a) DETACH DELETE n",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS {a: rand()}",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS {a: 'b' + rand()}",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS $x",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS {} DETACH DELETE n",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS {a: 'b\\u005C', c: ' + rand() + '}",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS {a: 'b\\u0027 + rand() + \\u0027'}",
        "CREATE INDEX x FOR (n:A) ON (n.a) OPTIONS {a: 'b\\\\\\u0027 + rand()'}",
        "CREATE INDEX x\\u0020FOR FOR (n:A) ON (n.a)",
        "CREATE INDEX x\\u2003IF FOR (n:A) ON (n.a)",
        "CREATE INDEX `x\\u0060 FOR (n:A) ON (n.a) //` FOR (n:A) ON (n.a)",
        "CREATE INDEX `x\\u005C\\u0060 FOR (n:A) ON (n.a) //` FOR (n:A) ON (n.a)",
        "CREATE INDEX `x\\\\u0060 FOR (n:A) ON (n.a) //` FOR (n:A) ON (n.a)",
        "CREATE INDEX `x` FOR (n:`A\\u0060) ON (n.a) //`) ON (n.a)",
        "CREATE INDEX `x` FOR (n:`A\\uu0060`) ON (n.a)",
        "CREATE FULLTEXT INDEX x FOR (n:A) ON EACH [rand()]",
        "CREATE VECTOR INDEX x FOR (n:A) ON (n.a) WITH [rand()]",
        "CYPHER 25 CREATE VECTOR INDEX x FOR (n:A) ON (n.a) WITH [rand()]",
        "CYPHER 25 MATCH (n) DETACH DELETE n",
        "CYPHER 26 CREATE INDEX FOR (n:A) ON (n.a)",
        "CREATE LOOKUP INDEX x FOR (n) ON EACH keys(n)",
        "CREATE LOOKUP INDEX x FOR (n) ON EACH labels(n) DETACH DELETE n",
        "CREATE CONSTRAINT x FOR (n:A) REQUIRE n.a IS :: STRING {a: 1}",
        "DROP INDEX `x` IF EXISTS",
        "DROP INDEX `index_343aff4e`",
        "DROP INDEX `index_343aff4e` IF EXISTS MATCH (n) DETACH DELETE n",
        "DROP CONSTRAINT `UNIQUE_IMPORT_NAME` IF EXISTS MATCH (n) DETACH DELETE n",
        "MATCH (n:`UNIQUE IMPORT LABEL`) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 9 ROWS",
        "CREATE CONSTRAINT x FOR (n:A) REQUIRE n.a IS UNIQUE MATCH (n) DELETE n",
        "CREATE CONSTRAINT ON (n:A) ASSERT n.a > 1",
        "CALL db.awaitIndex(':A(b)') CALL dbms.shutdown()",
        "CALL db.awaitIndex(rand())",
        "CREATE OR REPLACE DATABASE x",
        "EXPLAIN CREATE (n:A)",
        "USE system CREATE (n:A)",
        "SHOW USERS",
        "x",
    ],
)
def test_any_other_statement_is_refused_with_its_line_or_passed_on_if_allowed(text: str) -> None:
    script = f"// a comment\nCREATE (n);\n\n{text}\n;\nCREATE (n);"
    with pytest.raises(CorruptError, match=r"^line 4: "):
        read(script)
    found = recognise_foreign(script.split("\n"), allow_any_statement=True)
    assert [item for _, item in found][1:-1] == [AnyStatement(next(split([text, ";"])).text)]


@pytest.mark.parametrize(
    "text",
    [
        ":source /etc/passwd",
        ":use system",
        ":param x => 1",
        ":param rows => [{_id:1}]\nCREATE (n);",
        ":param rows => [{_id:1}]\n:commit",
        ":param rows => [{_id:1}]\n:begin\n:commit",
        ":begin\n:begin",
        ":commit",
        "COMMIT",
    ],
)
def test_an_unknown_shell_command_is_always_refused(text: str) -> None:
    with pytest.raises(CorruptError, match=r"^line "):
        list(recognise_foreign(text.split("\n"), allow_any_statement=True))


def test_a_statement_that_is_understood_in_part_is_passed_on_as_a_whole() -> None:
    text = "UNWIND [{_id:1, properties:{}}, {_id:2, properties:{a: rand()}}] AS row CREATE (n)"
    found = recognise_foreign([f"{text};"], allow_any_statement=True)
    assert list(found) == [(1, AnyStatement(text))]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE FULLTEXT INDEX ft IF NOT EXISTS FOR (n:A|B) ON EACH [n.`a`,n.b]",
        "CREATE FULLTEXT INDEX FOR ()-[r:A|`B C`]-() ON EACH [r.a]",
        "CREATE POINT INDEX FOR (n:A) ON (n.a) OPTIONS "
        "{indexConfig: {`spatial.cartesian.min`: [-1.0, -1.0]}}",
        "CREATE INDEX FOR (n:A) ON (n.a, n.`b c`)",
        "CREATE CONSTRAINT x FOR ()-[r:A]-() REQUIRE (r.a) IS NOT NULL",
        "CREATE CONSTRAINT x IF NOT EXISTS FOR (n:A) REQUIRE (n.a, n.b) IS NODE KEY",
        "CREATE CONSTRAINT FOR (n:A) REQUIRE n.a IS :: LIST<STRING NOT NULL>",
        "CREATE CONSTRAINT FOR (n:A) REQUIRE n.a IS :: INTEGER | VECTOR<INTEGER8 NOT NULL>(3)",
        "CREATE INDEX `x\\u005C` FOR (n:`\\u000A\\u007F\\u0080`) ON (n.`a\\b\\`)",
        "CREATE VECTOR INDEX x FOR (n:A|B) ON n.a WITH [n.b, n.c] OPTIONS {indexConfig: {}}",
        "CYPHER 25 CREATE VECTOR INDEX x FOR (n:A) ON (n.a) WITH [n.b] OPTIONS {indexConfig: {}}",
    ],
)
def test_a_statement_of_the_schema_is_passed_on(text: str) -> None:
    assert items(f"{text};") == [SchemaStatement(text)]
