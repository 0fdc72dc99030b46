"""The order of labels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.graph.read_names import in_common_order


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
