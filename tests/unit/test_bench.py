"""The benchmark's decisions and documents; tests/integration/test_bench.py has its measuring."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.__main__ import GOALS, RESULTS, goals_beside
from bench.comparison import Comparison, comparisons, marginal_seconds
from bench.goals import findings
from bench.measure import Usage
from bench.options import DOCUMENT, Scale, parse_arguments
from bench.plot import draw
from bench.records import (
    APOC_FILE,
    FLOOR,
    OURS,
    SHELL_ON_APOC,
    Archive,
    Graph,
    Journal,
    Machine,
    Record,
    Sample,
    Subject,
    read_records,
)
from bench.tables import goals, results

SESSION = "2025-10-08T02:00:00+00:00"
LATER = "2025-10-09T02:00:00+00:00"
MACHINE = Machine(SESSION, 2, "3.11.7", "5.26.19", "5.26.19", "17.0.15")
SMALL, MIDDLE, LARGE = (Graph("social", size, size, 2 * size) for size in (1_000, 2_000, 4_000))
LARGER, LARGEST = (Graph("social", size, size, 2 * size) for size in (100_000, 1_000_000))
FASTER = "times as fast as APOC to a file, `gzip`, upload"


def sample(
    contender: str,
    seconds: float,
    graph: Graph = SMALL,
    *,
    session: str = SESSION,
    subject: Subject = "backup",
    has_succeeded: bool = True,
    megabytes: int = 100,
) -> Sample:
    """Return one run; it stores 1,000 bytes."""
    usage = Usage(0 if has_succeeded else 1, seconds, seconds / 2, seconds / 4, megabytes * 10**6)
    return Sample(session, subject, graph, contender, has_succeeded, usage, 1_000)


def archive(gzip_bytes: int | None) -> Archive:
    return Archive(SESSION, SMALL, "APOC export", gzip_bytes)


def compared(*records: Record) -> Comparison:
    [comparison] = comparisons(records)
    return comparison


def verdicts(*records: Record) -> dict[str, str]:
    """Return the verdict on each goal that something is said of, by its text."""
    found = findings(comparisons(records))
    return {each.goal.text: each.verdict for each in found if each.verdict != "not measured"}


def test_seconds_are_medians_and_memory_is_the_most() -> None:
    runs = [sample(OURS, seconds, megabytes=100 - int(seconds)) for seconds in (9.0, 1.0, 2.0)]
    figures = compared(*runs).figures[OURS]
    assert (figures.wall_seconds, figures.client_seconds, figures.server_seconds) == (2, 1, 0.5)
    assert figures.peak_bytes == 99 * 10**6


def test_a_ratio_is_how_many_times_our_time_a_contender_takes() -> None:
    comparison = compared(sample(OURS, 2), sample(APOC_FILE, 7))
    assert comparison.ratio(APOC_FILE) == 3.5
    assert comparison.ratio(FLOOR) is None


def test_one_failure_among_its_runs_makes_a_contender_fail() -> None:
    runs = [sample(APOC_FILE, 7), sample(APOC_FILE, 7, has_succeeded=False)]
    assert compared(sample(OURS, 2), *runs).ratio(APOC_FILE) is None


def test_of_a_graph_that_was_measured_twice_only_the_last_run_counts() -> None:
    runs = [sample(OURS, 2), sample(APOC_FILE, 7), sample(OURS, 1, session=LATER)]
    figures = compared(*runs).figures
    assert list(figures) == [OURS]
    assert figures[OURS].wall_seconds == 1


def test_a_further_entity_costs_the_difference_of_two_sizes() -> None:
    smaller, larger = comparisons([sample(OURS, 4, MIDDLE), sample(OURS, 1, SMALL)])
    assert marginal_seconds(smaller, larger) == pytest.approx(0.001)


@pytest.mark.parametrize(("seconds", "verdict"), [(2.0, "reached"), (1.9, "not reached")])
def test_a_peer_has_to_take_at_least_so_many_times_as_long(seconds: float, verdict: str) -> None:
    found = verdicts(sample(OURS, 1, LARGER), sample(APOC_FILE, seconds, LARGER))
    assert found[FASTER] == verdict


@pytest.mark.parametrize(("seconds", "verdict"), [(1.5, "reached"), (1.51, "not reached")])
def test_we_may_take_so_many_times_the_floor(seconds: float, verdict: str) -> None:
    found = verdicts(sample(OURS, seconds, LARGEST), sample(FLOOR, 1, LARGEST))
    assert found["times the wall time of a bare read"] == verdict


@pytest.mark.parametrize(("gzip_bytes", "verdict"), [(910, "reached"), (900, "not reached")])
def test_the_archive_is_compared_with_what_gzip_makes_of_it(gzip_bytes: int, verdict: str) -> None:
    found = verdicts(archive(gzip_bytes), sample(OURS, 1))
    assert found["times the bytes of `gzip -6`"] == verdict


def test_a_peer_that_fails_is_no_comparison() -> None:
    runs = [
        sample(OURS, 1, subject="restore"),
        sample(SHELL_ON_APOC, 177, subject="restore", has_succeeded=False),
    ]
    assert verdicts(*runs)["times as fast as cypher-shell on APOC's script"] == "no comparison"
    assert "fails after 177" in results([MACHINE, *runs], plot=None)


@pytest.mark.parametrize(("seconds", "verdict"), [(6.0, "reached"), (9.0, "not reached")])
def test_growth_is_a_straight_line_if_further_entities_cost_the_same(
    seconds: float, verdict: str
) -> None:
    runs = (sample(OURS, 1, SMALL), sample(OURS, 2.5, MIDDLE), sample(OURS, seconds, LARGE))
    [found] = [text for name, text in verdicts(*runs).items() if "a straight line" in name]
    assert found == verdict


def test_two_sizes_make_no_line() -> None:
    runs = (sample(OURS, 1, SMALL), sample(OURS, 2, MIDDLE))
    assert not [name for name in verdicts(*runs) if "a straight line" in name]


def test_a_goal_that_nothing_was_measured_for_is_in_the_table() -> None:
    table = goals([MACHINE, sample(OURS, 1, LARGER)])
    assert f"| at least 2 {FASTER} |  | not measured |" in table


def test_a_goal_for_a_size_says_nothing_of_other_sizes() -> None:
    assert FASTER not in verdicts(sample(OURS, 1), sample(APOC_FILE, 3))


@pytest.mark.parametrize(("seconds", "verdict"), [(24, "reached"), (25, "not reached")])
def test_an_entity_costs_the_client_s_time_of_all_by_their_number(
    seconds: float, verdict: str
) -> None:
    found = verdicts(sample(OURS, seconds, LARGEST))
    assert found["µs of client CPU for an entity"] == verdict


def test_without_any_measurement_there_is_no_table() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        results([MACHINE], plot=None)


def test_records_come_back_from_their_file(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results.jsonl")
    for record in (MACHINE, archive(None), sample(OURS, 1.5)):
        journal.add(record)
    with (tmp_path / "results.jsonl").open(encoding="utf-8") as lines:
        assert read_records(lines) == journal.records


@pytest.mark.parametrize("line", ['{"Sample": {"session": "x"}}', '{"Other": {}}', "{}", "1 2"])
def test_a_line_that_is_no_record_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="no record"):
        read_records([line])


def test_the_project_has_documents_to_write_into() -> None:
    for section, document in ((RESULTS, DOCUMENT), (GOALS, goals_beside(DOCUMENT))):
        assert section.replaced(document.read_text(encoding="utf-8"), "a figure").count("a figure")


def test_the_drawing_shows_each_graph_and_is_the_same_each_time() -> None:
    other = replace(SMALL, name="graphiti")
    found = comparisons([sample(OURS, 1), sample(OURS, 2, LARGE), sample(OURS, 3, other)])
    drawing = draw(found)
    assert drawing == draw(found)
    texts = [element.text for element in ET.fromstring(drawing).iter() if element.text]  # noqa: S314
    assert {"social: seconds", "graphiti: seconds", "this service"} <= set(texts)


def test_a_size_to_back_up_and_to_restore_is_one_graph() -> None:
    social = ["--social", "3000,1000", "--restore-social", "3000"]
    options = parse_arguments([*social, "--graphiti", "0", "--restore-graphiti", "5"])
    assert options.scales == (
        Scale("social", 1_000, is_backed_up=True, is_restored=False, is_incremented=False),
        Scale("social", 3_000, is_backed_up=True, is_restored=True, is_incremented=False),
        Scale("graphiti", 5, is_backed_up=False, is_restored=True, is_incremented=False),
    )


def test_above_a_size_there_are_no_peers() -> None:
    options = parse_arguments(["--largest-peer", "1000"])
    assert (options.has_peers(1_000), options.has_peers(1_001)) == (True, False)
    assert parse_arguments([]).has_peers(10**9)


def test_writing_means_the_projects_document_unless_another_is_named() -> None:
    assert parse_arguments([]).document is None
    assert parse_arguments(["--write"]).document == DOCUMENT
    assert parse_arguments(["--write", "page.md"]).document == Path("page.md")


@pytest.mark.parametrize("arguments", ["--repeat 0", "--social -1", "--social 1,,2", "--social x"])
def test_a_number_that_means_nothing_is_refused(arguments: str) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(arguments.split())
