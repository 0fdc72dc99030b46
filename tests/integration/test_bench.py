"""The benchmark from its command line to its document, on a graph that takes seconds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.__main__ import GOALS, RESULTS, goals_beside
from testbed.neo4j_server import QUICK_START
from tests.unit.process import ROOT

_SECONDS: Final = 600
_TINY: Final = (
    *("--social", "300", "--restore-social", "300", "--graphiti", "0", "--restore-graphiti", "0"),
    *("--repeat", "1", "--warm-up", "0", "--skip-slow"),
)
_QUICK_START: Final = {"JAVA_TOOL_OPTIONS": " ".join(QUICK_START)}
"""For the servers: a third less work on a graph of this size, and other figures."""
_CONTENDERS: Final = (
    "**this service**",
    "APOC to a file, `gzip`, upload",
    "APOC's stream through `gzip`, upload",
    "floor: a bare read",
    "`gzip -6` of this service's text",
    "**`backup.py restore`**",
    "cypher-shell on this service's archive",
    "floor: the bare driver",
)


def bench(*arguments: str) -> None:
    """Run the benchmark, which has to succeed."""
    finished = subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=ROOT,
        env={**os.environ, **_QUICK_START},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr


def page(directory: Path, name: str) -> Path:
    path = directory / name / "page.md"
    path.parent.mkdir()
    for document, section in ((path, RESULTS), (goals_beside(path), GOALS)):
        document.write_text(f"# Figures\n\n{section.begin}\n{section.end}\n", encoding="utf-8")
    return path


def test_a_bench_run_writes_a_page_that_its_records_can_reproduce(
    tmp_path: Path,
) -> None:
    results = tmp_path / "results.jsonl"
    measured, rendered = page(tmp_path, "measured"), page(tmp_path, "rendered")

    bench(*_TINY, "--json", str(results), "--write", str(measured))
    bench("--from-json", str(results), "--write", str(rendered))

    text = measured.read_text(encoding="utf-8")
    assert [label for label in _CONTENDERS if f"| {label} |" not in text] == []
    assert "fails after" not in text
    assert rendered.read_text(encoding="utf-8") == text
    goals = goals_beside(measured).read_text(encoding="utf-8")
    assert "not measured" in goals
    assert goals_beside(rendered).read_text(encoding="utf-8") == goals
    drawing = measured.with_suffix(".svg").read_bytes()
    assert rendered.with_suffix(".svg").read_bytes() == drawing
