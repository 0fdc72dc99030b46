"""Rows of cells as one string literal, and the clauses that split it into lists again."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from neo4j_r2.archive.text.quoting import is_plain, string_literal
from neo4j_r2.archive.text.separators import cell_separator, row_separator


def unwind(columns: Sequence[Sequence[str]], texts: Collection[int]) -> str:
    """Return the clauses that turn rows of cells into lists ``r``.

    :param columns: the cells of each column, one for each row.
    :param texts: the indexes of the columns whose cells can hold any character; all other cells
        are plain.
    """
    contents = {index: "".join(columns[index]) for index in texts}
    line = string_literal(row_separator(contents.values()))
    cell = string_literal(cell_separator(contents.values()))
    # Only these columns are escaped, before the rows are joined. One character that is not ASCII
    # would make a string of the whole megabyte four times as large, and slow to escape.
    escaped = list(columns)
    for index, content in contents.items():
        if not is_plain(content):
            escaped[index] = [string_literal(each)[1:-1] for each in columns[index]]
    rows = line[1:-1].join(map(cell[1:-1].join, zip(*escaped, strict=True)))
    return f'UNWIND split("{rows}", {line}) AS line WITH split(line, {cell}) AS r'
