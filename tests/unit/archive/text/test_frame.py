"""The first and last lines of an archive."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from neo4j_r2.archive.text.frame import (
    END_MARKER,
    GUARD,
    end,
    header,
    removal_rows,
    restore_key_creation,
    restore_key_removal,
)
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.core.database import Database

DATABASE = Database("neo4j", "A1B2", "5.26.19", "community")
STARTED = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
RESTORE_KEY = RestoreKey.numbered(0)


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


def test_every_statement_of_the_restore_key_is_a_line_that_ends_in_a_semicolon() -> None:
    created = restore_key_creation(RESTORE_KEY) + restore_key_removal(RESTORE_KEY, 1000)
    assert re.fullmatch(r"([ -~]+;\n){4}", created)
