"""Figures as people are shown them: counts, sizes and lengths of time, each in one style.

The specification's lines of the log keep their own style, such as "1 old backups removed". Places,
such as a line or a byte of a file, have no separators: people paste them into other programs.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_UNITS: Final = ("kB", "MB", "GB", "TB", "PB", "EB")
_STEP: Final = 1000


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number and what it counts, as in "1 backup" and "1,200 backups".

    :param many: the words behind any number but 1; by default, `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def graph_size(nodes: int, relationships: int) -> str:
    """Return how large a graph is, as in "1,200 nodes, 1 relationship"."""
    return f"{counted(nodes, 'node')}, {counted(relationships, 'relationship')}"


def entity_count(number: int) -> str:
    """Return how many nodes and relationships there are together."""
    return counted(number, "entity", "entities")


def megabytes(size: int) -> str:
    """Return a size for people, in MB of 1,000,000 bytes."""
    return f"{size / 1e6:.2f} MB"


def size_text(size: int) -> str:
    """Return a size for people, in the unit of 1,000 bytes and their like that fits."""
    if size < _STEP:
        return counted(size, "byte")
    power = 1
    while size >= _STEP ** (power + 1) and power < len(_UNITS):
        power += 1
    return f"{size / _STEP**power:,.2f} {_UNITS[power - 1]}"


def duration(span: timedelta) -> str:
    """Return a length of time for people, in at most two units."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days:,} d {hours} h"
