"""Whether a drill may use a scratch database, and which one holds what a drill has left."""

from __future__ import annotations

import pytest

from neo4j_r2.core.database import SchemaObject
from neo4j_r2.graph import scratch_mark
from neo4j_r2.graph.database_contents import DatabaseContents
from neo4j_r2.restore.scratch import is_of_another, is_own_leftover
from neo4j_r2.run.drill_state import Claim

TOKEN = "0123456789abcdef"
OTHER = "fedcba9876543210"
CLAIM = Claim("bolt://neo4j-drill:7687", "D1")
MARK = SchemaObject(scratch_mark.NAME, "RANGE", ("_drill",), "CREATE RANGE INDEX ...")
INDEX = SchemaObject("kept", "RANGE", ("name",), "CREATE RANGE INDEX ...")


@pytest.mark.parametrize(
    ("found", "found_token", "claim", "is_own"),
    [
        (CLAIM, TOKEN, CLAIM, True),
        (CLAIM, None, CLAIM, False),
        (CLAIM, "", CLAIM, False),
        (CLAIM, OTHER, CLAIM, False),
        (CLAIM, TOKEN, None, False),
        (Claim("bolt://other:7687", "D1"), TOKEN, CLAIM, False),
        (Claim("bolt://neo4j-drill:7687", "D2"), TOKEN, CLAIM, False),
    ],
    ids=["own", "no mark", "strange mark", "token", "state lost", "address", "database"],
)
def test_only_a_marked_and_claimed_database_holds_what_a_drill_of_this_host_has_left(
    found: Claim, found_token: str | None, claim: Claim | None, is_own: bool
) -> None:
    assert is_own_leftover(found, found_token, claim, TOKEN) is is_own


@pytest.mark.parametrize(
    ("found_token", "is_another_s"), [(None, False), (TOKEN, False), (OTHER, True), ("", True)]
)
def test_a_mark_with_another_token_is_another_host_s(
    found_token: str | None, is_another_s: bool
) -> None:
    assert is_of_another(found_token, TOKEN) is is_another_s


def test_a_mark_is_an_obstacle_unless_it_is_left_out() -> None:
    contents = DatabaseContents(0, 0, (INDEX, MARK), is_marked=False)
    assert contents.drill_obstacles() == ["it has constraints or indexes: kept, _drill_scratch"]
    assert contents.without(scratch_mark.NAME).drill_obstacles() == [
        "it has constraints or indexes: kept"
    ]
    assert contents.without(scratch_mark.NAME, "kept").drill_obstacles() == []


def test_the_mark_of_a_host_has_its_token() -> None:
    assert scratch_mark.creation(TOKEN) == (
        "CREATE RANGE INDEX _drill_scratch FOR (n:_drill_0123456789abcdef) ON (n._drill)"
    )
