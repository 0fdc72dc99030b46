"""Reads values from the JSON of the state directory's files, and refuses values of other types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any


def read_time(text: str) -> datetime:
    """Return a time of ISO 8601 with its zone.

    :raises ValueError: if it is none.
    """
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(text)
    return time


def read_whole(number: object) -> int:
    """Return a whole number; `isinstance` would let `true` pass, which is an int to Python.

    :raises TypeError: if it is none.
    """
    if type(number) is not int:
        raise TypeError(number)
    return number


def read_seconds(number: object) -> float:
    """Return a number of seconds.

    :raises TypeError: if it is none.
    """
    if type(number) not in (int, float):
        raise TypeError(number)
    return float(number)  # type: ignore[arg-type]


def read_text(text: object) -> str:
    """Return a text.

    :raises TypeError: if it is none.
    """
    if type(text) is not str:
        raise TypeError(text)
    return text


def read_counts(content: Mapping[str, Any]) -> dict[str, int]:
    """Return how often each kind was counted.

    :raises TypeError: if one is no whole number.
    """
    return {kind: read_whole(count) for kind, count in content.items()}
