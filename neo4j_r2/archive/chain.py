"""Reads a restore point of several archives: a full one, and the increments that came after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from neo4j_r2.archive.archive_rows import ArchiveRows
from neo4j_r2.archive.items import Item, NameList, SchemaStatement
from neo4j_r2.archive.merge import merged
from neo4j_r2.archive.row_batches import row_batches
from neo4j_r2.archive.row_hashes import RowSum, row_hashes
from neo4j_r2.archive.text.blocks import RowBlock, blocks
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import EntityKind, Rows


@dataclass(frozen=True)
class PointBlock:
    """A block of a restore point, cut as a full archive would be."""

    entity: EntityKind
    rows: RowBlock
    is_late: bool = False
    """Whether it holds nodes that come before the next relationships, out of their order."""


class Chain:
    """A restore point. Exhaust `blocks` before you read `removal_rows`, `schema` or `sums`."""

    def __init__(self, archives: Sequence[tuple[str, Iterable[bytes]]]) -> None:
        """Begin to read; memory then holds two blocks of each archive.

        :param archives: oldest first. Of each, its name in errors, and its text in pieces of whole
            lines.
        """
        self._archives = [ArchiveRows(label, texts) for label, texts in archives]
        self._newest = self._archives[-1]
        self.sums: dict[EntityKind, RowSum] = {"node": RowSum(), "relationship": RowSum()}
        """The sums of all rows that were read."""

    @property
    def names(self) -> Sequence[NameList]:
        """The names that the database has to know before it has any data."""
        return self._newest.names

    @property
    def schema(self) -> Sequence[SchemaStatement]:
        """What creates the constraints and indexes."""
        return self._newest.schema

    @property
    def restore_key(self) -> RestoreKey:
        """The newest archive's restore key, whose names the whole graph does not use.

        :raises CorruptError: if it has none.
        """
        return self._newest.restore_key

    @property
    def removal_rows(self) -> int:
        """From how many nodes one transaction removes the restore key."""
        return self._newest.removal_rows

    def blocks(self) -> Iterator[PointBlock]:
        """Yield all nodes but late ones, then the relationships with the late nodes among them.

        :raises CorruptError: if an archive is not one of this service.
        """
        nodes = [archive.nodes() for archive in self._archives]
        for block in blocks(self._summed("node", merged(nodes))):
            yield PointBlock("node", block)
        relationships = [archive.relationships() for archive in self._archives]
        for block in blocks(self._summed("relationship", merged(relationships))):
            yield from self._late_blocks()
            yield PointBlock("relationship", block)
        yield from self._late_blocks()

    def items(self) -> Iterator[Item]:
        """Yield what a restore of the whole point needs, in order.

        :raises CorruptError: if an archive is not one of this service.
        """
        yield from self.names
        for block in self.blocks():
            yield from row_batches(block.rows.rows)
        yield from self.schema

    def _late_blocks(self) -> Iterator[PointBlock]:
        """Yield the late nodes of the newest archive.

        It has every late node of the others as an ordinary one, or as one that is gone.
        """
        for archive in self._archives[:-1]:
            archive.late.clear()
        late = self._newest.late
        while late:
            for block in blocks(self._summed("node", [list(late.popleft().rows)])):
                yield PointBlock("node", block, is_late=True)

    def _summed(self, entity: EntityKind, batches: Iterable[list[Rows]]) -> Iterator[list[Rows]]:
        for batch in batches:
            for rows in batch:
                self.sums[entity].add(row_hashes(entity, rows))
            yield batch
