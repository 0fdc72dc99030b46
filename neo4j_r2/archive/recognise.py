"""Reads the text of an archive of this service, and checks that every line is the service's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from neo4j_r2.archive.foreign.recognise_foreign import recognise_foreign
from neo4j_r2.archive.foreign.schema_grammar import check_schema, is_schema
from neo4j_r2.archive.items import (
    Item,
    MatchBatch,
    NameList,
    NodeBatch,
    RelationshipBatch,
    SchemaStatement,
)
from neo4j_r2.archive.storage.unpack import lines
from neo4j_r2.archive.table_batch import table_batch
from neo4j_r2.archive.text import frame
from neo4j_r2.archive.text.id_runs import GONE_IDS, IDS, read_runs
from neo4j_r2.archive.text.mixed_grammar import read_mixed
from neo4j_r2.archive.text.name_lists import read_names
from neo4j_r2.archive.text.quoting import unquote_name
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import ID_CELLS, EntityKind
from neo4j_r2.archive.text.table_grammar import Table, read_table
from neo4j_r2.archive.text.unwind import is_unwind, read_unwind
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.figures import graph_size

_CONSTRAINT: Final = re.compile(
    r"CREATE CONSTRAINT (`[^`]+`) FOR \(n:(`[^`]+`)\) REQUIRE n\.(`[^`]+`) IS UNIQUE;"
)
_COMMIT: Final = ":commit"
_GUARD: Final = frame.GUARD.rstrip()
_INCREMENT_GUARD: Final = frame.INCREMENT_GUARD.rstrip()
_FRAME: Final = frozenset(
    {
        ":begin",
        "",
        _GUARD,
        frame.AWAIT.rstrip(),
        frame.CACHE_CLEARING.rstrip(),
        _INCREMENT_GUARD,
    }
)
_REMOVAL_ROWS: Final = re.compile(r" OF ([1-9][0-9]{0,8}) ROWS;\Z")
_METHOD: Final = re.compile(rb"// Neo4j \S+ \([^\n]*\), (manual|apoc) export, times in UTC\.\n")
_HEADER_BYTES: Final = 1024


def own_method(text: bytes) -> str | None:
    """Return the export method that an archive names in its header.

    :param text: the archive's first bytes.
    :return: manual or apoc; None if this service did not make the archive.
    """
    match = _METHOD.search(text, 0, _HEADER_BYTES)
    return match[1].decode("ascii") if match else None


def recognise_apoc(texts: Iterable[bytes]) -> Iterator[Item]:
    """Yield what an archive holds that this service made with APOC.

    Its beginning and its end are this service's lines. Between them is APOC's text.

    :raises CorruptError: with the number of a line that neither writes, or if the end is missing.
    """
    apoc_lines = _ApocLines(texts)
    counts = {NodeBatch: 0, RelationshipBatch: 0}
    for _, item in recognise_foreign(apoc_lines):
        yield from apoc_lines.release_names()
        if isinstance(item, MatchBatch):
            raise CorruptError("a relationship is not between nodes of the archive")
        if isinstance(item, NodeBatch | RelationshipBatch):
            counts[type(item)] += len(item.rows)
        yield item
    yield from apoc_lines.release_names()
    if not apoc_lines.last.startswith(frame.END_MARKER):
        raise CorruptError("the end is missing: the archive was cut off")
    _check_end(apoc_lines.last, *counts.values())


class _ApocLines:
    """The lines of an archive with APOC's text, without the guard and the lists of names."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self._texts = texts
        self._names: list[NameList] = []
        self.last = ""
        """The last line that was not empty."""

    def __iter__(self) -> Iterator[str]:
        for line in lines(self._texts):
            self.last = line or self.last
            names = read_names(*read_unwind(line)) if is_unwind(line) else None
            if names:
                self._names.append(NameList(*names))
            # An empty line takes the place of one that is left out, so that the numbers stay.
            yield "" if names or line == _GUARD else line

    def release_names(self) -> Iterator[NameList]:
        """Yield the lists of names that were read, and forget them."""
        yield from self._names
        self._names.clear()


def _check_end(line: str, nodes: int, relationships: int) -> None:
    if line != frame.end_marker(nodes, relationships):
        raise CorruptError(f"it ends with {line[:80]!r} after {graph_size(nodes, relationships)}")


def _schema_statement(line: str) -> SchemaStatement:
    text = line.removesuffix(";")
    if text == line or not is_schema(text):
        raise CorruptError("not a statement of this service")
    check_schema(text)
    return SchemaStatement(text)


@dataclass(frozen=True)
class TextTable:
    """Rows of one statement that are alike, as they stand in the text."""

    table: Table
    ids: Sequence[int] | None
    """The ids of relationships; None if the archive does not have them, and of nodes."""
    characters: int
    """How much of the text it is, about."""


@dataclass(frozen=True)
class Gone:
    """Ids of an increment's block that are no more."""

    entity: EntityKind
    ids: Sequence[int]


class BlockEnd:
    """The end of a block; all ids of the next one are higher, or of another kind of entity."""


Part = TextTable | Gone | BlockEnd | NameList | SchemaStatement
"""What the text of an archive consists of, for a reader that merges several."""


class Recogniser:
    """Reads an archive of the manual export in pieces. Later pieces depend on earlier ones."""

    def __init__(self, *, may_lack_rows: bool = False) -> None:
        """Begin with the first line of an archive.

        :param may_lack_rows: whether it may be an increment, which lacks what did not change.
        """
        self._line = 0
        self._may_lack_rows = may_lack_rows
        self._restore_key: RestoreKey | None = None
        self.removal_rows = 1
        """From how many nodes one transaction removes the restore key; see `frame`."""
        self._counts: dict[EntityKind, int] = dict.fromkeys(ID_CELLS, 0)
        self._ids: list[int] | None = None
        """The ids of the relationships whose rows are still to come in the block."""
        self._is_at_end = False

    def read(self, text: bytes) -> Iterator[Item]:
        """Yield what a piece of the text holds, in the same order.

        :param text: whole lines.
        :raises CorruptError: with the number of a line that this service does not write.
        """
        for part in self.parts(text):
            if isinstance(part, TextTable):
                yield table_batch(part.table, part.characters)
            elif isinstance(part, NameList | SchemaStatement):
                yield part

    def parts(self, text: bytes) -> Iterator[Part]:
        """Yield what a piece of the text holds, with cells as they stand; see `read`."""
        if not text.isascii() or not text.endswith(b"\n"):
            raise CorruptError(f"line {self._line + 1}: not whole lines of ASCII")
        for line in text.decode("ascii").removesuffix("\n").split("\n"):
            self._line += 1
            try:
                yield from self._read(line)
            except CorruptError as error:
                raise CorruptError(f"line {self._line}: {error}") from error

    def finish(self) -> None:
        """Check that nothing is missing.

        :raises CorruptError: if the end marker has not been read.
        """
        if not self._is_at_end:
            raise CorruptError("the end is missing: the archive was cut off")

    def _read(self, line: str) -> Iterator[Part]:
        if self._is_at_end:
            raise CorruptError("there is more after the end")
        if line == _COMMIT:
            yield self._end_block()
        elif self._is_frame(line):
            return
        elif line.startswith("//"):
            yield from self._read_comment(line)
        elif line.startswith("UNWIND "):
            yield from self._read_rows(line)
        elif self._restore_key is None and (match := _CONSTRAINT.fullmatch(line)):
            self._set_restore_key(
                RestoreKey(*map(unquote_name, (match[2], match[3], match[1]))), line
            )
        else:
            yield _schema_statement(line)

    @property
    def restore_key(self) -> RestoreKey:
        """The names by which the text finds endpoints.

        :raises CorruptError: if they have not been read.
        """
        if self._restore_key is None:
            raise CorruptError("it has no restore key")
        return self._restore_key

    def _set_restore_key(self, restore_key: RestoreKey, line: str) -> None:
        if not frame.restore_key_creation(restore_key).startswith(f"{line}\n"):
            raise CorruptError("not a statement of this service")
        self._restore_key = restore_key

    def _end_block(self) -> BlockEnd:
        if self._ids:
            raise CorruptError("a block has fewer relationships than ids")
        self._ids = None
        return BlockEnd()

    def _is_frame(self, line: str) -> bool:
        """Whether a line holds nothing of the graph."""
        if line == _INCREMENT_GUARD and not self._may_lack_rows:
            raise CorruptError(
                "it holds only what changed, and its manifest is missing, which names the other "
                "archives that it needs: it cannot be restored"
            )
        return line in _FRAME or self._is_removal(line)

    def _is_removal(self, line: str) -> bool:
        """Whether a line removes the restore key. The line says how many nodes it takes at once."""
        if self._restore_key is None or not line.startswith(("MATCH (n:", "DROP CONSTRAINT ")):
            return False
        if rows := _REMOVAL_ROWS.search(line):
            self.removal_rows = int(rows[1])
        return line in frame.restore_key_removal(self._restore_key, self.removal_rows).splitlines()

    def _read_rows(self, line: str) -> Iterator[NameList | TextTable]:
        rows, creation = read_unwind(line)
        if names := read_names(rows, creation):
            yield NameList(*names)
            return
        tables = self._read_tables(rows, creation)
        ids = self._take_ids(len(rows)) if tables[0].shape.entity == "relationship" else None
        for table in tables:
            self._counts[table.shape.entity] += len(table.rows)
            some = [ids[place] for place in table.places] if ids is not None else None
            yield TextTable(table, some, len(line) * len(table.rows) // len(rows))

    def _take_ids(self, number: int) -> list[int] | None:
        """Return the ids of a statement's relationships; None if the block does not name them."""
        if self._ids is None:
            return None
        taken, self._ids = self._ids[:number], self._ids[number:]
        if len(taken) < number:
            raise CorruptError("a block has more relationships than ids")
        return taken

    def _read_tables(self, rows: list[list[str]], creation: str) -> list[Table]:
        own = self._restore_key
        if own and (mixed := read_mixed(rows, creation, own)):
            return mixed
        table = read_table(rows, creation)
        named = (table.shape.restore_label, table.shape.restore_property)
        if own is None or named != (own.label, own.key):
            raise CorruptError("its nodes have another restore key than the archive")
        return [table]

    def _read_comment(self, line: str) -> Iterator[Gone]:
        if line.startswith(IDS):
            self._ids = read_runs(line.removeprefix(IDS))
        elif line.startswith(frame.END_MARKER):
            _check_end(line, *self._counts.values())
            self._is_at_end = True
        for entity, beginning in GONE_IDS.items():
            if line.startswith(beginning):
                yield Gone(entity, read_runs(line.removeprefix(beginning)))
