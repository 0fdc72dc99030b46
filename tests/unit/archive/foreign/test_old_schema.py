"""Statements of the schema that Neo4j 3 and 4 knew: what they mean today."""

from __future__ import annotations

import pytest

from neo4j_r2.archive.foreign.old_schema import Modern, modernise
from neo4j_r2.archive.foreign.recognise_foreign import recognise_foreign
from neo4j_r2.archive.items import Adaptation, Item, SchemaStatement

NO_KEY = "Neo4j Community cannot demand that the properties exist"
NO_EXISTENCE = "Neo4j Community has no such constraint"
SPATIAL = (
    "OPTIONS {indexConfig: {`spatial.wgs-84.max`: [180.0, 90.0],`spatial.wgs-84.min`: "
    "[-180.0, -90.0]}, indexProvider: 'native-btree-1.0'}"
)
UNIQUE = "FOR (e:`Member`) REQUIRE (e.`no`) IS UNIQUE"


def today(text: str) -> Modern | None:
    return modernise(text, has_lookup_indexes=True)


def read(text: str) -> list[Item]:
    return [item for _, item in recognise_foreign(text.split("\n"))]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ON (n:Member) ASSERT n.no IS UNIQUE", f" {UNIQUE}"),  # 3.1
        ("ON (node:Member) ASSERT (node.no) IS UNIQUE", f" {UNIQUE}"),  # from 3.4 on
        ("ON (node:`Member`)\nASSERT node.`no` IS  UNIQUE", f" {UNIQUE}"),
        ("on (n:Member) assert n.no is unique", f" {UNIQUE}"),
        ("IF NOT EXISTS ON (n:Member) ASSERT (n.no) IS UNIQUE", f" IF NOT EXISTS {UNIQUE}"),
        ("c ON (n:Member) ASSERT (n.no) IS UNIQUE", f" `c` {UNIQUE}"),
        ("`c d` ON (n:Member) ASSERT (n.no) IS UNIQUE", f" `c d` {UNIQUE}"),
        ("for-all ON (n:Member) ASSERT (n.no) IS UNIQUE", f" `for-all` {UNIQUE}"),  # as APOC did
        ("c IF NOT EXISTS ON (n:Member) ASSERT n.no IS UNIQUE", f" `c` IF NOT EXISTS {UNIQUE}"),
        (f"ON (n:Member) ASSERT (n.no) IS UNIQUE {SPATIAL}", f" {UNIQUE}"),
        (f"c FOR (n:Member) REQUIRE (n.no) IS UNIQUE {SPATIAL}", f" `c` {UNIQUE}"),
        (
            "ON (n:Member) ASSERT (n.a, n.`b c`) IS UNIQUE",  # 4.4
            " FOR (e:`Member`) REQUIRE (e.`a`, e.`b c`) IS UNIQUE",
        ),
    ],
)
def test_a_constraint_of_uniqueness_is_one_today(old: str, new: str) -> None:
    assert today(f"CREATE CONSTRAINT {old}") == Modern(f"CREATE CONSTRAINT{new}")


@pytest.mark.parametrize("keys", ["n.a, n.b", "n.a"])
def test_a_node_key_becomes_unique_and_says_what_is_lost(keys: str) -> None:
    modern = today(f"CREATE CONSTRAINT k ON (n:Member) ASSERT ({keys}) IS NODE KEY")
    joined = ", ".join(f"e.`{key[2:]}`" for key in keys.split(", "))
    assert modern == Modern(
        f"CREATE CONSTRAINT `k` FOR (e:`Member`) REQUIRE ({joined}) IS UNIQUE", NO_KEY
    )


@pytest.mark.parametrize(
    "text",
    [
        "ON (n:Member) ASSERT exists(n.name)",
        "c ON (n:Member) ASSERT EXISTS (n.name)",
        "ON (n:Member) ASSERT (n.name) IS NOT NULL",
        "ON ()-[r:IN]-() ASSERT exists(r.since)",
        "c IF NOT EXISTS ON ()-[rel:IN]-() ASSERT (rel.since) IS NOT NULL",
    ],
)
def test_a_constraint_of_existence_is_left_out(text: str) -> None:
    assert today(f"CREATE CONSTRAINT {text}") == Modern("", NO_EXISTENCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":Member(name)", "(e:`Member`) ON (e.`name`)"),
        (":`Sports Club`(a,`b c`)", "(e:`Sports Club`) ON (e.`a`, e.`b c`)"),
        (" :Member(a, b)", "(e:`Member`) ON (e.`a`, e.`b`)"),
        (":`a``b`(`é\\`)", "(e:`a``b`) ON (e.`\\u00E9\\u005C`)"),
    ],
)
def test_an_index_on_a_label_becomes_a_range_index(old: str, new: str) -> None:
    assert today(f"CREATE INDEX ON {old}") == Modern(f"CREATE RANGE INDEX FOR {new}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("BTREE INDEX FOR (n:Member) ON (n.name)", "FOR (e:`Member`) ON (e.`name`)"),
        ("BTREE INDEX IF NOT EXISTS FOR (n:Member) ON n.name", "FOR (e:`Member`) ON (e.`name`)"),
        (
            "BTREE INDEX FOR ()-[rel:IN]-() ON (rel.a, rel.b)",
            "FOR ()-[e:`IN`]-() ON (e.`a`, e.`b`)",
        ),
        (f"BTREE INDEX FOR (n:Member) ON (n.at) {SPATIAL}", "FOR (e:`Member`) ON (e.`at`)"),
        (f"INDEX FOR (n:Member) ON (n.at) {SPATIAL}", "FOR (e:`Member`) ON (e.`at`)"),
        (
            "INDEX FOR (n:Member) ON (n.at) OPTIONS {indexProvider: 'lucene+native-3.0'}",
            "FOR (e:`Member`) ON (e.`at`)",
        ),
    ],
)
def test_a_btree_index_becomes_a_range_index_if_there_is_none(old: str, new: str) -> None:
    modern = Modern(f"CREATE RANGE INDEX IF NOT EXISTS {new}", comes_last=True)
    assert today(f"CREATE {old}") == modern


def test_a_btree_index_keeps_its_name() -> None:
    modern = today(f"CREATE BTREE INDEX `by name` FOR (n:`Member`) ON (n.`name`) {SPATIAL}")
    assert modern is not None
    assert modern.text == (
        "CREATE RANGE INDEX `by name` IF NOT EXISTS FOR (e:`Member`) ON (e.`name`)"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("createNodeIndex('ft',['Member'],['name'])", "(e:`Member`) ON EACH [e.`name`]"),
        (
            "createNodeIndex(\"ft\", ['Member', '`Sports Club`'], ['name','`full name`'])",
            "(e:`Member`|`Sports Club`) ON EACH [e.`name`, e.`full name`]",
        ),
        ("createRelationshipIndex('ft',['IN'],['note'], {})", "()-[e:`IN`]-() ON EACH [e.`note`]"),
        (
            "createNodeIndex('ft',['A'],['b'],{analyzer: 'german', eventually_consistent: 'true'})",
            '(e:`A`) ON EACH [e.`b`] OPTIONS {indexConfig: {`fulltext.analyzer`: "german", '
            "`fulltext.eventually_consistent`: true}}",
        ),
        (
            "createNodeIndex('ft',['A'],['b'],{`fulltext.eventually_consistent`: false})",
            "(e:`A`) ON EACH [e.`b`] OPTIONS {indexConfig: "
            "{`fulltext.eventually_consistent`: false}}",
        ),
    ],
)
def test_a_call_that_makes_a_full_text_index_becomes_a_statement(old: str, new: str) -> None:
    expected = Modern(f"CREATE FULLTEXT INDEX `ft` FOR {new}")
    assert today(f"CALL db.index.fulltext.{old}") == expected


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "FULLTEXT INDEX my-ft FOR (n:A|B) ON EACH [n.c, n.d]",
            "(e:`A`|`B`) ON EACH [e.`c`, e.`d`]",
        ),
        ("TEXT INDEX my-ft FOR ()-[r:A]-() ON (r.c)", "()-[e:`A`]-() ON (e.`c`)"),
        (
            "FULLTEXT INDEX my-ft FOR (n:A) ON EACH [n.c] OPTIONS "
            "{indexConfig: {`fulltext.analyzer`: 'german'}}",
            "(e:`A`) ON EACH [e.`c`] OPTIONS {indexConfig: {`fulltext.analyzer`: 'german'}}",
        ),
    ],
)
def test_a_name_that_apoc_should_have_quoted_is_quoted(old: str, new: str) -> None:
    kind = old.split(" ", 1)[0]
    assert today(f"CREATE {old}") == Modern(f"CREATE {kind} INDEX `my-ft` FOR {new}")


@pytest.mark.parametrize("each", ["EACH ", ""])
@pytest.mark.parametrize("options", ["", " OPTIONS {indexProvider: 'token-lookup-1.0'}"])
def test_a_lookup_index_is_made_unless_the_database_has_it(each: str, options: str) -> None:
    assert today(f"CREATE LOOKUP INDEX own FOR (n) ON {each}labels(n){options}") == Modern(
        "CREATE LOOKUP INDEX `own` IF NOT EXISTS FOR (e) ON EACH labels(e)"
    )
    assert today(f"CREATE LOOKUP INDEX FOR ()-[r]-() ON {each}type(r){options}") == Modern(
        "CREATE LOOKUP INDEX IF NOT EXISTS FOR ()-[e]-() ON EACH type(e)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "CREATE INDEX FOR (n:Member) ON (n.name)",
        "CREATE INDEX my_index IF NOT EXISTS FOR (n:Member) ON (n.name)",
        "CREATE RANGE INDEX FOR (n:Member) ON (n.name) OPTIONS {indexProvider: 'range-1.0'}",
        f"CREATE POINT INDEX FOR (n:A) ON (n.b) {SPATIAL.replace('native-btree', 'point')}",
        "CREATE FULLTEXT INDEX ft FOR (n:A|B) ON EACH [n.c]",
        "CREATE CONSTRAINT FOR (n:Member) REQUIRE n.no IS UNIQUE",
        "CREATE CONSTRAINT FOR (n:Member) REQUIRE (n.a, n.b) IS NODE KEY",
        "CREATE LOOKUP INDEX x IF NOT EXISTS FOR (n) ON EACH labels(n)",
        "DROP INDEX `index_343aff4e` IF EXISTS",
    ],
)
def test_a_statement_of_today_is_left_as_it_is(text: str) -> None:
    assert read(f"{text};") == [SchemaStatement(text)]


@pytest.mark.parametrize(
    "text",
    [
        "CREATE CONSTRAINT ON (n:A) ASSERT (m.b) IS UNIQUE",
        "CREATE CONSTRAINT ON (n:A) ASSERT n.b IS UNIQUE DETACH DELETE n",
        "CREATE CONSTRAINT ON (n:A) ASSERT n.b IS UNIQUE OPTIONS {a: rand()}",
        "CREATE CONSTRAINT ON (n:A) ASSERT n.b, n.c IS UNIQUE",
        "CREATE CONSTRAINT ON (n:A) ASSERT exists(n.b) OR true",
        "CREATE CONSTRAINT ON (n:A) ASSERT size(n.b) = 1",
        "CREATE INDEX ON :A(b) MATCH (n) DETACH DELETE n",
        "CREATE INDEX ON :A()",
        "CREATE INDEX ON :A(b) OPTIONS {}",
        "CREATE BTREE INDEX FOR (n:A) ON (n.b) CALL dbms.shutdown()",
        "CREATE BTREE INDEX FOR (n) ON EACH labels(n)",
        "CREATE BTREE INDEX x; y FOR (n:A) ON (n.b)",
        "CREATE FULLTEXT INDEX my-ft FOR (n:A) ON EACH [n.b] OPTIONS {a: 'b\\u0027 + rand()'}",
        "DROP CONSTRAINT ON (n:A) ASSERT (n.b) IS UNIQUE",
        "DROP INDEX ON :A(b)",
        "CALL db.index.fulltext.createNodeIndex('ft',['A'],['b']) YIELD x RETURN x",
        "CALL db.index.fulltext.createNodeIndex('ft',['A'],['b'],{analyzer: 'german', other: 1})",
        "CALL db.index.fulltext.createNodeIndex('ft',['A'],[])",
        "CALL db.index.fulltext.createNodeIndex('ft',['A'],[1])",
        "CALL db.index.fulltext.createNodeIndex($name,['A'],['b'])",
        "CALL db.index.fulltext.drop('ft')",
        "CALL db.index.explicit.drop('ft')",
        "CALL apoc.load.json('http://x')",
    ],
)
def test_whatever_else_is_not_taken_for_an_old_statement(text: str) -> None:
    assert today(text) is None


def test_a_file_says_what_became_of_its_old_statements() -> None:
    key = "CREATE CONSTRAINT ON (n:A) ASSERT (n.b, n.c) IS NODE KEY"
    existence = "CREATE CONSTRAINT ON (n:A) ASSERT exists(n.b)"
    new = "CREATE CONSTRAINT FOR (e:`A`) REQUIRE (e.`b`, e.`c`) IS UNIQUE"
    assert read(f"{key};\n\n{existence};") == [
        Adaptation(1, key, new, NO_KEY),
        SchemaStatement(new),
        Adaptation(3, existence, "", NO_EXISTENCE),
    ]


def test_a_btree_index_comes_after_the_same_index_in_its_newer_form() -> None:
    newer = "CREATE RANGE INDEX newer FOR (n:A) ON (n.b)"
    statements = [
        item.text
        for item in read(f"CREATE BTREE INDEX FOR (n:A) ON (n.b);\n{newer};")
        if isinstance(item, SchemaStatement)
    ]
    assert statements == [newer, "CREATE RANGE INDEX IF NOT EXISTS FOR (e:`A`) ON (e.`b`)"]


def test_a_file_that_drops_the_lookup_indexes_makes_its_own() -> None:
    drop = "DROP INDEX `index_343aff4e` IF EXISTS"
    own = "CREATE LOOKUP INDEX own FOR (n) ON EACH labels(n)"
    assert read(f"{drop};\n{own};") == [SchemaStatement(drop), SchemaStatement(own)]
