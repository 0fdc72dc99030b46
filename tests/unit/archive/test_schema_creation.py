"""The statements that create a schema again. They are those of real servers, but for the names."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.schema_creation import (
    constraint_creation,
    index_creation,
    schema_creation,
    stated,
    unstated,
)
from neo4j_r2.core.database import SchemaObject

ON_LABELS = "FOR (n) ON EACH labels(n)"
ON_TYPES = "FOR ()-[r]-() ON EACH type(r)"


def lookup(name: str, target: str) -> SchemaObject:
    return SchemaObject(name, "LOOKUP", (), f"CREATE LOOKUP INDEX `{name}` {target}")


DEFAULTS = {
    "5.26": [lookup("index_343aff4e", ON_LABELS), lookup("index_f7700477", ON_TYPES)],
    "2025.12": [lookup("index_460996c0", ON_LABELS), lookup("index_1b9dcc97", ON_TYPES)],
}
LOOKUPS = DEFAULTS["5.26"]
OPTIONS_OF_5_26 = (
    "`vector.dimensions`: 4,`vector.hnsw.ef_construction`: 100,`vector.hnsw.m`: 16,"
    "`vector.quantization.enabled`: true,`vector.similarity_function`: 'COSINE'"
)
OPTIONS_OF_2026_08 = (
    "`vector.default_search_expansion_factor`: 3.0,`vector.dimensions`: 4,"
    "`vector.hnsw.ef_construction`: 100,`vector.hnsw.m`: 16,"
    "`vector.quantization.type`: 'BINARY',`vector.similarity_function`: 'COSINE'"
)
UNIQUE = "CREATE CONSTRAINT `unique` FOR (n:`A`) REQUIRE (n.`p`) IS UNIQUE"
RANGE = "CREATE RANGE INDEX `range` FOR (n:`A`) ON (n.`p`)"
FULLTEXT = (
    "CREATE FULLTEXT INDEX `fulltext` FOR (n:`A`) ON EACH [n.`p`] OPTIONS {indexConfig: "
    "{`fulltext.analyzer`: 'german',`fulltext.eventually_consistent`: true}}"
)
POINT = (
    "CREATE POINT INDEX `point` FOR (n:`A`) ON (n.`p`) OPTIONS {indexConfig: "
    "{`spatial.cartesian-3d.max`: [10.0, 10.0, 10.0]}}"
)
OLD_VECTOR = (
    "CREATE VECTOR INDEX `old` FOR (n:`A`) ON (n.`p`) "
    f"OPTIONS {{indexConfig: {{{OPTIONS_OF_5_26}}}}}"
)
KEY = "CREATE CONSTRAINT `key` FOR (n:`A`) REQUIRE (n.`p`) IS NODE KEY"
NEW_VECTOR = OLD_VECTOR.replace("`old`", "`new`").replace(OPTIONS_OF_5_26, OPTIONS_OF_2026_08)
FILTERED = (
    "CYPHER 25 CREATE VECTOR INDEX `filtered` FOR (n:`A`) ON (n.`p`) WITH [n.`q`] "
    f"OPTIONS {{indexConfig: {{{OPTIONS_OF_5_26}}}}}"
)
TOMORROWS = "CYPHER 25 CREATE CONSTRAINT `tomorrows` FOR (n:`A`) REQUIRE (n.`p`) IS :: VECTOR"


def schema_object(statement: str) -> SchemaObject:
    return SchemaObject(statement.split("`")[1], "", ("p",), statement)


def created(text: str) -> list[str]:
    """Return the statements of a text."""
    return text.removesuffix(";\n").split(";\n") if text else []


def test_schema_objects_without_a_create_statement_are_left_out_and_named() -> None:
    unknown = SchemaObject("of tomorrow", "HOLOGRAM", ("p",), None)
    known = schema_object(RANGE)
    assert index_creation([known, unknown]) == index_creation([known])
    assert constraint_creation([unknown]) == ""
    assert unstated([*LOOKUPS, known, unknown]) == ["of tomorrow"]
    assert stated([known, unknown]) == 1


@pytest.mark.parametrize("version", DEFAULTS)
def test_the_lookup_indexes_of_a_new_database_are_not_created_again(version: str) -> None:
    assert index_creation(DEFAULTS[version]) == ""


def test_a_default_lookup_index_is_known_whatever_its_statement_calls_the_variable() -> None:
    later = [
        lookup("index_460996c0", "FOR (x) ON EACH labels(x)"),
        lookup("index_1b9dcc97", "FOR ()-[x]-() ON EACH type(x)"),
    ]
    assert index_creation(later) == ""


def test_a_lookup_index_without_a_statement_costs_the_target_none_of_its_own() -> None:
    unknown = SchemaObject("index_460996c0", "LOOKUP", (), None)
    for others in ([], LOOKUPS[1:]):
        assert index_creation([unknown, *others]) == ""
        assert stated([unknown, *others]) == 2
        assert unstated([unknown, *others]) == ["index_460996c0"]
    own = lookup("own", ON_TYPES)
    assert created(index_creation([unknown, own])) == [
        "DROP INDEX `index_f7700477` IF EXISTS",
        "DROP INDEX `index_1b9dcc97` IF EXISTS",
        f"CREATE LOOKUP INDEX `own` IF NOT EXISTS {ON_TYPES}",
    ]
    assert stated([unknown, own]) == 2


def test_a_lookup_index_that_the_user_dropped_is_dropped_in_the_restored_graph_too() -> None:
    assert created(index_creation(LOOKUPS[:1])) == [
        "DROP INDEX `index_f7700477` IF EXISTS",
        "DROP INDEX `index_1b9dcc97` IF EXISTS",
    ]


def test_a_lookup_index_of_the_users_own_takes_the_place_of_the_default_one() -> None:
    assert created(index_creation([lookup("own", ON_LABELS), LOOKUPS[1]])) == [
        "DROP INDEX `index_343aff4e` IF EXISTS",
        "DROP INDEX `index_460996c0` IF EXISTS",
        f"CREATE LOOKUP INDEX `own` IF NOT EXISTS {ON_LABELS}",
    ]


def test_an_index_of_another_type_is_created_whatever_its_name() -> None:
    statement = RANGE.replace("range", "index_343aff4e")
    index = SchemaObject("index_343aff4e", "RANGE", ("p",), statement)
    assert created(index_creation([index, *LOOKUPS])) == [statement]


ALL = (UNIQUE, FULLTEXT, POINT, RANGE, KEY, OLD_VECTOR, NEW_VECTOR, TOMORROWS, FILTERED)


@given(st.permutations(ALL))
def test_what_an_older_server_may_refuse_comes_after_all_that_it_can_have(
    statements: list[str],
) -> None:
    constraints = [schema_object(each) for each in statements if "CONSTRAINT" in each]
    indexes = [schema_object(each) for each in statements if "INDEX" in each]
    found = created(schema_creation(constraints, [*indexes, *LOOKUPS]))
    assert sorted(found) == sorted(ALL)
    places = {statement: found.index(statement) for statement in ALL}
    surely = max(places[each] for each in (UNIQUE, FULLTEXT, POINT, RANGE))
    assert places[UNIQUE] == 0
    assert surely < min(places[KEY], places[OLD_VECTOR])
    assert max(places[KEY], places[OLD_VECTOR]) < places[NEW_VECTOR]
    assert places[NEW_VECTOR] < places[TOMORROWS] < places[FILTERED]


def test_constraints_and_indexes_that_stand_apart_have_the_same_order() -> None:
    indexes = [FILTERED, NEW_VECTOR, OLD_VECTOR, RANGE]
    assert created(constraint_creation(map(schema_object, [TOMORROWS, KEY, UNIQUE]))) == [
        UNIQUE,
        KEY,
        TOMORROWS,
    ]
    text = index_creation([*map(schema_object, indexes), *LOOKUPS])
    assert created(text) == indexes[::-1]


@given(st.lists(st.text(), max_size=3))
def test_each_schema_statement_is_one_line_of_printable_ascii(names: list[str]) -> None:
    objects = [
        SchemaObject(name, "RANGE", (name,), f"CREATE INDEX `{name}` FOR (n:`A`) ON (n.`{name}`)")
        for name in names
    ]
    for text in (index_creation([*LOOKUPS, *objects]), constraint_creation(objects)):
        assert re.fullmatch(r"([ -~]*;\n)*", text)
        assert len(text.splitlines()) == len(names)
