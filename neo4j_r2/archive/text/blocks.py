"""Blocks: the rows of a fixed range of internal ids.

A block whose rows hold more text than `BLOCK_CHARACTERS` is halved, again and again. So whether a
range is one block depends on nothing but the entities in it. A block that nobody wrote to is the
same block in the next backup.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.text.rows import ID, SIZE, Row

BLOCK_IDS: Final = 8192
"""Ids in a block that was never halved; a power of two."""
BLOCK_CHARACTERS: Final = 1024 * 1024
"""A block with more characters of cells is halved, down to a single entity."""


@dataclass(frozen=True)
class RowBlock:
    """All rows of the ids `first` to `last`, both included, in ascending order of their ids."""

    first: int
    last: int
    rows: Sequence[Row]


def blocks(chunks: Iterable[list[Row]]) -> Iterator[RowBlock]:
    """Gather rows, which come in ascending order of their ids, into blocks; none is empty.

    Holds no more than `BLOCK_CHARACTERS` of cells and one chunk.
    """
    source = _RowQueue(chunks)
    while rows := source.take():
        source.give_back(rows)
        first = rows[0].id // BLOCK_IDS * BLOCK_IDS
        yield from _split(first, first + BLOCK_IDS - 1, source)


def _split(first: int, last: int, source: _RowQueue) -> Iterator[RowBlock]:
    taken: list[Row] = []
    size = 0
    while size <= BLOCK_CHARACTERS and (rows := source.take(last)):
        taken += rows
        size += sum(map(SIZE, rows))
    if size <= BLOCK_CHARACTERS or first == last:
        if taken:
            yield RowBlock(first, last, taken)
        return
    source.give_back(taken)
    middle = (first + last) // 2
    yield from _split(first, middle, source)
    yield from _split(middle + 1, last, source)


class _RowQueue:
    """The rows still to come: taken up to an id, and given back if a range must be halved."""

    def __init__(self, chunks: Iterable[list[Row]]) -> None:
        self._chunks = iter(chunks)
        self._ahead: list[Row] = []

    def take(self, last: int | None = None) -> list[Row]:
        """Return some of the next rows, of ids up to `last`; an empty list if there are none."""
        while not self._ahead:
            chunk = next(self._chunks, None)
            if chunk is None:
                return []
            self._ahead = chunk
        rows, self._ahead = self._ahead, []
        if last is not None and rows[-1].id > last:
            end = bisect_right(rows, last, key=ID)
            rows, self._ahead = rows[:end], rows[end:]
        return rows

    def give_back(self, rows: list[Row]) -> None:
        """Make `rows` the next ones again."""
        self._ahead = rows + self._ahead
