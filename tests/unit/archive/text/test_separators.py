"""Separators of rows and cells."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo4j_r2.archive.text.separators import cell_separator, row_separator

TEXTS = st.lists(st.text(st.sampled_from("\n\t\x1c\x1d\x1e\x1f.a"), max_size=8), min_size=1)


@given(TEXTS)
@example(["\n\x1e\x1c", "\x1c.", "\x1c"])
@example(["\t\x1f\x1d", "\x1d.", "\x1d"])
def test_a_split_gives_back_the_texts_that_were_joined(texts: list[str]) -> None:
    for separator in (row_separator(texts), cell_separator(texts)):
        assert separator.join(texts).split(separator) == texts


@pytest.mark.parametrize(
    ("texts", "row", "cell"),
    [
        (["a"], "\n", "\t"),
        (["a\n", "\t"], "\x1e", "\x1f"),
        (["\n\x1e", "\t\x1f"], "\x1c", "\x1d"),
        (["\n\x1e\x1c\x1c", "\t\x1f\x1d"], "\x1c\x1c\x1c.", "\x1d\x1d."),
    ],
)
def test_the_first_separator_that_no_text_holds_is_taken(
    texts: list[str], row: str, cell: str
) -> None:
    assert (row_separator(texts), cell_separator(texts)) == (row, cell)
