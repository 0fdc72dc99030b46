"""What notifications of all kinds have in common; each line is printable and not too long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

from neo4j_r2.core.figures import counted
from neo4j_r2.run.ending import killed_text
from neo4j_r2.run.report import EndedRun

_TIME: Final = "%Y-%m-%d %H:%M:%S"
_LONGEST_LINE: Final = 500
_LONGEST_LIST: Final = 120
SECTIONS: Final = 20
"""Of how many databases a notification tells."""
_WHERE_TO_LOOK: Final = "Where to look: docker-compose logs neo4j-backup; Exit codes in README.md"


def titled(outcome: str, databases: Sequence[str]) -> str:
    """Return a title: how something ended, and for which databases, if any are known.

    :param outcome: as in "Backup failed".
    """
    names = ", ".join(databases)
    return f"{outcome}: {line(names, _LONGEST_LIST)}" if names else outcome


def opening(what: str, run: EndedRun, errors: Sequence[str]) -> list[str]:
    """Return the first paragraphs: that the run before was killed, and why this one failed.

    :param what: what is told of, as in "run".
    :param errors: of each database; if there is only one, its error is not told twice.
    """
    paragraphs = []
    if run.killed_before:
        killed = killed_text(run.kill_reason)
        paragraphs.append(line(f"The {what} that began at {utc(run.killed_before)} was {killed}"))
    if run.exit_code and (len(errors) != 1 or run.error not in errors):
        paragraphs.append(error_line(run.exit_code, run.error))
    return paragraphs


def sections(databases: Sequence[Iterable[str]]) -> list[str]:
    """Return a paragraph for each of the first databases, and how many more there are.

    :param databases: the lines of each.
    """
    paragraphs = ["\n".join(lines) for lines in databases[:SECTIONS]]
    more = len(databases) - SECTIONS
    return [*paragraphs, f"and {counted(more, 'more database')}"] if more > 0 else paragraphs


def closing(host: str, label: str, time: datetime, *, is_good: bool) -> str:
    """Return the last paragraph: where to look unless all is good, the host and a time."""
    lines = [line(f"Host: {host}"), f"{label}: {utc(time)}"]
    return "\n".join(lines if is_good else [_WHERE_TO_LOOK, *lines])


def error_line(exit_code: int, error: str) -> str:
    """Return the line of an error."""
    return line(f"Error (exit {exit_code}): {error}")


def utc(time: datetime) -> str:
    """Return a time as notifications show it: in UTC."""
    return f"{time.astimezone(UTC):{_TIME}} UTC"


def line(text: str, longest: int = _LONGEST_LINE) -> str:
    """Return a text as one printable line, cut off if it is too long."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return shown if len(shown) <= longest else f"{shown[: longest - 3]}..."
