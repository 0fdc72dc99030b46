"""Entities with values that the server left out of a record."""

from __future__ import annotations

from typing import Any, cast

from neo4j_r2.core.alike_entities import AlikeEntities
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.entities import Entities
from neo4j_r2.graph.queries import NODES, TOO_LARGE
from neo4j_r2.graph.read_sizes import UNLIMITED

GROUPS = {"A": [1, 4, 7], "B": [2, 5, 8]}
LARGE = {4, 5}
DELETED = {5}
"""Since they were left out."""


class FakeConnection:
    """Answers as a server would: 4 and 5 have large values, and 5 is deleted in the meantime."""

    def row(self, query: str, *, ids: list[int], limit: int) -> dict[str, Any]:
        """Return the entities of some ids."""
        assert query == NODES.by_ids
        left_out = LARGE if limit < UNLIMITED else set()
        found = [
            [
                [label],
                ["p"],
                [[TOO_LARGE if each in left_out else f"value {each}"] for each in chosen],
                chosen,
            ]
            for label, all_ids in GROUPS.items()
            if (chosen := [each for each in all_ids if each in ids and _is_there(each, limit)])
        ]
        return {"entities": found}


def _is_there(number: int, limit: int) -> bool:
    return limit < UNLIMITED or number not in DELETED


def test_a_large_entity_comes_alone_between_those_below_and_above_it_of_every_group() -> None:
    entities = Entities(cast(Connection, FakeConnection()), NODES)
    parts = list(entities.read_ids([1, 2, 4, 5, 7, 8]))
    assert [sorted(number for each in part for number in each.ids) for part in parts] == [
        [1, 2],
        [4],
        [7, 8],
    ]
    assert parts[1] == [AlikeEntities(["A"], ["p"], [["value 4"]], [4], [[4]])]
    assert [each.values for each in parts[2]] == [[["value 7"]], [["value 8"]]]
