"""The line that tells how far indexes are."""

from __future__ import annotations

from neo4j_r2.restore.build_progress import progress_line


def test_each_index_has_its_percentage() -> None:
    indexes = [{"name": "a", "percent": 45.26}, {"name": "b\x1b", "percent": 0.0}]
    assert progress_line(indexes) == "Building indexes: a 45%, b\\x1b 0%"


def test_only_some_of_many_indexes_are_named() -> None:
    indexes = [{"name": f"i{number}", "percent": 1.0} for number in range(30)]
    line = progress_line(indexes)
    assert line == "Building indexes: i0 1%, i1 1%, i2 1%, i3 1%, i4 1%, 25 more"
