"""Compares two restore points of one database, entity by entity, while both are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.chain import PointBlock
from neo4j_r2.archive.difference import Difference, Row
from neo4j_r2.archive.manifest import Manifest
from neo4j_r2.archive.merge import Piece, in_step
from neo4j_r2.archive.text.blocks import BLOCK_IDS
from neo4j_r2.archive.text.rows import EntityKind, Rows

_LATE: Final = "late nodes"


@dataclass(frozen=True)
class Point:
    """A restore point that can be read by the ids of its entities."""

    blocks: Iterator[PointBlock]
    manifest: Manifest


def differences(old: Point, new: Point) -> Iterator[Difference]:
    """Yield what differs: nodes in order of their ids, then relationships, then late nodes.

    Late nodes stand behind all others. So a node that only one point has is not told before all is
    read, if the other has late nodes of about its id.
    """
    readers = [_Reader(point.blocks) for point in (old, new)]
    late_pages = _late_pages(old.manifest) | _late_pages(new.manifest)
    unsure: dict[int, Difference] = {}
    for each in _compared("node", [reader.nodes() for reader in readers]):
        if each.what != "changed" and each.id // BLOCK_IDS in late_pages:
            unsure[each.id] = each
        else:
            yield each
    yield from _compared("relationship", [reader.relationships() for reader in readers])
    late_old, late_new = (reader.late for reader in readers)
    for number in sorted({*unsure, *late_old, *late_new}):
        known = unsure.get(number)
        was = late_old.get(number) or (known.old if known else None)
        now = late_new.get(number) or (known.new if known else None)
        if was != now:
            yield Difference("node", number, was, now)


class _Reader:
    """The rows of a restore point. Exhaust `nodes`, then `relationships`; only then `late`."""

    def __init__(self, blocks: Iterator[PointBlock]) -> None:
        self._blocks = blocks
        self._next = next(blocks, None)
        self.late: dict[int, Row] = {}

    def nodes(self) -> Iterator[Piece]:
        """Yield all nodes but late ones."""
        while self._next and self._next.entity == "node" and not self._next.is_late:
            yield Piece(self._next.rows.rows)
            self._next = next(self._blocks, None)

    def relationships(self) -> Iterator[Piece]:
        """Yield all relationships, and collect the late nodes among them."""
        while self._next:
            if self._next.is_late:
                self.late.update(_by_id(self._next.rows.rows))
            else:
                yield Piece(self._next.rows.rows)
            self._next = next(self._blocks, None)


def _late_pages(manifest: Manifest) -> set[int]:
    """Return which ranges of ids have late nodes, by their number."""
    return {block.first // BLOCK_IDS for block in manifest.blocks if block.kind == _LATE}


def _compared(entity: EntityKind, points: Sequence[Iterator[Piece]]) -> Iterator[Difference]:
    for pieces in in_step(points):
        old, new = (_by_id(piece.rows) if piece else {} for piece in pieces)
        ids = old.keys() | new.keys()
        for number in sorted(each for each in ids if old.get(each) != new.get(each)):
            yield Difference(entity, number, old.get(number), new.get(number))


def _by_id(some: Sequence[Rows]) -> dict[int, Row]:
    by_id: dict[int, Row] = {}
    for rows in some:
        names = zip(*rows.names, strict=True)
        cells = zip(*rows.cells, strict=True) if rows.cells else [()] * len(rows)
        for number, some_names, some_cells in zip(rows.ids, names, cells, strict=True):
            by_id[number] = Row(rows.shape, some_names, some_cells)
    return by_id
