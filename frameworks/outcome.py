"""What came of the trial of one library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from frameworks.library import Library

Check = Literal["backup", "drill", "restore", "cypher-shell", "answers", "goes on"]
CHECKS: Final[tuple[Check, ...]] = (
    "backup", "drill", "restore", "cypher-shell", "answers", "goes on",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How large the library's graph is."""

    nodes: int
    relationships: int
    schema: int
    """How many constraints and indexes there are, without the two that each database has."""


@dataclass(frozen=True)
class Outcome:
    """What was found, check by check."""

    library: Library
    size: Size | None
    """None if the library could not write."""
    problems: Mapping[Check, Sequence[str]]
    """What is wrong, nothing if all is well. A check that was not reached is missing."""

    @property
    def has_passed(self) -> bool:
        """Whether every check was reached, and found nothing wrong."""
        return all(not self.problems.get(check, ["not reached"]) for check in CHECKS)
