"""Compares the rows of a walk with those of the backup before: what is new, changed or gone."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from operator import or_
from typing import Final

from neo4j_r2.archive.manifest import Need
from neo4j_r2.archive.row_hashes import RowSum, row_hashes
from neo4j_r2.archive.text.rows import EntityKind, Rows, gone_rows
from neo4j_r2.backup.row_state import Digester, Digests, RowState, RowStateWriter

log = logging.getLogger(__name__)

CONSEQUENCE: Final = ": the next backup is compared with an earlier one, or is a full one"
_UNKNOWN = b""
"""The digest of a late node. It stands out of order in its archive, where later ones do not look;
so it always counts as changed."""


class Changes:
    """The rows that an archive needs, and the row state for the backup after it."""

    def __init__(
        self,
        writer: RowStateWriter | None,
        base: RowState | None,
        needs: list[Need],
        late: Collection[int] = (),
    ) -> None:
        """Begin before the first row.

        :param writer: for the new row state; None writes none.
        :param base: the rows to compare with; None if all rows are needed.
        :param needs: the archives that have the rows of the base.
        :param late: the ids of the late nodes of the base.
        """
        self.writer = writer
        """None once the new row state could not be written."""
        self.needs = needs
        """The archives that have the rows that did not change."""
        self.is_full = base is None
        """Whether an archive needs all rows."""
        key = bytes.fromhex(base.description["key"]) if base else None
        self._digester = Digester(key)
        self._known: dict[EntityKind, _Known] = {
            "node": _Known(base, "node", late),
            "relationship": _Known(base, "relationship", ()),
        }
        self.sums: dict[EntityKind, RowSum] = {"node": RowSum(), "relationship": RowSum()}
        """The sums of all rows, changed or not."""
        self.late: set[int] = set()
        """The ids of the late nodes of this walk."""

    @property
    def key(self) -> str:
        """The key of the digests, in hexadecimal."""
        return self._digester.key.hex()

    def of(self, entity: EntityKind, batch: list[Rows]) -> list[Rows]:
        """Return the rows of a batch that are new or changed, and ids that are gone before them.

        :param batch: all rows behind the batch before, up to its last one.
        :raises RowStateError: if the rows of the base cannot be read any more.
        """
        if not batch:
            return batch
        known = self._known[entity].up_to(max(rows.ids[-1] for rows in batch))
        changed: list[Rows] = []
        written: dict[int, bytes] = {}
        for rows in batch:
            hashes = row_hashes(entity, rows)
            self.sums[entity].add(hashes)
            digests = self._digester.digests(hashes)
            written.update(zip(rows.ids, digests, strict=True))
            if self.is_full:
                changed.append(rows)
                continue
            flags = [
                known.pop(number, _UNKNOWN) != digest
                for number, digest in zip(rows.ids, digests, strict=True)
            ]
            if self.late and entity == "relationship":
                flags = list(map(or_, flags, self._have_late_ends(rows)))
            if left := rows.chosen(flags):
                changed.append(left)
        self._write(entity, written)
        return [*changed, gone_rows(sorted(known))] if known else changed

    def rest(self, entity: EntityKind) -> Iterator[list[Rows]]:
        """Yield the ids that are gone behind the last batch."""
        while known := self._known[entity].next():
            yield [gone_rows(sorted(known))]

    def add_late(self, batch: Sequence[Rows]) -> None:
        """Take late nodes, which an archive needs in any case."""
        for rows in batch:
            self.sums["node"].add(row_hashes("node", rows))
            self.late.update(rows.ids)

    def _have_late_ends(self, rows: Rows) -> Iterator[bool]:
        """Return which relationships an archive needs behind its late nodes, changed or not."""
        return (not self.late.isdisjoint(ends) for ends in zip(*rows.names, strict=True))

    def _write(self, entity: EntityKind, written: dict[int, bytes]) -> None:
        if self.writer is None or not written:
            return
        ids = sorted(written)
        try:
            self.writer.add(entity, ids, [written[number] for number in ids])
        except OSError as error:
            reason = error.strerror
            log.warning("The rows cannot be recorded (%s)%s", reason, CONSEQUENCE)
            self.writer.drop()
            self.writer = None


class _Known:
    """The rows of the base of one kind of entity, taken in ascending order of their ids."""

    def __init__(self, base: RowState | None, entity: EntityKind, late: Collection[int]) -> None:
        self._batches = base.rows(entity) if base else iter(())
        self._batch = Digests((), ())
        self._place = 0
        """Where in the batch the next row is."""
        self._late = sorted(late, reverse=True)

    def up_to(self, last: int) -> dict[int, bytes]:
        """Return the digests of the ids up to `last` that were not returned before."""
        taken: dict[int, bytes] = {}
        while self._has_more() and self._batch.ids[self._place] <= last:
            end = bisect_right(self._batch.ids, last, self._place)
            some = slice(self._place, end)
            taken.update(zip(self._batch.ids[some], self._batch.digests[some], strict=True))
            self._place = end
        while self._late and self._late[-1] <= last:
            taken[self._late.pop()] = _UNKNOWN
        return taken

    def next(self) -> dict[int, bytes]:
        """Return some more; nothing at the end."""
        ends = [*self._batch.ids[-1:]] if self._has_more() else []
        return self.up_to(min([*ends, *self._late])) if ends or self._late else {}

    def _has_more(self) -> bool:
        if self._place == len(self._batch.ids):
            self._batch, self._place = next(self._batches, Digests((), ())), 0
        return bool(self._batch.ids)
