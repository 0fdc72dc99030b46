"""The first and last lines of an archive."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.graph import Database, SchemaObject
from neo4j_r2.script import (
    DEFAULT_LOOKUP_INDEXES,
    END_MARKER,
    constraint_creation,
    end,
    header,
    identity_creation,
    identity_removal,
    index_creation,
)
from neo4j_r2.statements import Identity

DATABASE = Database("neo4j", "A1B2", "5.26.19", "community")
STARTED = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
IDENTITY = Identity.numbered(0)
LOOKUPS = [
    SchemaObject(name, "LOOKUP", (), f"CREATE LOOKUP INDEX {name}")
    for name in DEFAULT_LOOKUP_INDEXES
]


def index(name: str, kind: str = "RANGE") -> SchemaObject:
    return SchemaObject(name, kind, ("p",), f"CREATE INDEX {name}")


def test_the_header_begins_with_the_three_lines_of_the_specification() -> None:
    assert header(DATABASE, STARTED, "manual").splitlines()[:3] == [
        "// Neo4j Database Export",
        "// Database: neo4j",
        "// Exported: 2025-10-08T02:00:00",
    ]


def test_the_header_is_comments_that_say_how_to_restore_and_what_is_lost() -> None:
    text = header(DATABASE, STARTED, "manual")
    assert all(line == "" or line.startswith("//") for line in text.splitlines())
    assert "5.26.19" in text
    assert "manual export" in text
    assert "gunzip" in text
    assert "byte arrays" in text


def test_the_last_line_has_the_marker_that_the_header_announces() -> None:
    assert end(3, 4).splitlines()[-1] == f"{END_MARKER}3 nodes, 4 relationships"
    assert END_MARKER.strip() in header(DATABASE, STARTED, "manual")


def test_a_restore_waits_for_all_indexes_before_it_ends() -> None:
    assert re.match(r"CALL db\.awaitIndexes\(\d+\);\n", end(3, 4))


def test_the_removal_names_all_that_the_creation_made() -> None:
    removal = identity_removal(IDENTITY)
    assert IDENTITY.constraint in identity_creation(IDENTITY)
    assert f"DROP CONSTRAINT `{IDENTITY.constraint}`" in removal
    assert f"REMOVE n:`{IDENTITY.label}`" in removal
    assert f"REMOVE n.`{IDENTITY.key}`" in removal


def test_the_lookup_indexes_of_a_new_database_are_not_created_again() -> None:
    assert index_creation(LOOKUPS) == ""


@pytest.mark.parametrize("name", DEFAULT_LOOKUP_INDEXES)
def test_a_lookup_index_that_the_user_dropped_is_dropped_in_the_restored_graph_too(
    name: str,
) -> None:
    kept = [each for each in LOOKUPS if each.name != name]
    assert index_creation(kept) == f"DROP INDEX `{name}` IF EXISTS;\n"


def test_a_lookup_index_of_the_users_own_comes_after_the_drop_of_the_default_one() -> None:
    drops = [f"DROP INDEX `{name}` IF EXISTS;" for name in DEFAULT_LOOKUP_INDEXES]
    lines = index_creation([index("own", "LOOKUP")]).splitlines()
    assert lines == [*drops, "CREATE INDEX own;"]


def test_an_index_of_another_type_is_created_whatever_its_name() -> None:
    lines = index_creation([index(DEFAULT_LOOKUP_INDEXES[0], "RANGE"), LOOKUPS[1]]).splitlines()
    assert lines == ["DROP INDEX `index_343aff4e` IF EXISTS;", "CREATE INDEX index_343aff4e;"]


@given(st.lists(st.text(), max_size=3))
def test_each_of_a_servers_statements_is_one_line_of_printable_ascii(names: list[str]) -> None:
    objects = [
        SchemaObject(name, "RANGE", (name,), f"CREATE INDEX `{name}` FOR (n:`A`) ON (n.`{name}`)")
        for name in names
    ]
    for created in (index_creation([*LOOKUPS, *objects]), constraint_creation(objects)):
        assert re.fullmatch(r"([ -~]*;\n)*", created)
        assert len(created.splitlines()) == len(names)


def test_every_statement_of_the_identity_is_a_line_that_ends_in_a_semicolon() -> None:
    created = identity_creation(IDENTITY) + identity_removal(IDENTITY)
    assert re.fullmatch(r"([ -~]+;\n){4}", created)
