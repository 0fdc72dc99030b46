"""Lists of ids as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo4j_r2.archive.text.id_runs import MOST_IDS, read_runs, runs_text
from neo4j_r2.core.errors import CorruptError

NEAR = st.integers(0, 30)
IDS = st.lists(NEAR | st.integers(0, 10**18 - 1), min_size=1, max_size=60)


@given(IDS | IDS.map(sorted))
def test_ids_in_any_order_come_back(ids: list[int]) -> None:
    assert read_runs(runs_text(ids)) == ids


def test_ids_that_follow_each_other_are_one_run() -> None:
    assert runs_text([0, 1, 2, 5, 7, 8, 8, 7]) == "0-2,5,7-8,8,7"


def test_a_whole_block_fits_and_more_does_not() -> None:
    assert read_runs(f"5-{MOST_IDS + 4}") == list(range(5, MOST_IDS + 5))
    for text in (f"5-{MOST_IDS + 5}", "0-999999999999999999", f"0-{MOST_IDS - 2},{10**6}-{10**7}"):
        with pytest.raises(CorruptError, match="more than 8,192 ids"):
            read_runs(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "1,",
        "a",
        "1-",
        "-1",
        "2-1",
        "1-1",
        "1,2",
        "1-2,3",
        "01",
        "1 ",
        "٣",
        "1-2-3",
        "9" * 19,
    ],
)
def test_what_this_service_would_not_write_is_refused(text: str) -> None:
    with pytest.raises(CorruptError):
        read_runs(text)
