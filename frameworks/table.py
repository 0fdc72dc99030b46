"""The outcomes as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from frameworks.outcome import CHECKS, Check, Outcome
from testbed import jars

_PASSED: Final[dict[Check, str]] = {
    "backup": "made",
    "drill": "exact",
    "restore": "exact",
    "cypher-shell": "exact",
    "answers": "the same",
    "goes on": "yes",
}
_FAILED: Final = "**no**"
_NOT_REACHED: Final = "not tried"


def section(outcomes: Sequence[Outcome], day: str) -> str:
    """Return what a run found, what failed, and what each library did."""
    parts = [
        f"Tried on {day} with Neo4j Community {jars.version('neo4j')} and APOC "
        f"{jars.version('apoc')}.",
        table(outcomes),
        "\n".join(problems(outcomes)),
        "\n".join(f"- **{each.library.title}:** {each.library.about}" for each in outcomes),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def table(outcomes: Iterable[Outcome]) -> str:
    """Return a row for each library."""
    head = ("library", "nodes", "relationships", "schema", *CHECKS)
    rules = ("---", "---:", "---:", "---:", *("---" for _ in CHECKS))
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *map(_row, outcomes)))


def problems(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a line for each thing that is wrong."""
    return [
        f"- {each.library.title}, {check}: {problem}"
        for each in outcomes
        for check in CHECKS
        for problem in each.problems.get(check, ())
    ]


def _row(outcome: Outcome) -> Sequence[str]:
    size = outcome.size
    numbers = (size.nodes, size.relationships, size.schema) if size else ("", "", "")
    return (
        outcome.library.title,
        *map(str, numbers),
        *(_cell(outcome, check) for check in CHECKS),
    )


def _cell(outcome: Outcome, check: Check) -> str:
    found = outcome.problems.get(check)
    if found is None:
        return _NOT_REACHED
    return _FAILED if found else _PASSED[check]
