"""Lists of names: what is written is read back, and everything else refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.text.name_lists import name_statements, read_names
from neo4j_r2.archive.text.unwind import read_unwind
from neo4j_r2.core.database import Names
from neo4j_r2.core.errors import CorruptError

NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=5)


@given(NAMES, NAMES, NAMES)
def test_names_are_read_back_in_their_order(
    labels: list[str], types: list[str], keys: list[str]
) -> None:
    found: dict[str, list[str]] = {"label": [], "type": [], "key": []}
    for line in name_statements(Names(labels, types, keys)).splitlines():
        names = read_names(*read_unwind(line))
        assert names is not None
        found[names[0]] += names[1]
    assert found == {"label": labels, "type": types, "key": keys}


def test_a_statement_has_at_most_a_thousand_names() -> None:
    lines = name_statements(Names([], [], [str(number) for number in range(2_500)])).splitlines()
    assert [len(read_unwind(line)[0]) for line in lines] == [1_000, 1_000, 500]


def test_other_clauses_are_no_list_of_names() -> None:
    assert read_names([["A"]], "CREATE (n:$(r[0]))") is None


@pytest.mark.parametrize("row", [["A", "B"], [""]])
def test_a_row_that_is_not_one_name_is_refused(row: list[str]) -> None:
    with pytest.raises(CorruptError, match="not one name"):
        read_names([row], "CREATE (n:$(r[0])) DELETE n")
