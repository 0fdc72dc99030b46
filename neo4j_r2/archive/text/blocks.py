"""Blocks: the rows of a fixed range of internal ids.

A block whose rows hold more text than `BLOCK_CHARACTERS` is halved, again and again. So whether a
range is one block depends on nothing but the entities in it. A block that nobody wrote to is the
same block in the next backup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.text.rows import Rows

BLOCK_IDS: Final = 8192
"""Ids in a block that was never halved; a power of two."""
BLOCK_CHARACTERS: Final = 1024 * 1024
"""How many characters of cells a block of a full archive has at most."""
INCREMENT_CHARACTERS: Final = 128 * 1024
"""The same of an increment: a reader holds a block of each archive that it merges."""


@dataclass(frozen=True)
class RowBlock:
    """All rows of the ids `first` to `last`, both included.

    Rows of one shape are in ascending order of their ids.
    """

    first: int
    last: int
    rows: Sequence[Rows]


def blocks(
    batches: Iterable[Sequence[Rows]], characters: int = BLOCK_CHARACTERS
) -> Iterator[RowBlock]:
    """Gather rows into blocks; none is empty.

    Holds no more than `characters` of cells and one batch.

    :param batches: the ids of each are above those of the batch before.
    :param characters: a block with more of them is halved, down to a single entity.
    """
    source = _RowQueue(batches)
    while rows := source.take():
        source.give_back(rows)
        first = min(each.ids[0] for each in rows) // BLOCK_IDS * BLOCK_IDS
        yield from _split(first, first + BLOCK_IDS - 1, source, characters)


def _split(first: int, last: int, source: _RowQueue, characters: int) -> Iterator[RowBlock]:
    taken: list[Rows] = []
    size = 0
    while size <= characters and (rows := source.take(last)):
        taken += rows
        size += sum(each.size for each in rows)
    if size <= characters or first == last:
        if taken:
            yield RowBlock(first, last, taken)
        return
    source.give_back(taken)
    middle = (first + last) // 2
    yield from _split(first, middle, source, characters)
    yield from _split(middle + 1, last, source, characters)


class _RowQueue:
    """The rows still to come: taken up to an id, and given back if a range must be halved."""

    def __init__(self, batches: Iterable[Sequence[Rows]]) -> None:
        self._batches = iter(batches)
        self._ahead: Sequence[Rows] = []

    def take(self, last: int | None = None) -> list[Rows]:
        """Return some of the next rows, of ids up to `last`; an empty list if there are none."""
        while not self._ahead:
            batch = next(self._batches, None)
            if batch is None:
                return []
            self._ahead = batch
        rows, self._ahead = list(self._ahead), []
        if last is not None and any(each.ids[-1] > last for each in rows):
            halves = [each.cut_behind(last) for each in rows]
            rows = [low for low, _ in halves if low]
            self._ahead = [high for _, high in halves if high]
        return rows

    def give_back(self, rows: Sequence[Rows]) -> None:
        """Make `rows` the next ones again."""
        self._ahead = [*rows, *self._ahead]
