"""Lists of ids as text: runs of ids that follow each other, as in ``0-127,130,140-141``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from neo4j_r2.archive.text.rows import EntityKind
from neo4j_r2.core.errors import CorruptError

MOST_IDS: Final = 8192
"""A list has at most this many ids: those of one block."""
IDS: Final = "// ids "
"""Begins the line with the ids of relationships, in the order of their rows. No statement has them,
because a restored relationship gets an id of its own."""
GONE_IDS: Final[dict[EntityKind, str]] = {
    "node": "// gone nodes ",
    "relationship": "// gone relationships ",
}
"""Begins the line of an increment with the ids that are no more."""
_RUN: Final = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")


def runs_text(ids: Sequence[int]) -> str:
    """Return ids, at least one, in their own order."""
    breaks = [place for place, (one, two) in enumerate(pairwise(ids), 1) if two != one + 1]
    starts, ends = [0, *breaks], [*breaks, len(ids)]
    return ",".join(
        str(ids[start]) if end - start == 1 else f"{ids[start]}-{ids[end - 1]}"
        for start, end in zip(starts, ends, strict=True)
    )


def read_runs(text: str) -> list[int]:
    """Return the ids that a text lists.

    :raises CorruptError: if `runs_text` would not write it, or if there are too many.
    """
    ids: list[int] = []
    for run in _runs(text.split(",")):
        if len(ids) + len(run) > MOST_IDS:
            raise CorruptError(f"a list of more than {MOST_IDS:,} ids")
        ids += run
    if not ids or runs_text(ids) != text:  # 2-1 lists none
        raise CorruptError("a list of ids is not one of this service")
    return ids


def _runs(runs: Iterable[str]) -> Iterator[range]:
    for run in runs:
        match = _RUN.fullmatch(run)
        if match is None:
            raise CorruptError("a list of ids is not one of this service")
        yield range(int(match[1]), int(match[2] or match[1]) + 1)
