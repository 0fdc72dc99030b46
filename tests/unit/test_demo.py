"""The demo runs the Neo4j that it is asked for, or none."""

from __future__ import annotations

import re

import pytest

from testbed import jars
from testbed.demo import DemoError, is_calendar
from tests.unit.process import run

LTS, CALENDAR = jars.version("neo4j"), jars.version("neo4j-calendar")
YEAR = CALENDAR.partition(".")[0]


@pytest.mark.parametrize("version", ["5", "5.26", LTS])
def test_a_version_of_the_lts_is_known(version: str) -> None:
    assert not is_calendar(version)


@pytest.mark.parametrize("version", [YEAR, CALENDAR])
def test_a_version_of_the_calendar_release_is_known(version: str) -> None:
    assert is_calendar(version)


@pytest.mark.parametrize("version", ["2025", "20", "202", "5.25", "5.26.1", "4", "latest", ""])
def test_another_version_is_not_known(version: str) -> None:
    with pytest.raises(DemoError, match=f"^NEO4J={re.escape(version)} is not known here: give 5 "):
        is_calendar(version)


def test_the_demo_refuses_a_version_in_one_line_before_it_starts_anything() -> None:
    finished = run("import runpy; runpy.run_module('testbed.demo', run_name='__main__')", "2025")
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert finished.stderr == (
        f"The demo failed: NEO4J=2025 is not known here: give 5 for {LTS}, or {YEAR} for "
        f"{CALENDAR}\n"
    )
