"""Statements that make a database know names, in their order, before the data uses them.

Each creates something with the name and deletes it again in the same transaction. The name stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from neo4j_r2.archive.text.unwind import unwind_rows
from neo4j_r2.core.database import Names
from neo4j_r2.core.errors import CorruptError

NameKind = Literal["label", "type", "key"]
_CREATIONS: Final[dict[NameKind, str]] = {
    "label": "CREATE (n:$(r[0])) DELETE n",
    "type": "CREATE (n)-[e:$(r[0])]->(n) DELETE e, n",
    "key": "CREATE (n) SET n[r[0]] = 0 DELETE n",
}
"""The clauses that make a row's name known."""
_KINDS: Final = {creation: kind for kind, creation in _CREATIONS.items()}
_STATEMENT_NAMES: Final = 1_000


def name_statements(names: Names) -> str:
    """Return the statements that make a database know all names, one statement a line."""
    kinds: tuple[tuple[NameKind, list[str]], ...] = (
        ("label", names.labels),
        ("type", names.types),
        ("key", names.keys),
    )
    return "".join(
        f"{name_statement(kind, some[first : first + _STATEMENT_NAMES])};\n"
        for kind, some in kinds
        for first in range(0, len(some), _STATEMENT_NAMES)
    )


def name_statement(kind: NameKind, names: Sequence[str]) -> str:
    """Return the statement that makes a database know some names, without its semicolon."""
    return f"{unwind_rows([[name] for name in names])} {_CREATIONS[kind]}"


def read_names(rows: list[list[str]], creation: str) -> tuple[NameKind, list[str]] | None:
    """Return the names of a statement; None if it makes no names known.

    :param creation: the clauses behind the rows.
    :raises CorruptError: if a row is not one name.
    """
    kind = _KINDS.get(creation)
    if kind is None:
        return None
    if any(len(row) != 1 or not row[0] for row in rows):
        raise CorruptError("a row is not one name")
    return kind, [name for [name] in rows]
