"""Rows of cells as one string literal, and the clauses that split it into lists again."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Final

import orjson

from neo4j_r2.archive.text.quoting import is_plain, string_literal
from neo4j_r2.archive.text.separators import cell_separator, row_separator
from neo4j_r2.core.errors import CorruptError

_UNWIND: Final = 'UNWIND split("'
_STRING: Final = r'"(?:[^"\\]|\\.)*+"'
_SEPARATORS: Final = re.compile(
    rf", ({_STRING})\) AS line WITH split\(line, ({_STRING})\) AS r (.*);"
)


def unwind(columns: Sequence[Sequence[str]], texts: Collection[int]) -> str:
    """Return the clauses that turn rows of cells into lists ``r``.

    :param columns: the cells of each column, one for each row.
    :param texts: the indexes of the columns whose cells can hold any character; all other cells
        are plain.
    """
    contents = {index: "".join(columns[index]) for index in texts}
    # Only these columns are escaped, before the rows are joined. One character that is not ASCII
    # would make a string of the whole megabyte four times as large, and slow to escape.
    escaped = list(columns)
    for index, content in contents.items():
        if not is_plain(content):
            escaped[index] = [string_literal(each)[1:-1] for each in columns[index]]
    return _unwind(zip(*escaped, strict=True), contents.values())


def unwind_rows(rows: Sequence[Sequence[str]]) -> str:
    """Return the clauses for rows of any number of cells, with any characters; see `unwind`."""
    texts = list(chain.from_iterable(rows))
    escaped = [[string_literal(cell)[1:-1] for cell in row] for row in rows]
    return _unwind(escaped, texts)


def _unwind(escaped: Iterable[Sequence[str]], texts: Collection[str]) -> str:
    line = string_literal(row_separator(texts))
    cell = string_literal(cell_separator(texts))
    rows = line[1:-1].join(map(cell[1:-1].join, escaped))
    return f'UNWIND split("{rows}", {line}) AS line WITH split(line, {cell}) AS r'


def is_unwind(line: str) -> bool:
    """Whether a line begins as a statement of rows."""
    return line.startswith(_UNWIND)


def read_unwind(line: str) -> tuple[list[list[str]], str]:
    """Return the rows of a statement, and the clauses behind them without the semicolon.

    :param line: the statement, without its line break.
    :raises CorruptError: if this service does not write exactly this.
    """
    if not line.startswith(_UNWIND):
        raise CorruptError("not a statement of this service")
    end = _end_of_string(line, len(_UNWIND))
    match = _SEPARATORS.fullmatch(line, end)
    if match is None:
        raise CorruptError("not a statement of this service")
    text, row_end, cell_end = map(read_string, (line[len(_UNWIND) - 1 : end], match[1], match[2]))
    return [row.split(cell_end) for row in text.split(row_end)], match[3]


def _end_of_string(line: str, start: int) -> int:
    """Return the position behind the quote that ends a string whose text begins at `start`.

    It is the first quote with an even number of backslashes before it.
    """
    quote = line.find('"', start)
    while quote >= 0:
        before = quote
        while line[before - 1] == "\\":
            before -= 1
        if (quote - before) % 2 == 0:
            return quote + 1
        quote = line.find('"', quote + 1)
    raise CorruptError("a string does not end")


def read_string(literal: str) -> str:
    """Return the text of a string, after a check that this service would write it just so.

    :raises CorruptError: if it would not.
    """
    try:
        text = orjson.loads(literal)
    except orjson.JSONDecodeError as error:
        raise CorruptError("a string is not one of this service") from error
    if not isinstance(text, str) or string_literal(text) != literal:
        raise CorruptError("a string is not one of this service")
    if not text:
        raise CorruptError("a string is empty")
    return text
