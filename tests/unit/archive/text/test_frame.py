"""The first and last lines of an archive."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.text.frame import (
    END_MARKER,
    GUARD,
    constraint_creation,
    end,
    header,
    index_creation,
    removal_rows,
    restore_key_creation,
    restore_key_removal,
    stated,
    unstated,
)
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.core.database import Database, SchemaObject

DATABASE = Database("neo4j", "A1B2", "5.26.19", "community")
STARTED = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
RESTORE_KEY = RestoreKey.numbered(0)
ON_LABELS = "FOR (n) ON EACH labels(n)"
ON_TYPES = "FOR ()-[r]-() ON EACH type(r)"


def lookup(name: str, target: str) -> SchemaObject:
    return SchemaObject(name, "LOOKUP", (), f"CREATE LOOKUP INDEX `{name}` {target}")


DEFAULTS = {
    "5.26": [lookup("index_343aff4e", ON_LABELS), lookup("index_f7700477", ON_TYPES)],
    "2025.12": [lookup("index_460996c0", ON_LABELS), lookup("index_1b9dcc97", ON_TYPES)],
}
LOOKUPS = DEFAULTS["5.26"]


def index(name: str, kind: str = "RANGE") -> SchemaObject:
    return SchemaObject(name, kind, ("p",), f"CREATE INDEX {name}")


def test_the_header_begins_with_the_three_lines_of_the_specification() -> None:
    assert header(DATABASE, STARTED, "manual").splitlines()[:3] == [
        "// Neo4j Database Export",
        "// Database: neo4j",
        "// Exported: 2025-10-08T02:00:00",
    ]


def test_the_header_says_in_comments_how_to_restore_and_what_is_lost() -> None:
    text = header(DATABASE, STARTED, "manual")
    assert text.endswith(f"\n\n{GUARD}")
    comments = text.removesuffix(GUARD).splitlines()
    assert all(line == "" or line.startswith("//") for line in comments)
    assert "5.26.19" in text
    assert "manual export" in text
    assert "gunzip" in text
    assert "byte arrays" in text


def test_the_last_line_has_the_marker_that_the_header_announces() -> None:
    assert end(3, 4).splitlines()[-1] == f"{END_MARKER}3 nodes, 4 relationships"
    assert END_MARKER.strip() in header(DATABASE, STARTED, "manual")


def test_a_restore_waits_for_all_indexes_before_it_ends() -> None:
    assert re.match(r"CALL db\.awaitIndexes\(\d+\);\n", end(3, 4))


def test_schema_objects_without_a_create_statement_are_left_out_and_named() -> None:
    unknown = SchemaObject("of tomorrow", "HOLOGRAM", ("p",), None)
    assert index_creation([index("a"), unknown]) == index_creation([index("a")])
    assert constraint_creation([unknown]) == ""
    assert unstated([*LOOKUPS, index("a"), unknown]) == ["of tomorrow"]
    assert stated([index("a"), unknown]) == 1


def test_the_removal_names_all_that_the_creation_made() -> None:
    removal = restore_key_removal(RESTORE_KEY, 1000)
    assert RESTORE_KEY.constraint in restore_key_creation(RESTORE_KEY)
    assert f"DROP CONSTRAINT `{RESTORE_KEY.constraint}`" in removal
    assert f"REMOVE n:`{RESTORE_KEY.label}`" in removal
    assert f"REMOVE n.`{RESTORE_KEY.key}`" in removal


@pytest.mark.parametrize(
    ("characters", "rows"), [(0, 1000), (10, 1000), (32_000, 131), (500_000, 20), (5e7, 20)]
)
def test_the_larger_nodes_are_the_fewer_a_removal_takes_at_once(
    characters: float, rows: int
) -> None:
    assert removal_rows(characters) == rows


@pytest.mark.parametrize("version", DEFAULTS)
def test_the_lookup_indexes_of_a_new_database_are_not_created_again(version: str) -> None:
    assert index_creation(DEFAULTS[version]) == ""


def test_a_lookup_index_that_the_user_dropped_is_dropped_in_the_restored_graph_too() -> None:
    assert index_creation(LOOKUPS[:1]).splitlines() == [
        "DROP INDEX `index_f7700477` IF EXISTS;",
        "DROP INDEX `index_1b9dcc97` IF EXISTS;",
    ]


def test_a_lookup_index_of_the_users_own_takes_the_place_of_the_default_one() -> None:
    assert index_creation([lookup("own", ON_LABELS), LOOKUPS[1]]).splitlines() == [
        "DROP INDEX `index_343aff4e` IF EXISTS;",
        "DROP INDEX `index_460996c0` IF EXISTS;",
        f"CREATE LOOKUP INDEX `own` IF NOT EXISTS {ON_LABELS};",
    ]


def test_an_index_of_another_type_is_created_whatever_its_name() -> None:
    assert index_creation([index("index_343aff4e"), *LOOKUPS]) == "CREATE INDEX index_343aff4e;\n"


def test_what_an_older_server_may_refuse_comes_last() -> None:
    filtered = SchemaObject("a", "VECTOR", ("p",), "CYPHER 25 CREATE VECTOR INDEX a")
    created = index_creation([filtered, index("b", "VECTOR"), index("c", "TEXT"), *LOOKUPS])
    assert created.splitlines() == [
        "CREATE INDEX c;",
        "CREATE INDEX b;",
        "CYPHER 25 CREATE VECTOR INDEX a;",
    ]
    tomorrows = SchemaObject("a", "TOMORROW", ("p",), "CYPHER 25 CREATE CONSTRAINT a")
    unique = SchemaObject("b", "UNIQUENESS", ("p",), "CREATE CONSTRAINT b")
    assert constraint_creation([tomorrows, unique]).splitlines() == [
        "CREATE CONSTRAINT b;",
        "CYPHER 25 CREATE CONSTRAINT a;",
    ]


@given(st.lists(st.text(), max_size=3))
def test_each_schema_statement_is_one_line_of_printable_ascii(names: list[str]) -> None:
    objects = [
        SchemaObject(name, "RANGE", (name,), f"CREATE INDEX `{name}` FOR (n:`A`) ON (n.`{name}`)")
        for name in names
    ]
    for created in (index_creation([*LOOKUPS, *objects]), constraint_creation(objects)):
        assert re.fullmatch(r"([ -~]*;\n)*", created)
        assert len(created.splitlines()) == len(names)


def test_every_statement_of_the_restore_key_is_a_line_that_ends_in_a_semicolon() -> None:
    created = restore_key_creation(RESTORE_KEY) + restore_key_removal(RESTORE_KEY, 1000)
    assert re.fullmatch(r"([ -~]+;\n){4}", created)
