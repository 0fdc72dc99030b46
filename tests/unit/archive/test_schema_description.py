"""Schema objects are compared by what they are. The statements are those of real servers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.schema_description import DescribedSchema, SchemaDescription
from neo4j_r2.archive.text.quoting import escape_unicode

OF_5_26 = (
    "CREATE VECTOR INDEX `v` FOR (n:`Doc`) ON (n.`e`) OPTIONS {indexConfig: "
    "{`vector.dimensions`: 4,`vector.hnsw.ef_construction`: 100,`vector.hnsw.m`: 16,"
    "`vector.quantization.enabled`: true,`vector.similarity_function`: 'COSINE'}}"
)
"""A store that was upgraded in place keeps this form, also on 2026.08.1."""
OF_2026_08 = (
    "CREATE VECTOR INDEX `v` FOR (n:`Doc`) ON (n.`e`) OPTIONS {indexConfig: "
    "{`vector.default_search_expansion_factor`: 3.0,`vector.dimensions`: 4,"
    "`vector.hnsw.ef_construction`: 100,`vector.hnsw.m`: 16,"
    "`vector.quantization.type`: 'BINARY',`vector.similarity_function`: 'COSINE'}}"
)
UNQUANTIZED = {
    OF_5_26: OF_5_26.replace("true", "false"),
    OF_2026_08: OF_2026_08.replace("BINARY", "NONE").replace("3.0", "1.0"),
}
FILTERED = (
    "CYPHER 25 CREATE VECTOR INDEX `filtered` FOR (n:`T`) ON (n.`v`) WITH [n.`a`, n.`b`] "
    "OPTIONS {indexConfig: {`vector.dimensions`: 4}}"
)
FULLTEXT = (
    "CREATE FULLTEXT INDEX `f` FOR (n:`Doc`|`Other`) ON EACH [n.`a`, n.`b`] OPTIONS {indexConfig: "
    "{`fulltext.analyzer`: 'german',`fulltext.eventually_consistent`: true}}"
)
POINT = (
    "CREATE POINT INDEX `p` FOR (n:`Doc`) ON (n.`a`) OPTIONS {indexConfig: "
    "{`spatial.cartesian-3d.max`: [10.0, 10.0, 10.0],`spatial.wgs-84.min`: [-180.0, -90.0]}}"
)
RANGE = "CREATE RANGE INDEX `r` FOR (n:`Doc`) ON (n.`a`, n.`b`)"
OF_TYPE = "CREATE RANGE INDEX `r` FOR ()-[r:`R`]-() ON (r.`a`)"
UNIQUE = "CREATE CONSTRAINT `c` FOR (n:`Doc`) REQUIRE (n.`k`) IS UNIQUE"
TYPED = "CREATE CONSTRAINT `c` FOR (n:`Doc`) REQUIRE (n.`k`) IS :: LIST<INTEGER NOT NULL>"
ALL = (OF_5_26, OF_2026_08, FILTERED, FULLTEXT, POINT, RANGE, OF_TYPE, UNIQUE, TYPED)


def are_same(one: str, other: str) -> bool:
    found = one in DescribedSchema([other])
    assert found == (other in DescribedSchema([one])), "the order of the sides does not matter"
    return found


@pytest.mark.parametrize("statement", ALL)
def test_each_statement_of_a_server_is_read_and_is_the_same_as_itself(statement: str) -> None:
    description = SchemaDescription.of(statement)
    assert description is not None
    assert description.is_same(description)


@pytest.mark.parametrize("statement", ALL)
def test_a_statement_that_is_written_anew_from_its_parts_creates_the_same(statement: str) -> None:
    description = SchemaDescription.of(statement)
    assert description is not None
    assert are_same(statement, description.statement(description.literals))


def test_a_vector_index_is_the_same_in_the_words_of_an_older_and_of_a_newer_release() -> None:
    assert are_same(OF_5_26, OF_2026_08)
    assert are_same(UNQUANTIZED[OF_5_26], UNQUANTIZED[OF_2026_08])
    assert are_same(OF_5_26, OF_2026_08.replace("BINARY", "SCALAR"))


def test_a_vector_index_that_is_quantized_is_another_than_one_that_is_not() -> None:
    assert not are_same(OF_5_26, UNQUANTIZED[OF_2026_08])
    assert not are_same(UNQUANTIZED[OF_5_26], OF_2026_08)
    assert not are_same(OF_2026_08, OF_2026_08.replace("BINARY", "SCALAR"))


def test_an_option_that_only_one_side_knows_is_no_difference() -> None:
    tomorrow = OF_2026_08.replace("{`vector", "{`vector.of_tomorrow`: 'x',`vector", 1)
    assert are_same(OF_2026_08, tomorrow)
    assert are_same(OF_5_26, tomorrow)
    assert not are_same(tomorrow, tomorrow.replace("'x'", "'y'"))
    assert not are_same(OF_2026_08, OF_2026_08.replace("3.0", "2.0"))


@pytest.mark.parametrize(
    ("statement", "old", "new"),
    [
        (OF_2026_08, "`vector.dimensions`: 4", "`vector.dimensions`: 8"),
        (OF_2026_08, "`vector.dimensions`: 4,", ""),
        (OF_2026_08, "COSINE", "EUCLIDEAN"),
        (OF_2026_08, "`vector.hnsw.m`: 16", "`vector.hnsw.m`: 20"),
        (OF_2026_08, "`Doc`", "`Other`"),
        (OF_2026_08, "`e`", "`f`"),
        (OF_2026_08, "`v`", "`w`"),
        (FILTERED, "WITH [n.`a`, n.`b`] ", ""),
        (FILTERED, ", n.`b`", ""),
        (FILTERED, "`T`", "`T`|`U`"),
        (FULLTEXT, "german", "english"),
        (FULLTEXT, "true", "false"),
        (FULLTEXT, ",`fulltext.eventually_consistent`: true", ""),
        (FULLTEXT, "|`Other`", ""),
        (POINT, "-90.0", "-80.0"),
        (RANGE, "RANGE", "TEXT"),
        (RANGE, "n.`a`, n.`b`", "n.`b`, n.`a`"),
        (OF_TYPE, "`R`", "`S`"),
        (OF_TYPE, "()-[r:`R`]-()", "(r:`R`)"),
        (UNIQUE, "UNIQUE", "KEY"),
        (UNIQUE, "UNIQUE", "NOT NULL"),
        (TYPED, "INTEGER", "FLOAT"),
    ],
)
def test_a_real_difference_is_found(statement: str, old: str, new: str) -> None:
    for form in (statement, statement.replace(OF_2026_08, OF_5_26)):
        other = form.replace(old, new)
        assert other != form
        assert not are_same(form, other)
    if statement == OF_2026_08:
        assert not are_same(OF_5_26, statement.replace(old, new))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RANGE, "CREATE INDEX r IF NOT EXISTS FOR (x:Doc) ON (x.a,x.b)"),
        (FILTERED, FILTERED.removeprefix("CYPHER 25 ").replace("(n.`v`)", "n.`v`")),
        (OF_5_26, OF_5_26.replace("{indexConfig", "{indexProvider: 'vector-2.0', indexConfig")),
        (FULLTEXT, FULLTEXT.replace("`Doc`|`Other`", "`Other`|`Doc`")),
        (UNIQUE, "CREATE CONSTRAINT c FOR (n:Doc) REQUIRE n.k IS NODE UNIQUE"),
        (UNIQUE, f"{UNIQUE} OPTIONS {{indexConfig: {{}}, indexProvider: 'range-1.0'}}"),
        (POINT, POINT.replace("10.0", "10").replace("[10, 10, 10]", "[1e1, 1E1, 10.00]")),
        (TYPED, TYPED.replace("::", "TYPED")),
    ],
)
def test_another_way_to_write_the_same_object_is_no_difference(one: str, other: str) -> None:
    assert one != other
    assert are_same(one, other)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE HOLOGRAM INDEX `h` FOR (n:`A`) ON (n.`b`)",
        "CREATE RANGE INDEX `r` FOR (n:`A`) ON (n.`b`) SOMEHOW",
        "CREATE VECTOR INDEX `v` FOR (n:`A`) ON (n.`b`) OPTIONS {indexConfig: {`a`: 1e999}}",
        "CREATE LOOKUP INDEX `l` FOR (n) ON EACH labels(n)",
        "DROP INDEX `index_343aff4e` IF EXISTS",
        "",
    ],
)
def test_a_statement_that_is_not_understood_is_compared_as_text(statement: str) -> None:
    assert SchemaDescription.of(statement) is None
    assert are_same(statement, statement)
    assert not are_same(statement, f"{statement} ")


def test_an_object_without_a_statement_or_without_a_name_is_never_known() -> None:
    assert None not in DescribedSchema(ALL)
    unnamed = "CREATE INDEX FOR (n:`Doc`) ON (n.`a`, n.`b`)"
    assert not are_same(unnamed, RANGE)


@given(*3 * [st.text(min_size=1)])
def test_names_are_read_as_they_are_whatever_they_contain(name: str, label: str, key: str) -> None:
    names = ("`" + each.replace("`", "``") + "`" for each in (name, label, key))
    servers = "CREATE RANGE INDEX {} FOR (n:{}) ON (n.{})".format(*names)
    description = SchemaDescription.of(escape_unicode(servers))
    assert description is not None
    assert description.name == name
    assert description.groups == {label}
    assert description.properties == (key,)
