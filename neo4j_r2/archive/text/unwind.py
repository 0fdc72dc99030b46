"""Rows of cells as one string literal, and the clauses that make lists of it again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from neo4j_r2.archive.text.quoting import is_plain, string_literal


def unwind(columns: Sequence[Sequence[str]], texts: Collection[int]) -> str:
    """Return the clauses that turn rows of cells into lists ``r``.

    :param columns: the cells of each column, one for each row.
    :param texts: the columns whose cells can hold any character; all other cells are plain.
    """
    contents = {index: "".join(columns[index]) for index in texts}
    line = string_literal(_separator("\n\x1e\x1c", contents.values()))
    cell = string_literal(_separator("\t\x1f\x1d", contents.values()))
    # Escaped cell by cell: a character that is not ASCII would make all of a megabyte of digits
    # four times as large, and slow.
    escaped = list(columns)
    for index, content in contents.items():
        if not is_plain(content):
            escaped[index] = [string_literal(each)[1:-1] for each in columns[index]]
    rows = line[1:-1].join(map(cell[1:-1].join, zip(*escaped, strict=True)))
    return f'UNWIND split("{rows}", {line}) AS line WITH split(line, {cell}) AS r'


def _separator(preferred: str, texts: Collection[str]) -> str:
    """Return a separator that no text holds, nor its pieces can make.

    The last resort is a run of the last preferred character, longer than any in the texts, and a
    character that ends it: wherever it is put, it is found there and nowhere else.
    """
    for separator in preferred:
        if not any(separator in text for text in texts):
            return separator
    run = preferred[-1]
    while any(run in text for text in texts):
        run += preferred[-1]
    return run + "."
