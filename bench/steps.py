"""The steps of a restore with nothing left to decode, in a file that a floor reads.

What an archive holds is turned into them elsewhere: a floor is to load as little as it can.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Nodes:
    """A query whose rows begin with their number; it returns pairs of that and the new id."""

    query: str
    identities: Sequence[Any]
    """Of each row's node, as relationships name it."""
    rows: list[list[Any]]


@dataclass(frozen=True)
class Relationships:
    """A query whose rows have two ids before what is here."""

    query: str
    starts: Sequence[Any]
    ends: Sequence[Any]
    rows: list[list[Any]]


Step = Nodes | Relationships | str
"""A string is a statement of the schema."""


def write_steps(steps: Iterable[Step], path: Path) -> None:
    """Write steps into a file."""
    with path.open("wb") as file:
        for step in steps:
            pickle.dump(step, file, pickle.HIGHEST_PROTOCOL)


def read_steps(path: Path) -> Iterator[Step]:
    """Yield the steps that a file holds."""
    with path.open("rb") as file:
        while file.peek(1):
            step: Step = pickle.load(file)  # noqa: S301 - which `write_steps` has just made
            yield step
