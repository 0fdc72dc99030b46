"""Why a backup is a full one, although full ones are not due."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from neo4j_r2.archive.manifest import ExportSummary, Need
from neo4j_r2.archive.row_hashes import HASHES_FORMAT
from neo4j_r2.backup.base import MOST_ARCHIVES, Base, ChainPlace, Run, Server, reason_for_full
from neo4j_r2.bucket.keys import BackupName

FULL_AT = datetime(2025, 10, 8, 2, 0, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
PLACE = ChainPlace("neo4j", "its-id", "https://r2.example", "my-bucket", "neo4j-backup", ["age1x"])
FULL_SIZE = 10_000


def need(hours: float, size: int) -> Need:
    name = BackupName("neo4j-backup", "neo4j", FULL_AT + timedelta(hours=hours))
    return Need(name.archive_key(compressed=True, encrypted=True), size, "0" * 64)


def base_of(*increments: int) -> Base:
    """Return the base of a full archive and increments of these sizes, an hour between them."""
    needs = [need(0, FULL_SIZE), *(need(hour, size) for hour, size in enumerate(increments, 1))]
    return Base(
        format=HASHES_FORMAT,
        key="00",
        place=PLACE,
        needs=needs,
        late=[],
        server=Server("5.26.19", 4711, "0.1.0"),
        bookmark=["b"],
        export=ExportSummary("manual", 1, 0, {}, {}, 0, 0, True, 0),
        row_sums={},
        restore_key={},
        names="",
        schema="",
    )


def run_at(hours: float) -> Run:
    return Run(PLACE, FULL_AT + timedelta(hours=hours), WEEK)


def sizes(base: Base) -> dict[str, int]:
    return {each.key: each.size for each in base.needs}


BASE = base_of(100, 200)


def test_an_increment_can_follow_a_full_backup_and_increments() -> None:
    assert reason_for_full(base_of(), run_at(1), sizes(base_of())) is None
    assert reason_for_full(BASE, run_at(3), {**sizes(BASE), "other": 5}) is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"database": "movies"}, "database"),
        ({"database_id": "another-id"}, "database identity"),
        ({"endpoint_url": "https://other.example"}, "endpoint"),
        ({"bucket": "other-bucket", "prefix": "other"}, "bucket and prefix"),
        ({"recipients": []}, "set of recipients"),
        ({"recipients": ["age1x", "age1y"]}, "set of recipients"),
    ],
    ids=str,
)
def test_another_place_or_other_keys_take_a_full_one(change: dict[str, object], what: str) -> None:
    run = replace(run_at(3), place=replace(PLACE, **change))  # type: ignore[arg-type]
    reason = reason_for_full(BASE, run, sizes(BASE))
    assert reason == f"the last backup had another {what}"


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("left", [None, 1], ids=["gone", "cut"])
def test_a_needed_archive_that_is_gone_or_cut_takes_a_full_one(
    number: int, left: int | None
) -> None:
    key = BASE.needs[number].key
    archives = {each: size for each, size in sizes(BASE).items() if each != key}
    if left:
        archives[key] = left
    reason = reason_for_full(BASE, run_at(3), archives)
    found = "has changed" if left else "is not in the bucket any more"
    assert reason == f"the archive {key} {found}"


@pytest.mark.parametrize(("hours", "is_behind"), [(2, True), (1, True), (2.001, False)])
def test_a_clock_that_is_behind_takes_a_full_one(hours: float, is_behind: bool) -> None:
    reason = reason_for_full(BASE, run_at(hours), sizes(BASE))
    assert reason == ("the clock is behind the last backup's time" if is_behind else None)


@pytest.mark.parametrize(("hours", "is_due"), [(7 * 24 - 0.01, False), (7 * 24, True)])
def test_a_full_one_is_due_when_the_last_one_is_as_old_as_is_configured(
    hours: float, is_due: bool
) -> None:
    reason = reason_for_full(BASE, run_at(hours), sizes(BASE))
    assert reason == ("the last full one is of 2025-10-08 02:00" if is_due else None)


def test_a_chain_has_a_longest_length() -> None:
    longest, almost = base_of(*[1] * (MOST_ARCHIVES - 1)), base_of(*[1] * (MOST_ARCHIVES - 2))
    reason = reason_for_full(longest, run_at(100), sizes(longest))
    assert reason == "a restore would need more than 32 archives"
    assert reason_for_full(almost, run_at(100), sizes(almost)) is None


@pytest.mark.parametrize(
    ("increments", "is_large"), [([2500, 2500], False), ([2500, 2501], True), ([9999], True)]
)
def test_increments_are_at_most_half_the_size_of_the_full_one(
    increments: list[int], is_large: bool
) -> None:
    base = base_of(*increments)
    reason = reason_for_full(base, run_at(9), sizes(base))
    large = "the increments since the last full one are more than half of its size"
    assert reason == (large if is_large else None)


def test_a_base_comes_back_from_its_json() -> None:
    content = json.loads(json.dumps(BASE.to_json()))
    assert Base.from_json(content) == BASE


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content | {"format": HASHES_FORMAT + 1},
        lambda content: content | {"unknown": 1},
        lambda content: {key: value for key, value in content.items() if key != "key"},
        lambda content: content | {"place": None},
        lambda content: content | {"server": {"version": "5.26.19", "started": 4711}},
        lambda content: content | {"needs": [{}]},
        lambda content: content | {"export": {"nodes": 1}},
        lambda _: {},
    ],
)
def test_the_base_of_another_version_is_refused(
    change: Callable[[dict[str, object]], dict[str, object]],
) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        Base.from_json(change(BASE.to_json()))
