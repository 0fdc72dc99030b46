"""Reads the text of an archive of this service, and checks that every line is the service's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
from neo4j_r2.archive.text.mixed_grammar import read_mixed
from neo4j_r2.archive.text.name_lists import read_names
from neo4j_r2.archive.text.quoting import unquote_name
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.table_grammar import Table, read_table
from neo4j_r2.archive.text.unwind import is_unwind, read_unwind
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.figures import graph_size

_CONSTRAINT: Final = re.compile(
    r"CREATE CONSTRAINT (`[^`]+`) FOR \(n:(`[^`]+`)\) REQUIRE n\.(`[^`]+`) IS UNIQUE;"
)
_GUARD: Final = frame.GUARD.rstrip()
_FRAME: Final = frozenset(
    {
        ":begin",
        ":commit",
        "",
        _GUARD,
        frame.AWAIT.rstrip(),
        frame.CACHE_CLEARING.rstrip(),
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


class Recogniser:
    """Reads an archive of the manual export in pieces. Later pieces depend on earlier ones."""

    def __init__(self) -> None:
        self._line = 0
        self._restore_key: RestoreKey | None = None
        self._counts = {NodeBatch: 0, RelationshipBatch: 0}
        self._is_at_end = False

    def read(self, text: bytes) -> Iterator[Item]:
        """Yield what a piece of the text holds, in the same order.

        :param text: whole lines.
        :raises CorruptError: with the number of a line that this service does not write.
        """
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

    def _read(self, line: str) -> Iterator[Item]:
        if self._is_at_end:
            raise CorruptError("there is more after the end")
        if line in _FRAME or self._is_removal(line):
            return
        if line.startswith("//"):
            self._read_comment(line)
        elif line.startswith("UNWIND "):
            yield from self._read_rows(line)
        elif self._restore_key is None and (match := _CONSTRAINT.fullmatch(line)):
            self._set_restore_key(
                RestoreKey(*map(unquote_name, (match[2], match[3], match[1]))), line
            )
        else:
            yield _schema_statement(line)

    def _set_restore_key(self, restore_key: RestoreKey, line: str) -> None:
        if not frame.restore_key_creation(restore_key).startswith(f"{line}\n"):
            raise CorruptError("not a statement of this service")
        self._restore_key = restore_key

    def _is_removal(self, line: str) -> bool:
        """Whether a line removes the restore key. The line says how many nodes it takes at once."""
        if self._restore_key is None or not line.startswith(("MATCH (n:", "DROP CONSTRAINT ")):
            return False
        rows = _REMOVAL_ROWS.search(line)
        removal = frame.restore_key_removal(self._restore_key, int(rows[1]) if rows else 1)
        return line in removal.splitlines()

    def _read_rows(self, line: str) -> Iterator[Item]:
        rows, creation = read_unwind(line)
        if names := read_names(rows, creation):
            yield NameList(*names)
            return
        for table in self._read_tables(rows, creation):
            batch = table_batch(table, len(line) * len(table.rows) // len(rows))
            self._counts[type(batch)] += len(batch.rows)
            yield batch

    def _read_tables(self, rows: list[list[str]], creation: str) -> list[Table]:
        own = self._restore_key
        if own and (mixed := read_mixed(rows, creation, own)):
            return mixed
        table = read_table(rows, creation)
        named = (table.shape.restore_label, table.shape.restore_property)
        if own is None or named != (own.label, own.key):
            raise CorruptError("its nodes have another restore key than the archive")
        return [table]

    def _read_comment(self, line: str) -> None:
        if not line.startswith(frame.END_MARKER):
            return
        _check_end(line, *self._counts.values())
        self._is_at_end = True
