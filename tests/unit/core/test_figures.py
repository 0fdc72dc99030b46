"""Figures as people are shown them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from neo4j_r2.core.figures import (
    counted,
    duration,
    entity_count,
    graph_size,
    megabytes,
    size_text,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 backups"), (1, "1 backup"), (2, "2 backups"), (1_234_567, "1,234,567 backups")],
)
def test_a_count_has_its_noun_and_separators(number: int, text: str) -> None:
    assert counted(number, "backup") == text


def test_words_that_do_not_just_take_an_s_are_given() -> None:
    assert counted(1, "backup was", "backups were") == "1 backup was"
    assert counted(1_000, "backup was", "backups were") == "1,000 backups were"
    assert (entity_count(1), entity_count(2)) == ("1 entity", "2 entities")
    assert graph_size(1, 24_518) == "1 node, 24,518 relationships"


@pytest.mark.parametrize(
    ("size", "text"), [(2_450_000, "2.45 MB"), (0, "0.00 MB"), (1_234_567_890, "1234.57 MB")]
)
def test_sizes_are_in_megabytes_as_in_the_specification(size: int, text: str) -> None:
    assert megabytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (172_799, "47 h 59 min"),
        (172_800, "2 d 0 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_at_most_two_units(seconds: float, text: str) -> None:
    assert duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1_204, "1.20 kB"),
        (5_998_112, "6.00 MB"),
        (12_345_678_901, "12.35 GB"),
        (9_000_000_000_000_000_000_000, "9,000.00 EB"),
    ],
)
def test_a_size_has_the_unit_that_fits(size: int, text: str) -> None:
    assert size_text(size) == text
