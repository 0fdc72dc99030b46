"""What an archive holds: batches of entities, and statements.

Every format that can be restored is turned into these items.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from neo4j_r2.archive.cells.kinds import FLOATS_32
from neo4j_r2.archive.text.name_lists import NameKind
from neo4j_r2.archive.text.rows import Column


@dataclass(frozen=True)
class NodeBatch:
    """Nodes that have the same labels."""

    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    names: list[Hashable]
    """What relationships call the nodes: in our archives, the ids that they had."""
    rows: list[list[Any]]
    """A value for each column, as `decode` returns it; None if the node lacks the property."""
    size: int
    """About how many characters the rows had as text; see `kinds.FLOATS_32_WEIGHT`."""


@dataclass(frozen=True)
class RelationshipBatch:
    """Relationships of one type."""

    type: str
    columns: tuple[Column, ...]
    starts: list[Hashable]
    ends: list[Hashable]
    """Names of nodes in batches that came before."""
    rows: list[list[Any]]
    size: int


@dataclass(frozen=True)
class SchemaStatement:
    """A statement that creates or drops an index or a constraint, without its semicolon."""

    text: str


@dataclass(frozen=True)
class Adaptation:
    """What became of a statement of the schema that today's Neo4j does not know any more.

    The new statement is an item of its own.
    """

    line: int
    old: str
    new: str
    """Empty if the statement is left out."""
    loss: str
    """What the new one does not keep, and why; empty if it keeps all."""


@dataclass(frozen=True)
class Pattern:
    """The labels and properties that nodes are looked up by. Any number of nodes can match."""

    labels: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class MatchBatch:
    """Relationships of one type whose endpoints are the nodes that a pattern matches.

    As in Cypher, each matching start is joined to each matching end. If nothing matches on one
    side, no relationship is created.
    """

    type: str
    columns: tuple[Column, ...]
    start: Pattern | None
    end: Pattern | None
    """None if the endpoints are named nodes of batches that came before."""
    starts: list[Any]
    ends: list[Any]
    """Values for the pattern's columns, never None; without a pattern, names of nodes."""
    rows: list[list[Any]]
    size: int
    """About how many characters the rows had as text."""


Batch = NodeBatch | RelationshipBatch | MatchBatch


@dataclass(frozen=True)
class NameList:
    """Names that the database has to know in this order before it has any data."""

    kind: NameKind
    names: list[str]


@dataclass(frozen=True)
class AnyStatement:
    """A statement that nobody has checked, without its semicolon."""

    text: str


Item = Batch | SchemaStatement | NameList | AnyStatement | Adaptation


def parameters(batch: NodeBatch | RelationshipBatch) -> list[list[Any]]:
    """Return a batch's rows as the driver takes them: arrays become lists."""
    places = [index for index, column in enumerate(batch.columns) if column.kind == FLOATS_32]
    if not places:
        return batch.rows
    rows = [list(row) for row in batch.rows]
    for row in rows:
        for place in places:
            row[place] = row[place].tolist()
    return rows
