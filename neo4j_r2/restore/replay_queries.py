"""The Cypher with which a replay creates entities; their rows are the parameter ``$rows``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from neo4j_r2.archive.cells.decode import expression
from neo4j_r2.archive.cells.kinds import FLOATS_32, VECTOR_SETTERS
from neo4j_r2.archive.items import Pattern
from neo4j_r2.archive.text.quoting import quote_name
from neo4j_r2.archive.text.rows import Column
from neo4j_r2.archive.text.statements import (
    Content,
    content_of,
    node_vectors,
    property_expression,
    relationship_vectors,
)


@lru_cache(maxsize=4096)
def node_query(labels: tuple[str, ...], columns: tuple[Column, ...]) -> str:
    """Return the statement that creates nodes of rows ``[number, values…]``.

    It returns `ids`: pairs of a row's number and the new node's internal id.
    """
    quoted = "".join(":" + quote_name(label) for label in labels)
    content = _content(columns, 1)
    return (
        f"UNWIND $rows AS r CREATE (n{quoted}{_map(content)}){node_vectors(content)} "
        "RETURN collect([r[0], id(n)]) AS ids"
    )


@lru_cache(maxsize=4096)
def relationship_query(kind: str, columns: tuple[Column, ...]) -> str:
    """Return the statement that creates relationships of rows ``[start id, end id, values…]``."""
    content = _content(columns, 2)
    return (
        "UNWIND $rows AS r MATCH (a) WHERE id(a) = r[0] MATCH (b) WHERE id(b) = r[1] "
        f"CREATE (a)-[e:{quote_name(kind)}{_map(content)}]->(b){relationship_vectors(content)}"
    )


@lru_cache(maxsize=4096)
def mixed_node_query(kinds: tuple[str, ...]) -> str:
    """Return the statement that creates nodes of rows ``[number, labels, properties, pairs…]``.

    It returns what that of `node_query` does.

    :param kinds: of the pairs; a row has a list of keys and values for each.
    """
    set_properties = _set_properties("n", 2, kinds)
    return (
        f"UNWIND $rows AS r CREATE (n:$(r[1])) {set_properties} "
        "RETURN collect([r[0], id(n)]) AS ids"
    )


@lru_cache(maxsize=4096)
def mixed_relationship_query(kinds: tuple[str, ...]) -> str:
    """Return the statement for rows ``[start id, end id, type, properties, pairs…]``.

    :param kinds: see `mixed_node_query`.
    """
    return (
        "UNWIND $rows AS r MATCH (a) WHERE id(a) = r[0] MATCH (b) WHERE id(b) = r[1] "
        f"CREATE (a)-[e:$(r[2])]->(b) {_set_properties('e', 3, kinds)}"
    )


def _set_properties(name: str, first: int, kinds: tuple[str, ...]) -> str:
    """Return the clauses that set a map of properties, and then those of each kind."""
    clauses = [f"SET {name} = r[{first}]"]
    vectors = []
    for place, kind in enumerate(kinds, first + 1):
        if kind == FLOATS_32:
            procedure = VECTOR_SETTERS[name]
            vectors.append(
                f"WITH {name}, r CALL ({name}, r) "
                f"{{ UNWIND r[{place}] AS p CALL {procedure}({name}, p[0], p[1]) }}"
            )
        else:
            value = expression(kind, "p[1]")
            clauses.append(f"FOREACH (p IN r[{place}] | SET {name}[p[0]] = {value})")
    return " ".join([*clauses, *vectors])


@lru_cache(maxsize=4096)
def match_query(
    kind: str, columns: tuple[Column, ...], start: Pattern | None, end: Pattern | None
) -> str:
    """Return the statement that creates relationships of rows ``[start, end, values…, number]``.

    A start and an end are values of a pattern, or the id of a node. The statement returns `ids`:
    pairs of a row's number and the number of relationships that it made, if it made any.
    """
    ends = "".join(
        f"MATCH ({name}) WHERE id({name}) = r[{index}] "
        if pattern is None
        else f"MATCH ({name}{_pattern(pattern, f'r[{index}]')}) "
        for index, (name, pattern) in enumerate((("a", start), ("b", end)))
    )
    created = f"CREATE (a)-[:{quote_name(kind)}{_map(_content(columns, 2))}]->(b)"
    counted = "WITH r[-1] AS row, count(*) AS number RETURN collect([row, number]) AS ids"
    return f"UNWIND $rows AS r {ends}{created} {counted}"


def _pattern(pattern: Pattern, values: str) -> str:
    labels = "".join(":" + quote_name(label) for label in pattern.labels)
    entries = ", ".join(
        property_expression(column.key, column.kind, f"{values}[{index}]", None, expression)
        for index, column in enumerate(pattern.columns)
    )
    return f"{labels} {{{entries}}}" if entries else labels


def _content(columns: Sequence[Column], first: int) -> Content:
    """Return the properties that a row's values make; the first value has the index `first`."""
    return content_of(((column.key, column.kind, None) for column in columns), first, expression)


def _map(content: Content) -> str:
    return f" {{{content.properties}}}" if content.properties else ""
