"""Checks a graph, before APOC exports it, for anything that APOC's export is known to damage."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isnan
from typing import Any, Final

from neo4j_r2.archive.content_fingerprint import ContentFingerprint
from neo4j_r2.archive.schema_creation import unstated
from neo4j_r2.archive.text.restore_key import RestoreKey
from neo4j_r2.archive.text.rows import Rows, RowShape, encode_rows
from neo4j_r2.core.database import SchemaObject
from neo4j_r2.core.errors import CorruptError
from neo4j_r2.core.figures import megabytes
from neo4j_r2.graph.reader import Graph

APOC_RESTORE_KEY: Final = RestoreKey(
    "UNIQUE IMPORT LABEL", "UNIQUE IMPORT ID", "UNIQUE_IMPORT_NAME"
)
"""The names that APOC's text uses. The text does not depend on the constraint's name."""
MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""APOC is never asked for more text than this."""
LONGEST_LIST: Final = 16
"""Each item of a list costs the parser as much as an entity: 1,024 floats are too many."""
FAITHFUL_KINDS: Final = frozenset(
    {
        "boolean",
        "integer",
        "float",
        "string",
        "date",
        "local time",
        "zoned time",
        "local datetime",
        "zoned datetime",
        "duration",
        "point 2d",
        "point 3d",
        "list of boolean",
        "list of integer",
        "list of float",
        "list of string",
        "list of escaped string",
    }
)
"""Kinds of values (keys of `kinds.KINDS`). The tests show that these come back exactly."""
FAITHFUL_STORAGE: Final = frozenset(
    f"{name}{suffix}"
    for name in (
        "Boolean",
        "Long",
        "Double",
        "String",
        "Date",
        "LocalTime",
        "Time",
        "LocalDateTime",
        "DateTime",
        "Duration",
        "Point",
    )
    for suffix in ("", "Array")
)
"""Types in the store that come back unchanged. APOC writes other digits for a 32-bit float."""
_FAITHFUL_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNFAITHFUL_KEY: Final = "properties"
"""A unique property of this name collides with a name in APOC's text."""


@dataclass(frozen=True)
class ApocCheck:
    """The result of reading the whole graph to see whether APOC can export it."""

    bookmark: frozenset[str]
    """Taken before the graph was read. While it stays the same, the result stays valid."""
    unfit_reason: str | None
    """Why APOC's export would lose something; None if it would not."""
    characters: int
    """About how many characters all values have."""
    content: ContentFingerprint
    """The fingerprint of the graph; complete only if `unfit_reason` is None."""


def check_for_apoc(graph: Graph, on_progress: Callable[[], None]) -> ApocCheck:
    """Find out whether APOC's export would lose nothing of this graph.

    Reads the whole graph, or stops at the first reason against APOC.

    :param on_progress: is called at each step.
    """
    bookmark = graph.connection.applied_bookmark()
    reason, characters, content = _unfit_schema(graph), 0, ContentFingerprint()
    if reason is None:
        reason, characters = _check_content(graph, content, on_progress)
    return ApocCheck(bookmark, reason, characters, content)


def _unfit_schema(graph: Graph) -> str | None:
    constraints, indexes = graph.catalogue.schema()
    if any(each.name == APOC_RESTORE_KEY.constraint for each in (*constraints, *indexes)):
        return f"APOC uses the name {APOC_RESTORE_KEY.constraint} itself"
    if names := unstated([*constraints, *indexes]):
        return f"Neo4j does not say how to create {names[0]}"
    reasons = map(_unfit_constraint, constraints)
    return next((reason for reason in reasons if reason is not None), None)


def _check_content(
    graph: Graph, content: ContentFingerprint, on_progress: Callable[[], None]
) -> tuple[str | None, int]:
    """Return the first reason against APOC, and how many characters of cells were read until then.

    :param content: every entity that is read is added to it.
    """
    unknown = graph.catalogue.storage_types() - FAITHFUL_STORAGE
    if unknown:
        return f"the store holds the type {min(unknown)}", 0
    last_node, last_relationship = graph.nodes.highest_id(), graph.relationships.highest_id()
    nodes = graph.nodes.read_up_to(last_node)
    relationships = graph.relationships.read_up_to(last_relationship)
    characters = 0
    for entities in chain(nodes, relationships):
        on_progress()
        for rows in encode_rows(entities):
            characters += rows.size
            reason = _unfit_shape(rows.shape) or next(
                filter(None, map(_unfit, rows.values())), None
            )
            if reason is not None:
                return reason, characters
            try:
                _add_rows(content, rows)
            except CorruptError:
                return "the graph is being written to", characters
        if characters > MOST_CHARACTERS:
            return f"more than {megabytes(MOST_CHARACTERS)} of text", characters
    return None, characters


def _add_rows(content: ContentFingerprint, rows: Rows) -> None:
    group, columns = rows.shape
    for names, values in zip(zip(*rows.names, strict=True), rows.values(), strict=True):
        if len(names) == 1:
            content.add_node(names[0], group, columns, values)
        else:
            content.add_relationship(group[0], names, columns, values)


def _unfit_constraint(constraint: SchemaObject) -> str | None:
    """Return why APOC's statements, which match nodes by unique properties, would miss some."""
    if constraint.type == "RELATIONSHIP_UNIQUENESS":
        return None
    if constraint.type != "UNIQUENESS":
        return f"the constraint {constraint.name!r} is of the type {constraint.type}"
    if len(constraint.properties) > 1:
        return f"the constraint {constraint.name!r} is over several properties"
    if constraint.properties == (_UNFAITHFUL_KEY,):
        return f"the constraint {constraint.name!r} is over a property of that name"
    return None


def _unfit_shape(shape: RowShape) -> str | None:
    """Return why APOC would not write entities of a shape exactly."""
    for name in (*shape.group, *(column.key for column in shape.columns)):
        if not _FAITHFUL_NAME.fullmatch(name):
            return f"the name {name!r} is not one that APOC is known to write exactly"
    for key, kind in shape.columns:
        if kind not in FAITHFUL_KINDS:
            return f"property {key!r} holds a {kind}"
    return None


def _unfit(values: Sequence[Any]) -> str | None:
    """Return why APOC would not write an entity with these values exactly."""
    lists = [value for value in values if isinstance(value, list)]
    longest = max(map(len, lists), default=0)
    if longest > LONGEST_LIST:
        return f"a list of {longest:,} items is restored too slowly from APOC's text"
    # NaN is not equal to itself: no node is found by a unique property that is NaN.
    if any(isinstance(item, float) and isnan(item) for item in chain(values, *lists)):
        return "a property holds NaN"
    return None
