"""What the log tells of an outage."""

from __future__ import annotations

import logging

import pytest

from neo4j_r2.core.outage import Outage


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the lines that a log of level info shows."""
    shown = [each.getMessage() for each in caplog.records if each.levelno >= logging.INFO]
    caplog.clear()
    return shown


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def test_an_outage_is_told_once_for_each_reason_and_so_is_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outage = Outage("R2")
    for number in range(33):
        outage.failed("503", f"part {number} failed (503)")
        outage.failed("reset", f"part {number} failed (reset)")
    assert lines(caplog) == ["part 0 failed (503)", "part 0 failed (reset)"]
    outage.over()
    outage.over()
    assert lines(caplog) == ["R2 answers again after 0 s"]


def test_a_failure_that_passes_at_once_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("R2")
    outage.failed("503", "failed (503)")
    outage.over()
    assert lines(caplog) == ["failed (503)"]


def test_the_next_outage_is_told_anew(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("Neo4j")
    for _ in range(2):
        outage.failed("refused", "refused")
        outage.over()
    assert lines(caplog) == ["refused", "refused"]


def test_a_long_outage_is_told_again_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage("Neo4j", again_seconds=0)
    for _ in range(3):
        outage.failed("refused", "refused")
    assert lines(caplog) == ["refused"] * 3


def test_without_a_failure_nothing_is_over(caplog: pytest.LogCaptureFixture) -> None:
    Outage("R2").over()
    assert lines(caplog) == []
