"""Reads one archive of the manual export as rows, for a merge with others of its chain."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from neo4j_r2.archive.items import NameList, SchemaStatement
from neo4j_r2.archive.merge import Piece
from neo4j_r2.archive.naming import naming
from neo4j_r2.archive.recognise import BlockEnd, Gone, Recogniser, TextTable
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import EntityKind, Rows
from neo4j_r2.archive.text.table_grammar import Table
from neo4j_r2.archive.text.table_rows import table_rows
from neo4j_r2.core.errors import CorruptError


class NoIdsError(CorruptError):
    """An archive does not name the ids of its relationships, so it cannot be merged or compared."""


class ArchiveRows:
    """One archive. Exhaust `nodes`, then `relationships`; only then `schema` is complete."""

    def __init__(self, label: str, texts: Iterable[bytes]) -> None:
        """Begin to read.

        :param label: names the archive in errors.
        :param texts: the archive's text in pieces of whole lines.
        """
        self._label = label
        self.names: list[NameList] = []
        """Complete as soon as there is a piece, or none."""
        self.schema: list[SchemaStatement] = []
        self.late: deque[Piece] = deque()
        """Late nodes that stand before the relationships that are read next."""
        self._recogniser = Recogniser(may_lack_rows=True)
        self._pieces = self._read(texts)
        self._next: tuple[EntityKind, Piece] | None = None
        self._advance()

    @property
    def restore_key(self) -> RestoreKey:
        """The names by which the text finds endpoints.

        :raises CorruptError: if there are none.
        """
        return self._recogniser.restore_key

    @property
    def removal_rows(self) -> int:
        """From how many nodes one transaction of the text removes the restore key."""
        return self._recogniser.removal_rows

    def nodes(self) -> Iterator[Piece]:
        """Yield all nodes but late ones, and ids of nodes that are gone.

        Late ones can stand directly behind the others. Those whose ids are higher than all before
        are as good as others.
        """
        last = -1
        while self._next is not None and self._next[0] == "node" and self._next[1].first > last:
            piece = self._next[1]
            last = piece.last
            self._advance()
            yield piece

    def relationships(self) -> Iterator[Piece]:
        """Yield all relationships, and ids of relationships that are gone.

        :raises CorruptError: if the archive does not end as it should.
        """
        last = -1
        while self._next is not None:
            entity, piece = self._next
            self._advance()
            if entity == "node":
                self.late.append(piece)
                continue
            if piece.first <= last:
                raise CorruptError(f"{self._label}: its blocks are not in the order of their ids")
            last = piece.last
            yield piece
        with naming(self._label):
            self._recogniser.finish()

    def _advance(self) -> None:
        with naming(self._label):
            self._next = next(self._pieces, None)

    def _read(self, texts: Iterable[bytes]) -> Iterator[tuple[EntityKind, Piece]]:
        """Yield what each block holds."""
        rows: list[Rows] = []
        gone: Sequence[int] = ()
        entity: EntityKind = "node"
        for part in chain.from_iterable(map(self._recogniser.parts, texts)):
            match part:
                case NameList():
                    self.names.append(part)
                case SchemaStatement():
                    self.schema.append(part)
                case Gone(entity, gone):
                    pass
                case TextTable(table, ids):
                    entity = table.shape.entity
                    rows += _rows(table, ids)
                case BlockEnd() if rows or gone:
                    yield entity, Piece(rows, gone)
                    rows, gone = [], ()


def _rows(table: Table, ids: Sequence[int] | None) -> Iterator[Rows]:
    if table.shape.entity == "relationship" and ids is None:
        raise NoIdsError("it does not name the ids of its relationships")
    return table_rows(table, ids)
