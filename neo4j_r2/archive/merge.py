"""Merges the archives of a restore point by id, as streams: the newest row of an id wins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from neo4j_r2.archive.text.rows import Rows, by_shape


@dataclass(frozen=True)
class Piece:
    """All that one archive says of some ids. Nothing of it is empty as a whole."""

    rows: Sequence[Rows]
    """The rows of a shape are in ascending order of their ids."""
    gone: Sequence[int] = ()
    """Ids that are no more, in ascending order."""

    @property
    def first(self) -> int:
        """The lowest id."""
        return min(chain((rows.ids[0] for rows in self.rows), self.gone[:1]))

    @property
    def last(self) -> int:
        """The highest id."""
        return max(chain((rows.ids[-1] for rows in self.rows), self.gone[-1:]))

    def cut_behind(self, last: int) -> tuple[Piece | None, Piece | None]:
        """Return what it says of ids up to the last, and of the others; None for nothing."""
        halves = [rows.cut_behind(last) for rows in self.rows]
        place = bisect_right(self.gone, last)
        low = Piece([rows for rows, _ in halves if rows], self.gone[:place])
        high = Piece([rows for _, rows in halves if rows], self.gone[place:])
        return low or None, high or None

    def __bool__(self) -> bool:
        return bool(self.rows or self.gone)


def merged(archives: Iterable[Iterator[Piece]]) -> Iterator[list[Rows]]:
    """Yield the rows that are left of several archives; none of the lists is empty.

    Holds a piece of each archive. The ids of each list are above those of the list before, and no
    two rows of a list have one shape.

    :param archives: oldest first. The ids of a piece are above those of the piece before.
    """
    for parts in in_step(archives):
        if rows := by_shape(_newest([part for part in parts if part])):
            yield rows


def in_step(archives: Iterable[Iterator[Piece]]) -> Iterator[list[Piece | None]]:
    """Yield what each archive says of some ids, None for nothing; then of the ids above them."""
    heads = [_Head(pieces) for pieces in archives]
    while waiting := [head.piece for head in heads if head.piece]:
        last = min(piece.last for piece in waiting)
        yield [head.take(last) for head in heads]


def _newest(parts: Sequence[Piece]) -> Iterator[Rows]:
    """Yield the newest row of each id that is not gone.

    :param parts: oldest first.
    """
    if len(parts) == 1:
        yield from parts[0].rows
        return
    known: set[int] = set()
    for part in reversed(parts):
        for rows in part.rows:
            if left := rows.chosen([number not in known for number in rows.ids]):
                yield left
        known.update(part.gone, *(rows.ids for rows in part.rows))


class _Head:
    """The next piece of an archive."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self.piece = next(pieces, None)
        """What is to be taken next; None at the end."""

    def take(self, last: int) -> Piece | None:
        """Return what the archive says of ids up to the last, which is within its next piece."""
        if self.piece is None:
            return None
        taken, self.piece = self.piece.cut_behind(last)
        if self.piece is None:
            self.piece = next(self._pieces, None)
        return taken
