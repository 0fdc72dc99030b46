"""Progress of an export."""

from __future__ import annotations

import logging
import re

import pytest

from neo4j_r2.progress import Progress


@pytest.mark.parametrize("batches", [[], [1], [5, 0, 7]])
def test_the_watch_is_told_of_every_step(batches: list[int]) -> None:
    told: list[None] = []
    progress = Progress(12, lambda: told.append(None))
    for entities in batches:
        progress.add(entities)
    assert len(told) == len(batches)


def test_the_log_tells_entities_rate_and_bytes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        progress = Progress(300, lambda: None, interval_seconds=0)
        progress.add(120)
        progress.stored(45_200_000)
    line = r"Exported 120 of about 300 entities \(\d+/s\), 45\.20 MB"
    assert re.fullmatch(line, caplog.messages[-1])
