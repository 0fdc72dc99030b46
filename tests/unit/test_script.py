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
    end_marker,
    header,
    identity_creation,
    identity_removal,
    schema_creation,
)
from neo4j_r2.statements import Identity

DATABASE = Database("neo4j", "A1B2", "5.26.19", "community")
STARTED = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
IDENTITY = Identity.numbered(0)
LOOKUPS = [SchemaObject(name, "LOOKUP", f"CREATE {name}") for name in DEFAULT_LOOKUP_INDEXES]


def schema_object(name: str, kind: str = "RANGE") -> SchemaObject:
    return SchemaObject(name, kind, f"CREATE {name}")


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
    assert end_marker(3, 4) == f"{END_MARKER}3 nodes, 4 relationships\n"
    assert END_MARKER.strip() in header(DATABASE, STARTED, "manual")


def test_the_removal_names_all_that_the_creation_made() -> None:
    removal = identity_removal(IDENTITY)
    assert IDENTITY.constraint in identity_creation(IDENTITY)
    assert f"DROP CONSTRAINT `{IDENTITY.constraint}`" in removal
    assert f"REMOVE n:`{IDENTITY.label}`" in removal
    assert f"REMOVE n.`{IDENTITY.key}`" in removal


def test_indexes_come_first_and_constraints_last() -> None:
    lines = schema_creation([schema_object("c", "UNIQUENESS")], [*LOOKUPS, schema_object("i")])
    assert lines.splitlines()[:2] == ["CREATE i;", "CREATE c;"]
    assert re.fullmatch(r"CALL db\.awaitIndexes\(\d+\);", lines.splitlines()[-1])


def test_the_lookup_indexes_of_a_new_database_are_not_created_again() -> None:
    lines = schema_creation([], LOOKUPS)
    assert not any(name in lines for name in DEFAULT_LOOKUP_INDEXES)


@pytest.mark.parametrize("name", DEFAULT_LOOKUP_INDEXES)
def test_a_lookup_index_that_the_user_dropped_is_dropped_in_the_restored_graph_too(
    name: str,
) -> None:
    kept = [index for index in LOOKUPS if index.name != name]
    lines = schema_creation([], kept).splitlines()
    assert lines[0] == f"DROP INDEX `{name}` IF EXISTS;"
    assert len(lines) == 2


def test_a_lookup_index_of_the_users_own_comes_after_the_drop_of_the_default_one() -> None:
    own = schema_object("own", "LOOKUP")
    lines = schema_creation([], [own]).splitlines()
    drops = [f"DROP INDEX `{name}` IF EXISTS;" for name in DEFAULT_LOOKUP_INDEXES]
    assert lines[:3] == [*drops, "CREATE own;"]


def test_an_index_of_another_type_is_created_whatever_its_name() -> None:
    index = schema_object(DEFAULT_LOOKUP_INDEXES[0], "RANGE")
    assert "CREATE index_343aff4e;" in schema_creation([], [index]).splitlines()


@given(st.text())
def test_a_servers_statement_is_one_line_of_printable_ascii(name: str) -> None:
    statement = f"CREATE INDEX `{name}` FOR (n:`A`) ON (n.`a`)"
    script = schema_creation([SchemaObject(name, "RANGE", statement)], LOOKUPS)
    assert re.fullmatch(r"[ -~]*;\n[ -~]*;\n", script)


def test_every_statement_of_the_schema_is_a_line_that_ends_in_a_semicolon() -> None:
    script = identity_creation(IDENTITY) + identity_removal(IDENTITY)
    assert re.fullmatch(r"([ -~]+;\n){4}", script)
