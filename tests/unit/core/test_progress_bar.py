"""Progress bars, and the log above them, on a real terminal."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.terminal import Shown, run_on_terminal
from tests.unit import process

COUNTING = """
import logging, sys, threading, time
sys.path.insert(0, sys.argv[1])
from neo4j_r2.core.log import LogStyle, set_up
from neo4j_r2.run.progress import Countdown
set_up(sys.argv[3] if len(sys.argv) > 3 else "info", LogStyle(sys.argv[2]))
log = logging.getLogger("neo4j_r2.test")

def talk(name):
    for number in range(20):
        log.info("line %d of %s, a long one: %s", number, name, "x" * 100)

with Countdown("Checked", 1_000, lambda: None, interval_seconds=60) as countdown:
    threads = [threading.Thread(target=talk, args=(name,)) for name in "ab"]
    [thread.start() for thread in threads]
    for _ in range(10):
        countdown.add(50)
        time.sleep(0.06)
    with Countdown("Built", 7, lambda: None) as inner:
        inner.add(7)
    [thread.join() for thread in threads]
log.info("done")
print("rich" in sys.modules)
"""

EXPORTING = """
import sys, time
sys.path.insert(0, sys.argv[1])
from neo4j_r2.core.log import LogStyle, set_up
from neo4j_r2.run.progress import Progress
set_up("info", LogStyle("text"))
with Progress(4_123, lambda: None) as progress:
    for size in (400, 99_600):
        time.sleep(0.3)
        progress.add(2_000)
        time.sleep(0.3)
        progress.stored(size)
    time.sleep(0.3)
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(COUNTING, encoding="utf-8")
    return path


def shown(program: Path, *arguments: str, in_foreground: bool = True, **variables: str) -> Shown:
    return run_on_terminal(
        program,
        str(process.ROOT),
        *arguments,
        directory=program.parent,
        environment={**os.environ, "TERM": "xterm-256color", **variables},
        columns=200,
        in_foreground=in_foreground,
    )


def plain(written: str) -> str:
    """Return a text without the sequences for colours and for the cursor."""
    return re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", written)


def test_a_bar_shows_what_is_done_the_rate_and_the_time_left(program: Path) -> None:
    text = plain(shown(program, "text").written)
    assert re.search(r"Checked +[━╸╺]+ +\d+% [\d,]+/1,000  [\d,]+/s +\d+:\d\d", text)
    assert "Built" in text


def test_the_bar_of_an_export_shows_no_size_before_something_is_stored(program: Path) -> None:
    program.write_text(EXPORTING, encoding="utf-8")
    text = plain(shown(program).written)
    assert re.search(r" 2,000/4,123  [\d,]+/s ", text)
    assert re.search(r" 4,000/4,123  [\d,]+/s  0\.10 MB ", text)
    assert "0.00 MB" not in text


def test_the_log_stays_whole_above_the_bars_and_nothing_of_them_is_left(program: Path) -> None:
    result = shown(program, "text")
    assert result.exit_code == 0
    lines = [f"[INFO] line {number} of {name}, a long one: {'x' * 100}"
             for name in "ab" for number in range(20)]  # fmt: skip
    assert sorted(result.lines) == sorted([*lines, "[INFO] done", "True"])
    assert result.lines[-2:] == ["[INFO] done", "True"]
    assert result.written.rindex("\x1b[?25h") > result.written.rindex("\x1b[?25l"), (
        "the cursor is shown again"
    )


@pytest.mark.parametrize(
    ("arguments", "in_foreground"),
    [(["json"], True), (["text", "warning"], True), (["text"], False)],
    ids=["json", "warnings only", "in the background"],
)
def test_there_is_no_bar_and_no_library_where_nobody_looks_at_it(
    program: Path, arguments: list[str], in_foreground: bool
) -> None:
    result = shown(program, *arguments, in_foreground=in_foreground)
    assert result.exit_code == 0
    assert "\x1b" not in result.written
    assert "Checked" not in result.written
    assert result.lines[-1] == "False"


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(program: Path) -> None:
    result = shown(program, "text", TERM="dumb")
    assert "\x1b" not in result.written
    assert result.lines[-2] == "[INFO] done"


def test_a_pipe_gets_the_lines_of_the_log_and_no_library_is_loaded() -> None:
    finished = process.run(COUNTING, str(process.ROOT), "text")
    assert finished.stdout == "False\n"
    assert len(finished.stderr.splitlines()) == 41
    assert all(line.startswith("[INFO] ") for line in finished.stderr.splitlines())


@pytest.mark.parametrize("command", ["backup", "restore", "verify", "health", "supervise"])
def test_no_command_that_runs_by_itself_loads_the_library(command: str) -> None:
    code = f"import sys, neo4j_r2.commands.{command}; print('rich' in sys.modules)"
    assert process.run(code).stdout == "False\n"
