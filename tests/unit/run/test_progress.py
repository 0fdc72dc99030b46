"""The progress of an export, and the countdown of a restore."""

from __future__ import annotations

import logging
import re
import time

import pytest

from neo4j_r2.run.progress import ByteCountdown, Countdown, Progress


@pytest.mark.parametrize("batches", [[], [1], [5, 0, 7]])
def test_every_step_is_progress_for_the_stall_watch(batches: list[int]) -> None:
    told: list[None] = []
    progress = Progress(12, lambda: told.append(None))
    for entities in batches:
        progress.add(entities)
    assert len(told) == len(batches)


def test_the_log_shows_entities_rate_and_bytes(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        progress = Progress(300, lambda: None, interval_seconds=0)
        progress.add(120)
        progress.stored(45_200_000)
    line = r"Exported 120 of about 300 entities \([\d,]+/s\), 45\.20 MB stored so far"
    assert re.fullmatch(line, caplog.messages[-1])


def test_an_export_that_begins_again_counts_from_0(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        progress = Progress(300, lambda: None, interval_seconds=0)
        with progress:
            progress.add(120)
            progress.stored(45_200_000)
        with progress:
            progress.add(30)
    assert caplog.messages[-1].startswith("Exported 30 of about 300 entities ")
    assert caplog.messages[-1].endswith("/s), nothing stored yet")


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        (2_000, r"Restored 1,000 of 2,000 entities \([\d,]+/s\), about \d+ s left"),
        (500, r"Restored 1,000 of 500 entities \([\d,]+/s\), about 0 s left"),
        (0, r"Restored 1,000 entities \([\d,]+/s\)"),
    ],
    ids=["expected", "more than expected", "unknown"],
)
def test_a_countdown_logs_the_rate_and_the_time_left(
    caplog: pytest.LogCaptureFixture, expected: int, line: str
) -> None:
    told: list[None] = []
    with caplog.at_level(logging.INFO):
        countdown = Countdown("Restored", expected, lambda: told.append(None), interval_seconds=0)
        countdown.add(400)
        countdown.add(600)
    assert re.fullmatch(line, caplog.messages[-1])
    assert len(told) == len(caplog.messages) == 2


def test_a_countdown_estimates_the_time_left_from_the_rate_so_far(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 120.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    with caplog.at_level(logging.INFO):
        Countdown("Restored", 1_000, lambda: None).add(400)
    assert caplog.messages == ["Restored 400 of 1,000 entities (20/s), about 30 s left"]


def test_the_clock_of_a_countdown_starts_when_it_is_entered(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 4_000.0, 4_020.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    with caplog.at_level(logging.INFO), Countdown("Restored", 1_000, lambda: None) as countdown:
        countdown.add(400)
    assert caplog.messages == ["Restored 400 of 1,000 entities (20/s), about 30 s left"]


def test_bytes_are_counted_down_in_megabytes(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([100.0, 120.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(times))
    with caplog.at_level(logging.INFO):
        ByteCountdown("Checked", 100_000_000, lambda: None).add(40_000_000)
    line = "Checked 40.00 MB of 100.00 MB (2.00 MB/s), about 30 s left"
    assert caplog.messages == [line]
