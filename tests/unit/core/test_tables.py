"""Tables and bars on standard output."""

from __future__ import annotations

import io

from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from neo4j_r2.core.tables import bar, columns, plain, table, terminal
from tests.unit import process

ASCII_PIPE = """
from neo4j_r2.core.tables import bar, show, table
show(table(["A", "B"], [["x", bar(1, 2)], ["[b]y[/b] :smile:", ""]]), "end")
"""


@given(st.lists(st.floats(0, 1e12), min_size=1))
@example([5e-324, 1e12])
def test_a_bar_is_as_long_as_its_share_and_only_0_has_none(values: list[float]) -> None:
    highest = max(values)
    lines = plain(columns([[bar(value, highest)] for value in values])).split("\n")
    bars = [2 * line.count("━") + line.count("╸") for line in lines[:-1]]
    assert [each > 0 for each in bars] == [value > 0 for value in values]
    assert max(bars) == (20 if highest > 0 else 0)
    assert sorted(bars) == [each for _, each in sorted(zip(values, bars, strict=True))]


def test_a_pipe_is_never_too_narrow() -> None:
    long = "word " * 500
    text = plain(table(["A", "B"], [["a", long.strip()]], wrapped=["B"]))
    assert text.splitlines()[1] == f"a  {long}".rstrip()


def test_a_terminal_wraps_only_the_columns_that_may_be_wrapped() -> None:
    made = table(["A", "B"], [["a" * 30, "word " * 10]], wrapped=["B"])
    lines = plain(made, console=terminal(60)).splitlines()
    assert lines[1].startswith("a" * 30 + "  word")
    assert len(lines) == 3
    assert max(map(len, lines)) <= 60


def test_a_column_that_is_not_wrapped_is_never_cut_off() -> None:
    made = table(["A", "B"], [["a" * 90, "b"]], wrapped=["B"])
    assert plain(made, console=terminal(60)).splitlines()[1] == "a" * 90 + "  b"


def test_a_pipe_that_takes_only_ascii_gets_bars_of_ascii_and_text_as_it_is() -> None:
    finished = process.run(f"import sys; sys.stdout.reconfigure(encoding='ascii'){ASCII_PIPE}")
    assert finished.stderr == ""
    assert finished.stdout.splitlines() == [
        "A                 B",
        "x                 -----",
        "[b]y[/b] :smile:",
        "",
        "end",
    ]


def test_headings_stand_out_on_a_terminal_and_not_in_a_pipe() -> None:
    made = table(["A"], [["a"]])
    output = io.StringIO()
    Console(file=output, force_terminal=True, color_system="standard", width=80).print(made)
    assert "\x1b[1mA" in output.getvalue()
    assert "\x1b" not in plain(made)
