"""The lines that notifications of all kinds have in common; each is printable and not too long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

_TIME: Final = "%Y-%m-%d %H:%M:%S"
_LONGEST_LINE: Final = 500
_LONGEST_LIST: Final = 120
WHERE_TO_LOOK: Final = "Where to look: docker-compose logs neo4j-backup; Exit codes in README.md"


def titled(outcome: str, databases: Sequence[str]) -> str:
    """Return a title: how something ended, and for which databases, if any are known.

    :param outcome: as in "Backup failed".
    """
    names = ", ".join(databases)
    return f"{outcome}: {line(names, _LONGEST_LIST)}" if names else outcome


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
