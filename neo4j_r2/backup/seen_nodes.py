"""The nodes that a walk has read: a set of internal ids that is small and quick to ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


class SeenNodes:
    """A set of ids. They are mostly without gaps from 0; one bit for each id behind the first gap.

    Most databases have no gap, since Neo4j uses an id again when its node was deleted. Then a whole
    column of ids is looked up by its largest one.
    """

    def __init__(self) -> None:
        self._end = 0
        """All ids below are in the set."""
        self._bits = bytearray()
        """Bit i stands for the id `_end` + i, from the first gap on."""

    def add(self, columns: Sequence[Sequence[int]]) -> None:
        """Add ids that are not in the set.

        :param columns: each is in ascending order, and not empty.
        """
        lowest, highest = min(ids[0] for ids in columns), max(ids[-1] for ids in columns)
        is_next = not self._bits and lowest == self._end
        if is_next and highest - lowest + 1 == sum(map(len, columns)):
            self._end = highest + 1
            return
        bits, end = self._bits, self._end
        bits.extend(bytes(max(0, (highest - end >> 3) + 1 - len(bits))))
        for ids in columns:
            for number in ids:
                place = number - end
                bits[place >> 3] |= 1 << (place & 7)

    def missing(self, columns: Iterable[Sequence[int]]) -> set[int]:
        """Return those of the ids that are not in the set."""
        beyond = [ids for ids in columns if max(ids) >= self._end]
        bits, length = self._bits, 8 * len(self._bits)
        places = (number - self._end for number in set().union(*beyond) if number >= self._end)
        return {
            self._end + place
            for place in places
            if place >= length or not bits[place >> 3] >> (place & 7) & 1
        }
