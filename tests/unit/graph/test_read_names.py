"""The order of labels."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.core.database import Names
from neo4j_r2.core.errors import GraphError, GraphUnavailableError
from neo4j_r2.graph.connection import Connection
from neo4j_r2.graph.read_names import in_common_order, read_names


def test_the_lists_decide_the_order_and_the_names_what_they_leave_open() -> None:
    lists = [["Zebra", "Person"], ["Person", "Admin"], ["Customer", "Admin"]]
    names = ["Admin", "Customer", "Person", "Thing", "Zebra"]
    assert in_common_order(names, lists) == ["Customer", "Thing", "Zebra", "Person", "Admin"]


def test_a_label_that_only_the_lists_have_is_named_too() -> None:
    assert in_common_order(["A"], [["New", "A"]]) == ["New", "A"]


@given(st.permutations("ABCDEF"), st.lists(st.sets(st.sampled_from("ABCDEF"))))
def test_every_list_is_a_part_of_the_common_order(order: list[str], sets: list[set[str]]) -> None:
    lists = [sorted(each, key=order.index) for each in sets]
    found = in_common_order(sorted(order), lists)
    assert sorted(found) == sorted(order)
    assert all(each == sorted(each, key=found.index) for each in lists)


class Server:
    """Stands in for a server that ends the query of all label lists with an error."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def rows(self, query: str) -> list[dict[str, str]]:
        """Answer the queries of the names, but for one."""
        if "labels(n)" in query:
            raise self._error
        names = ["B", "A"] if "db.labels" in query else []
        return [{"name": name} for name in names]


def test_a_query_that_the_server_ends_does_not_cost_the_backup() -> None:
    connection = cast(Connection, Server(GraphError("The transaction has been terminated")))
    assert read_names(connection) == Names(["B", "A"], [], [])


def test_a_server_that_is_gone_ends_the_reading() -> None:
    with pytest.raises(GraphUnavailableError):
        read_names(cast(Connection, Server(GraphUnavailableError("gone"))))
