"""Progress of an export."""

from __future__ import annotations

import pytest

from neo4j_r2.progress import Progress


@pytest.mark.parametrize("batches", [[], [1], [5, 0, 7]])
def test_the_watch_is_told_of_every_step(batches: list[int]) -> None:
    told: list[None] = []
    progress = Progress(12, lambda: told.append(None))
    for entities in batches:
        progress.add(entities)
    assert len(told) == len(batches)
