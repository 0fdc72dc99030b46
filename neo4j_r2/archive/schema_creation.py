"""The statements that create a schema again; those that another server may refuse come last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from neo4j_r2.archive.schema_description import SchemaDescription
from neo4j_r2.archive.text.quoting import CYPHER_25, escape_unicode, quote_name
from neo4j_r2.core.database import SchemaObject

_LOOKUP_INDEXES: Final = {
    "FOR (n) ON EACH labels(n)": ("index_343aff4e", "index_460996c0"),
    "FOR ()-[r]-() ON EACH type(r)": ("index_f7700477", "index_1b9dcc97"),
}
"""What a token lookup index is on, and the names that every new database gives its own: the first
name in 5.26, the second in late 2025 versions. A database has at most one index of each."""
_IN_EVERY_SERVER: Final = frozenset(
    {"IS UNIQUE", "RANGE INDEX", "TEXT INDEX", "POINT INDEX", "FULLTEXT INDEX"}
)
"""The kinds that every supported release has, in both editions, with whatever options."""


def schema_creation(constraints: Iterable[SchemaObject], indexes: Sequence[SchemaObject]) -> str:
    """Return the statements that create a whole schema, in the server's words."""
    lookups, others = _lookups_apart(indexes)
    return _lookup_creation(lookups) + _creation([*constraints, *others])


def constraint_creation(constraints: Iterable[SchemaObject]) -> str:
    """Return the statements that create all constraints."""
    return _creation(constraints)


def index_creation(indexes: Sequence[SchemaObject]) -> str:
    """Return the statements that create all indexes without a constraint."""
    return schema_creation((), indexes)


def stated(schema: Sequence[SchemaObject]) -> int:
    """Return how many of them a new database has once the statements have been run."""
    lookups, others = _lookups_apart(schema)
    kept = len(_LOOKUP_INDEXES) if unstated(lookups) else len(lookups)
    return kept + len(others) - len(unstated(others))


def unstated(schema: Iterable[SchemaObject]) -> list[str]:
    """Return the names of constraints and indexes that no statement can create."""
    return [each.name for each in schema if each.create_statement is None]


def _lookups_apart(
    schema: Iterable[SchemaObject],
) -> tuple[list[SchemaObject], list[SchemaObject]]:
    """Return the lookup indexes, and all others."""
    lookups: list[SchemaObject] = []
    others: list[SchemaObject] = []
    for each in schema:
        (lookups if each.type == "LOOKUP" else others).append(each)
    return lookups, others


def _lookup_creation(lookups: Sequence[SchemaObject]) -> str:
    """Return the statements that give a new database the lookup indexes of the source.

    If the source has a default one, the target keeps its own: its name depends on the version. The
    same holds if nobody knows what an index of the source is on.
    """
    lines = []
    for target, defaults in _LOOKUP_INDEXES.items():
        names = [index.name for index in lookups if _looked_up(index) == _function(target)]
        if set(names) & set(defaults) or (unstated(lookups) and not names):
            continue
        lines += [f"DROP INDEX {quote_name(name)} IF EXISTS;\n" for name in defaults]
        lines += [
            f"CREATE LOOKUP INDEX {quote_name(name)} IF NOT EXISTS {target};\n" for name in names
        ]
    return "".join(lines)


def _looked_up(index: SchemaObject) -> str | None:
    return None if index.create_statement is None else _function(index.create_statement)


def _function(statement: str) -> str:
    """Return what a lookup index is on, labels or type; the statement may name its variable."""
    return statement.rpartition(" ON EACH ")[2].partition("(")[0]


def _creation(schema: Iterable[SchemaObject]) -> str:
    """Return the statements that create all of these.

    The server quotes names, but does not escape backslashes, line breaks and the like in them.
    Cypher decodes escapes in names and in strings alike, so a whole statement is escaped here.
    Then it is ASCII on one line.
    """
    statements = [
        escape_unicode(each.create_statement)
        for each in schema
        if each.create_statement is not None
    ]
    return "".join(f"{statement};\n" for statement in sorted(statements, key=_doubts))


def _doubts(statement: str) -> tuple[bool, bool, bool]:
    """Return why another server may refuse a statement: first the reason that counts most.

    cypher-shell stops at the first statement that fails. So all that an older server can have
    comes before all that it may not know.
    """
    description = SchemaDescription.of(statement)
    return (
        statement.startswith(CYPHER_25),
        description is None or description.has_newer_options,
        description is None or description.kind not in _IN_EVERY_SERVER,
    )
